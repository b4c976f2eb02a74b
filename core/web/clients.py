"""Clients while they take an answer: their patience is ours, and so is the memory it waits in."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from core.api.problems import Busy
from core.web.message_framing import Receive, Send

Message = dict[str, Any]

# A client may take nothing for STALL_SECONDS, and all of an answer in as long as it takes at this
# pace. One that takes less holds what others want.
STALL_SECONDS = 30
BYTES_PER_SECOND = 13_000
# The server buffers so much of what it is given; the rest of a large answer waits with us.
PIECE_BYTES = 64 * 1024
# Large answers that their clients have not taken yet, together. A thousand that ask for a year of
# seconds and read nothing would otherwise hold a gigabyte.
MOST_UNTAKEN_BYTES = 64 * 2**20

_untaken_bytes = 0


class Client:
    """One request's client; ConnectionError from any method where it has left or takes too long."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._loop = asyncio.get_running_loop()
        self._left: asyncio.Task[None] | None = None
        self._patience = float(STALL_SECONDS)
        # Nothing of an answer was sent yet.
        self.is_waiting = True

    @property
    def left(self) -> asyncio.Task[None]:
        """Return what is done when the client has left."""
        if not self._left:
            self._left = asyncio.create_task(self._until_it_leaves())
        return self._left

    def forget(self) -> None:
        """Call it when the answer is sent, or is not going to be."""
        if self._left:
            self._left.cancel()

    async def take(self, head: Message, body: bytes) -> None:
        """Send a whole answer; Busy, and nothing sent, where too many large ones wait already."""
        if len(body) <= PIECE_BYTES:
            self.is_waiting = False
            await self._send(head)
            await self._send({"type": "http.response.body", "body": body})
            return
        with _untaken(len(body)):
            pieces = range(0, len(body), PIECE_BYTES)
            await self.take_pieces(head, (body[at : at + PIECE_BYTES] for at in pieces))

    async def take_pieces(self, head: Message, pieces: Iterable[bytes]) -> None:
        """Send an answer piece by piece, each made when the one before was taken."""
        await self.put(head)
        for piece in pieces:
            await self.put({"type": "http.response.body", "body": piece, "more_body": True})
        await self.put({"type": "http.response.body", "body": b""})

    async def put(self, message: Message) -> None:
        """Send a part of an answer, and wait until the client has made room for the next."""
        if self.left.done():
            raise ConnectionError("the client left before it had all of the answer")
        began, self.is_waiting = self._loop.time(), False
        try:
            await asyncio.wait_for(self._send(message), self._patience)
        except TimeoutError:
            raise ConnectionError("the client took too little of the answer") from None
        if body := message.get("body"):
            self._patience += len(body) / BYTES_PER_SECOND - (self._loop.time() - began)
            self._patience = min(self._patience, STALL_SECONDS)

    def put_from_thread(self, message: Message) -> None:
        """Do the same for a thread that makes the answer; it waits."""
        asyncio.run_coroutine_threadsafe(self.put(message), self._loop).result()

    async def _until_it_leaves(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


@contextmanager
def _untaken(count: int) -> Iterator[None]:
    global _untaken_bytes
    if _untaken_bytes + count > MOST_UNTAKEN_BYTES:
        raise Busy
    _untaken_bytes += count
    try:
        yield
    finally:
        _untaken_bytes -= count
