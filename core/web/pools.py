"""Bounded work: a fixed number of threads, a few waiting requests, and 503 for all others."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from core.api.problems import Busy

T = TypeVar("T")

# A waiting request only holds a connection. Two seconds and a request's time for the database stay
# below what the service promises (docs/faults.md).
MOST_WAITING = 8
WAIT_SECONDS = 2


class Pool:
    """Threads of one event loop for one kind of request."""

    def __init__(self, name: str, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._free = asyncio.Semaphore(threads)
        self._waiting = 0

    async def run(self, work: Callable[..., T], *arguments: Any, left: asyncio.Future) -> T:
        """Return the result of the work, which runs in a thread.

        Busy (503) if MOST_WAITING requests wait already, or no thread is free within WAIT_SECONDS;
        ConnectionError if `left`, which is done once the client has left, comes first.
        """
        await self._enter(left)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *arguments)
        finally:
            self._free.release()

    async def _enter(self, left: asyncio.Future) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        if self._waiting == MOST_WAITING:
            raise Busy
        turn = asyncio.ensure_future(self._free.acquire())
        self._waiting += 1
        ends = asyncio.FIRST_COMPLETED
        await asyncio.wait({turn, left}, timeout=WAIT_SECONDS, return_when=ends)
        self._waiting -= 1
        if not turn.done():
            turn.cancel()
            raise ConnectionError("the client left before its turn") if left.done() else Busy
