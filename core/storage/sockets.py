"""Sockets of libraries without asyncio: the loop waits for them, the library reads and writes."""

import asyncio
from collections.abc import Callable


async def until_readable(line: int) -> None:
    """Return when a socket, given by its file number, can be read or has ended."""
    loop = asyncio.get_running_loop()
    await _until(line, loop.add_reader, loop.remove_reader)


async def until_writable(line: int) -> None:
    """Return when a socket, given by its file number, can be written."""
    loop = asyncio.get_running_loop()
    await _until(line, loop.add_writer, loop.remove_writer)


async def _until(line: int, watch: Callable[..., object], leave: Callable[[int], object]) -> None:
    ready = asyncio.get_running_loop().create_future()
    watch(line, _wake, ready)
    try:
        await ready
    finally:
        leave(line)


def _wake(ready: asyncio.Future[None]) -> None:
    # The socket may be ready again before the waiting task has run.
    if not ready.done():
        ready.set_result(None)
