"""Reads a request's whole body before anything works on it: 256 KiB at most, within 20 s.

A longer one stays unread, and core/api/bodies.py refuses it (413).
"""

import asyncio
from typing import NamedTuple

from django.conf import settings

from core.api.problems import Problem, SlowBody
from core.web.message_framing import Receive, Scope, Send, check_head
from core.web.refusals import refuse

# Counted from the end of the headers. The largest body then needs 13 kB/s, a tracker's 2.5 kB/s.
BODY_SECONDS = 20


class Body(NamedTuple):
    """A request's body, and its length according to the head, or None if it is chunked.

    A body that is chunked or too large is not read, so its content is empty.
    """

    length: int | None
    content: bytes

    @property
    def is_read(self) -> bool:
        return self.length is not None and self.length <= settings.MAX_BODY_BYTES


async def read_whole(scope: Scope, receive: Receive, send: Send) -> Body | None:
    """Return the body, or None if the client has left or was refused.

    A request is refused if its head cannot be trusted or its body is slow.
    """
    try:
        return await _read(scope, receive)
    except TimeoutError:
        await refuse(SlowBody(), scope, receive, send)
    except Problem as error:
        await refuse(error, scope, receive, send)
    except ConnectionError:
        pass
    return None


async def _read(scope: Scope, receive: Receive) -> Body:
    length = check_head(scope)
    if length is None or length > settings.MAX_BODY_BYTES:
        return Body(length, b"")
    body = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        while len(body) < length:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError("the client left before all of its body had come")
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
    return Body(length, bytes(body))
