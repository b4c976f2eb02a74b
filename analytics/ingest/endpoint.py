"""The decision about a batch: its receipt once it is stored, or the problem with it.

The event loop (analytics/ingest/shell.py) and the view for `runserver` and the API's description
(analytics/api/views.py) both call `answer_batch`, which depends on neither: they pass what the
caller sent and a function that stores it, and send the answer.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.http import QueryDict
from rest_framework.exceptions import NotAcceptable
from rest_framework.utils.mediatypes import media_type_matches

from analytics.ingest.batch import decode_batch
from analytics.ingest.store import Sent, to_sent
from analytics.metrics import Batched, counted_batch
from analytics.wire import Receipt
from core.api.answers import Answer, report
from core.api.bodies import BEACON, JSON, check_length, check_type
from core.api.problems import LengthRequired, Malformed
from core.web import request_ids
from dashboard.instances.tokens import WriteToken, check_instance, read_token

# The headers that decide about a batch.
READ = ("accept", "authorization", "content-encoding", "content-type")
ROUTE = "api/v1/browsers/<uuid:instance_id>/events/"

# Charges a batch to its limits and stores it durably. Raises Throttled (429), NoSuchInstance (404),
# BadToken (401), and the database's errors.
Store = Callable[[Sent], Awaitable[Receipt]]
# An instance sends the same token with each batch; the key only changes with a restart.
_read_token = lru_cache(maxsize=10_000)(read_token)


class Post(NamedTuple):
    """A batch as received; nothing in it is verified yet.

    `headers` has those of READ that were sent; the values of a repeated one are joined by commas.
    `length` is None if the head does not state it. `body` is empty if it was too long to be read.
    """

    instance_id: UUID
    headers: Mapping[str, str]
    query: str
    length: int | None
    body: bytes
    caller: str


async def answer_batch(post: Post, *, store: Store, now: datetime) -> Answer:
    """Return a receipt once the batch is stored, or the problem that prevents it.

    Counts the batch, and logs a failure of the service.
    """
    try:
        with counted_batch() as counted:
            sent = _accept(post, counted, now)
            counted.receipt = await store(sent)
    except Exception as error:
        return report(error, f"POST {ROUTE}")
    body = msgspec.json.encode(counted.receipt)
    return Answer(HTTPStatus.ACCEPTED, {"Content-Type": JSON}, body)


def _accept(post: Post, counted: Batched, now: datetime) -> Sent:
    """Return what may be stored: columns only, so that the decoded events are freed here."""
    _check_format(post)
    token = _header_token(post)
    batch = decode_batch(_body(post))
    counted.events = len(batch.events)
    counted.scenes, counted.marks = len(batch.scenes or ()), len(batch.marks or ())
    token = token or _own_token(batch.token or "", post)
    return to_sent(batch, token, request_ids.current.get(), post.caller, now=now)


def _check_format(post: Post) -> None:
    """Raise NotAcceptable (406) if the caller wants another format than JSON."""
    wished = QueryDict(post.query, encoding="utf-8").get("format", "json") if post.query else "json"
    if wished != "json" or not _takes_json(post.headers.get("accept", "*/*")):
        raise NotAcceptable


@lru_cache(maxsize=64)
def _takes_json(accept: str) -> bool:
    try:
        return any(media_type_matches(JSON, kind.strip()) for kind in accept.split(","))
    except ValueError:
        # A parameter in a charset that does not exist (RFC 2231).
        return False


def _header_token(post: Post) -> WriteToken | None:
    scheme, _, text = post.headers.get("authorization", "").partition(" ")
    return _own_token(text.strip(), post) if scheme.lower() == "bearer" else None


def _own_token(text: str, post: Post) -> WriteToken:
    token = _read_token(text)
    check_instance(token, post.instance_id)
    return token


def _body(post: Post) -> bytes:
    if post.length is None:
        raise LengthRequired
    if not post.length:
        raise Malformed
    check_type(
        post.headers.get("content-type", ""),
        post.headers.get("content-encoding", "identity"),
        allowed=(JSON, BEACON),
    )
    check_length(post.length)
    return post.body
