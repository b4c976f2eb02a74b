"""Where a request ends: reads and checks what its head says of that.

An answer that is given before the whole body was read ends its connection, so that no proxy or
server takes the rest of the body for the next request.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from core.api.problems import LargeHeaders, UnreadableRequest
from core.web.http import MOST_HEAD_BYTES

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

CLOSE = (b"connection", b"close")
# No body has a length of more digits; int() raises ValueError for thousands of them.
LENGTH = re.compile(rb"[0-9]{1,18}")
# The limit of a refused body that is read and dropped while its sender reads the answer: closing a
# connection with unread bytes resets it, and the reset overtakes the answer.
MOST_DROPPED_BYTES = 32 * 1024 * 1024
LINGER_SECONDS = 10
IDLE_SECONDS = 2


def check_head(scope: Scope) -> int | None:
    """Return the length of the body, or None if it is not stated (chunked).

    UnreadableRequest (400) or LargeHeaders (431) for a head that cannot be trusted.
    """
    if scope["http_version"] not in ("1.1", "1.0"):
        raise UnreadableRequest("The request is not HTTP/1.1 or HTTP/1.0.")
    hosts = lengths = size = 0
    length: int | None = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
        elif name == b"transfer-encoding":
            length = None
        elif name == b"content-length":
            lengths += 1
            length = length if length is None else _to_length(value)
    if size > MOST_HEAD_BYTES:
        raise LargeHeaders
    if hosts > 1 or (not hosts and scope["http_version"] == "1.1"):
        raise UnreadableRequest("The request must name one Host.")
    # The parser refuses two itself; were one to come through, readers would choose differently.
    if lengths > 1:
        raise UnreadableRequest("The request must not name its length twice.")
    return length


def _to_length(value: bytes) -> int:
    digits = value.strip(b" \t")
    if not LENGTH.fullmatch(digits):
        raise UnreadableRequest("The Content-Length is not a number.")
    return int(digits)


def closing(receive: Receive, send: Send) -> Send:
    """Return a `send` for an answer that ends the connection, though a body still arrives."""

    async def send_last(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = [line for line in message["headers"] if line != CLOSE]
            await send({**message, "headers": [*kept, CLOSE]})
        elif message.get("more_body"):
            await send(message)
        else:
            await send({**message, "more_body": True})
            await drop(receive, most=MOST_DROPPED_BYTES)
            await send({"type": "http.response.body"})

    return send_last


async def drop(receive: Receive, *, most: int) -> bool:
    """Read and drop up to `most` bytes of a body for LINGER_SECONDS; return whether it ended."""
    dropped = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while dropped < most:
                message = await asyncio.wait_for(receive(), IDLE_SECONDS)
                dropped += len(message.get("body", b""))
                if not message.get("more_body"):
                    return True
    return False
