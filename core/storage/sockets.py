"""Sockets of libraries that know no event loop: the loop watches, and they read and write."""

import asyncio
from collections.abc import Callable


async def until_readable(line: int) -> None:
    """Return when a socket, by its file number, has something to read or has come to its end."""
    loop = asyncio.get_running_loop()
    await _until(line, loop.add_reader, loop.remove_reader)


async def until_writable(line: int) -> None:
    """Return when a socket, by its file number, takes something."""
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
    # Ready once more before whoever waits has had its turn.
    if not ready.done():
        ready.set_result(None)
