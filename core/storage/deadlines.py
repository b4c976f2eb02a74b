"""An end to waiting for a database that says nothing more.

A server that is frozen keeps no timeout of its own, and its kernel acknowledges what we send. So
the threads of web and live wait for psycopg2's connections themselves, and give up in time.
psycopg2 then closes the connection; what the server still does with the statement is not known.
"""

import select
import threading
import time
from typing import Any

import psycopg2
from django.conf import settings
from psycopg2.extensions import POLL_OK, POLL_READ, STATUS_SETUP, set_wait_callback

# All that a request may wait for the database, from the moment that all of it was there. With what
# else it takes that keeps the promise of six seconds (docs/faults.md).
REQUEST_SECONDS = 5.5
# A statement by itself: the server's own timeout comes first where the server still works.
ANSWER_SECONDS = 5.5
CONNECT_SECONDS = settings.CLIENT_PATIENCE["connect_timeout"]

_thread = threading.local()


def install() -> None:
    """Have all of this process's connections wait so; those of an event loop wait by themselves."""
    set_wait_callback(wait)


def begin(*, since: float) -> None:
    """Bound what this thread does next: a request that was there at `since` (monotonic)."""
    _thread.until = since + REQUEST_SECONDS


def end() -> None:
    """Bound this thread's statements one by one again."""
    _thread.until = None


def wait(session: Any) -> None:
    """Wait until a connection is ready; OperationalError where it takes too long."""
    # A connection that is not ready for its first statement is being opened.
    is_opened = session.status != STATUS_SETUP
    until = time.monotonic() + (ANSWER_SECONDS if is_opened else CONNECT_SECONDS)
    if limit := getattr(_thread, "until", None):
        until = min(until, limit)
    while (state := session.poll()) != POLL_OK:
        ready = select.poll()
        ready.register(session.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        seconds = until - time.monotonic()
        if seconds <= 0 or not ready.poll(seconds * 1000):
            raise psycopg2.OperationalError("the database does not answer")
