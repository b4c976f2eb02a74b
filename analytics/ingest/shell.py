"""Batches on the event loop, without Django's requests and responses, which cost more than a batch.

Reads a request, calls `answer_batch`, and sends the answer. core/web/middleware.py lists how the
work of Django's middleware is done here, and AROUND that of the view's other classes.
"""

import asyncio
import logging
import re
import time
from http import HTTPStatus
from uuid import UUID

from django.urls.converters import UUIDConverter
from django.utils import timezone

from analytics.ingest.endpoint import READ, ROUTE, Post, answer_batch
from analytics.ingest.group_commit import GroupCommit, store_alone
from analytics.ingest.store import Sent
from analytics.wire import Receipt
from core.api.answers import Answer
from core.api.problems import Unavailable
from core.metrics import count_request
from core.web import bridge, request_ids
from core.web.addresses import caller_of_scope
from core.web.aliases import own_path
from core.web.cors import SHARED
from core.web.message_framing import Receive, Scope, Send, closing
from core.web.middleware import Headers, headers_of_middleware
from core.web.refusals import REQUEST_ID, refuse_read
from core.web.whole_body import Body, read_whole

logger = logging.getLogger(__name__)

PATH = re.compile("/" + ROUTE.replace("<uuid:instance_id>", f"({UUIDConverter.regex})"))
NAMES = {name.encode(): name for name in (*READ, request_ids.HEADER.lower())}
# What REST framework calls before the view's own code, and how that is done here.
AROUND = {
    "dashboard.instances.authentication.WriteTokenAuthentication": "`answer_batch` reads it.",
    "rest_framework.permissions.AllowAny": "No caller is refused before `answer_batch`.",
}
_shared = tuple((name.lower().encode(), value.encode()) for name, value in SHARED.items())
_groups = GroupCommit()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application: answers batches here and passes everything else to Django."""
    path = PATH.fullmatch(own_path(scope["path"])) if scope["method"] == "POST" else None
    added = headers_of_middleware(scope) if path else None
    if path is None or added is None:
        await bridge.application(scope, receive, send)
    elif body := await read_whole(scope, receive, send):
        send = send if body.is_read else closing(receive, send)
        await _answer(UUID(path[1]), scope, body, added, send)


async def store(sent: Sent) -> Receipt:
    """Store a batch in a group, or alone if that fails; errors as in store_alone."""
    since = time.monotonic()
    if receipt := await _groups.store(sent):
        return receipt
    return await bridge.run_in_thread(store_alone, sent, since=since)


async def _answer(instance_id: UUID, scope: Scope, body: Body, added: Headers, send: Send) -> None:
    headers = read_headers(scope)
    request_id = request_ids.choose_id(headers.pop(request_ids.HEADER.lower(), ""))
    request_ids.current.set(request_id)
    query = scope["query_string"].decode("latin-1")
    caller = caller_of_scope(scope)
    post = Post(instance_id, headers, query, body.length, body.content, caller)
    try:
        answer = await answer_batch(post, store=store, now=timezone.now())
    except asyncio.CancelledError:
        # The server ends; by itself it would answer 500 in plain text.
        await refuse_read(Unavailable(), scope, send)
        raise
    count_request(route=ROUTE, method="POST", status=answer.status)
    if answer.status != 202:
        # As Django says it.
        logger.warning("%s: %s", HTTPStatus(answer.status).phrase, scope["path"])
    await _send(answer, (*_shared, *added, (REQUEST_ID, request_id.encode())), send)


def read_headers(scope: Scope) -> dict[str, str]:
    """Return the headers in READ and the request id; repeated values are joined by commas."""
    headers: dict[str, str] = {}
    for line, value in scope["headers"]:
        if name := NAMES.get(line):
            text = value.decode("latin-1")
            headers[name] = f"{headers[name]},{text}" if name in headers else text
    return headers


async def _send(answer: Answer, added: Headers, send: Send) -> None:
    own = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    headers = [*own, *added, (b"content-length", b"%d" % len(answer.body))]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
