"""Clients that receive an answer: limits on their time, and on the memory of waiting answers."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from core.api.problems import Busy
from core.web.message_framing import Receive, Send

Message = dict[str, Any]

# A client may pause for STALL_SECONDS, and receive a whole answer in the time that this rate
# allows. A slower one occupies what others need.
STALL_SECONDS = 30
BYTES_PER_SECOND = 13_000
# The server buffers about this much; the rest of a large answer waits here.
PIECE_BYTES = 64 * 1024
# The limit of all large answers that wait for their clients. Otherwise a thousand clients that ask
# for a year of seconds and read nothing would hold a gigabyte.
MOST_UNTAKEN_BYTES = 64 * 2**20

_untaken_bytes = 0


class Client:
    """One request's client; any method raises ConnectionError if it has left or is too slow."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._loop = asyncio.get_running_loop()
        self._left: asyncio.Task[None] | None = None
        self._patience = float(STALL_SECONDS)
        # Nothing of an answer has been sent yet.
        self.is_waiting = True

    @property
    def left(self) -> asyncio.Task[None]:
        """Return a task that is done once the client has left."""
        if not self._left:
            self._left = asyncio.create_task(self._until_it_leaves())
        return self._left

    def forget(self) -> None:
        """Stop watching the client, once its answer is sent or will not be."""
        if self._left:
            self._left.cancel()

    async def take(self, head: Message, body: bytes) -> None:
        """Send a whole answer; Busy, and nothing sent, if too many large ones wait already."""
        if len(body) <= PIECE_BYTES:
            self.is_waiting = False
            await self._send(head)
            await self._send({"type": "http.response.body", "body": body})
            return
        with _untaken(len(body)):
            pieces = range(0, len(body), PIECE_BYTES)
            await self.take_pieces(head, (body[at : at + PIECE_BYTES] for at in pieces))

    async def take_pieces(self, head: Message, pieces: Iterable[bytes]) -> None:
        """Send an answer piece by piece, each made once the previous one was taken."""
        await self.put(head)
        for piece in pieces:
            await self.put({"type": "http.response.body", "body": piece, "more_body": True})
        await self.put({"type": "http.response.body", "body": b""})

    async def put(self, message: Message) -> None:
        """Send a part of an answer, and wait until there is room for the next."""
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
        """Do the same from the thread that makes the answer, and block it meanwhile."""
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
