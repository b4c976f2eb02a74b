"""A request's body, read whole before anything works on it: 256 KiB at most, within 20 s."""

import asyncio
from typing import NamedTuple

from django.conf import settings

from core.api.problems import Problem, SlowBody
from core.web.message_framing import Receive, Scope, Send, check_head
from core.web.refusals import refuse

# From the end of the headers on: the largest body at 13 kB/s, a tracker's at 2.5 kB/s.
BODY_SECONDS = 20


class Body(NamedTuple):
    """A request's body: the length that the head says, None where it is chunked, and the bytes.

    A chunked or too large body is not waited for, and its content is empty.
    """

    length: int | None
    content: bytes

    @property
    def is_read(self) -> bool:
        return self.length is not None and self.length <= settings.MAX_BODY_BYTES


async def read_whole(scope: Scope, receive: Receive, send: Send) -> Body | None:
    """Return the body.

    None where the client has left, or was refused for a head that cannot be trusted or a slow body.
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
