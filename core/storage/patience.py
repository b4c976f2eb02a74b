"""Asking something that may never answer, without waiting for it longer than one can."""

from collections.abc import Callable
from threading import BoundedSemaphore, Thread

from django.db import connections

# A hanging call keeps its thread until its server answers; there are never more than these.
_threads = BoundedSemaphore(8)


def run_within(seconds: float, work: Callable[[], None]) -> bool:
    """Run work in a thread of its own, and say whether it ended in time; it leaves its results
    where it can, and what it raises is lost.

    Its database connections are its own and are closed. Work that did not end goes on behind.
    """
    if not _threads.acquire(blocking=False):
        return False

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()
            _threads.release()

    # A daemon: a process that is told to end must not wait for a server that hangs.
    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()
