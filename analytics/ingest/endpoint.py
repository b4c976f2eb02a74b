"""The short way of a batch, past Django's requests and responses, which cost more than the batch.

It takes what trackers send, and nothing but what can be stored as it is. All else, and whatever
goes wrong, is left to the view (analytics/api/views.py), which looks at it anew and says what is
amiss: nothing is refused here, so every rule has one place.
"""

import re
import time
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.http import HttpResponse
from django.http.request import split_domain_port, validate_host
from django.middleware.security import SecurityMiddleware
from django.urls.converters import UUIDConverter
from django.utils import timezone
from rest_framework.exceptions import APIException

from analytics.ingest.batch import decode_batch, to_samples
from analytics.ingest.group_commit import Gathering
from analytics.ingest.store import Receipt, Sent
from analytics.metrics import count_stored
from analytics.wire import BatchReceipt
from core.metrics import count_request
from core.web.addresses import caller_of_scope
from core.web.aliases import own_path
from core.web.asgi import Headers, answer, read_whole
from core.web.caching import NEGOTIATED, PRIVATE
from core.web.framing import Receive, Scope, Send
from core.web.request_ids import HEADER, choose_id
from core.web.sharing import SHARED
from dashboard.instances.tokens import WriteToken, read_token

ROUTE = "api/v1/browsers/<uuid:instance_id>/events/"
PATH = re.compile("/" + ROUTE.replace("<uuid:instance_id>", f"({UUIDConverter.regex})"))
REQUEST_ID = HEADER.lower().encode()
# What a header may say, where it is there at all.
PLAIN = {
    b"content-type": {
        b"application/json",
        b"application/json; charset=utf-8",
        b"text/plain",
        b"text/plain;charset=UTF-8",
        b"text/plain; charset=utf-8",
    },
    b"accept": {b"*/*", b"application/json", b"application/json, text/plain, */*"},
    b"content-encoding": {b"identity"},
    b"transfer-encoding": set(),
}
READ = {*PLAIN, b"host", b"authorization", b"x-forwarded-proto", REQUEST_ID}


class Call(NamedTuple):
    """A call that looks like a tracker's; the token where its header has one."""

    instance_id: str
    token: WriteToken | None
    request_id: str
    caller: str


# An instance sends the same one with each batch; a key is changed by a restart.
_read_token = lru_cache(maxsize=10_000)(read_token)
_gathering = Gathering()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    call = recognise(scope)
    body = await read_whole(scope, receive, send)
    if body is None:
        return
    since = time.monotonic()
    receipt = await _store(call, body) if call else None
    if call and receipt:
        await _accept(call, receipt, send)
    else:
        await answer(scope, body, receive, send, since=since)


def recognise(scope: Scope) -> Call | None:
    """Return what a call says before its body, or None where it is not as a tracker's."""
    path = PATH.fullmatch(own_path(scope["path"]))
    if scope["method"] != "POST" or not path or scope["query_string"]:
        return None
    headers = _plain_headers(scope)
    if headers is None or not _is_secure(scope, headers) or not _is_ours(headers.get(b"host", b"")):
        return None
    scheme, _, text = headers.get(b"authorization", b"").partition(b" ")
    try:
        token = _read_token(text.decode()) if scheme == b"Bearer" else None
    except (APIException, UnicodeDecodeError):
        return None
    request_id = choose_id(headers.get(REQUEST_ID, b"").decode("latin-1"))
    return Call(path[1], token, request_id, caller_of_scope(scope))


def _plain_headers(scope: Scope) -> dict[bytes, bytes] | None:
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in READ:
            if name in headers or value not in PLAIN.get(name, (value,)):
                return None
            headers[name] = value
    return headers if b"content-type" in headers else None


def _is_secure(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Whether the call needs no redirect to https."""
    if not settings.HTTPS:
        return True
    if settings.SECURE_PROXY_SSL_HEADER:
        return headers.get(b"x-forwarded-proto") == b"https"
    return scope["scheme"] == "https"


@lru_cache(maxsize=256)
def _is_ours(host: bytes) -> bool:
    domain, _ = split_domain_port(host.decode("latin-1"))
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


async def _store(call: Call, body: bytes) -> Receipt | None:
    began = time.perf_counter()
    sent = _to_sent(call, body)
    receipt = await _gathering.store(sent) if sent else None
    if receipt:
        count_stored(*receipt, seconds=time.perf_counter() - began)
        count_request(route=ROUTE, method="POST", status=202)
    return receipt


def _to_sent(call: Call, body: bytes) -> Sent | None:
    """Return what may be stored. Only its columns wait for that; the events are let go here."""
    try:
        batch = decode_batch(body)
        token = call.token or _read_token(batch.token or "")
        samples = to_samples(batch, now=timezone.now())
    except APIException:
        return None
    if str(token.instance_id) != call.instance_id:
        return None
    return Sent(token, samples, call.request_id, call.caller)


async def _accept(call: Call, receipt: Receipt, send: Send) -> None:
    body = msgspec.json.encode(BatchReceipt(*receipt))
    own = (REQUEST_ID, call.request_id.encode()), (b"content-length", b"%d" % len(body))
    headers = [*_headers(), *own]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@lru_cache
def _headers() -> Headers:
    """Return what Django's security middleware and the view put on each such answer."""
    request: Any = SimpleNamespace(is_secure=lambda: settings.HTTPS)
    response = HttpResponse(
        content_type="application/json", headers={**SHARED, **PRIVATE, **NEGOTIATED}
    )
    SecurityMiddleware(lambda _: response).process_response(request, response)
    return [(name.lower().encode(), value.encode()) for name, value in response.items()]
