"""Calls to servers that may never answer, with a time limit."""

from collections.abc import Callable
from threading import BoundedSemaphore, Thread

from django.db import connections

# A hanging call holds its thread until its server answers; this is their highest number.
_threads = BoundedSemaphore(8)


def run_within(seconds: float, work: Callable[[], None]) -> bool:
    """Run work in a thread of its own, and return whether it ended in time.

    The thread's database connections are closed at its end. Work that is late continues in the
    background. It must store its results itself; its exceptions are not raised here.
    """
    if not _threads.acquire(blocking=False):
        return False

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()
            _threads.release()

    # A daemon: a process that is told to stop must not wait for a server that hangs.
    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()
