"""A time limit for a database that has stopped answering.

A frozen server enforces none of its timeouts, and its kernel still acknowledges what we send. So
the threads of web and live wait for psycopg2's connections themselves, with a time limit. psycopg2
then closes the connection; whether the server completes the statement is unknown.
"""

import select
import threading
import time
from typing import Any

import psycopg2
from django.conf import settings
from psycopg2.extensions import POLL_OK, POLL_READ, STATUS_SETUP, set_wait_callback

# A request's time for the database, from the moment it has arrived completely. With the rest of its
# work that keeps the promised six seconds (docs/faults.md).
REQUEST_SECONDS = 5.5
# A single statement: the server's own timeout comes first if the server still works.
ANSWER_SECONDS = 5.5
CONNECT_SECONDS = settings.CLIENT_PATIENCE["connect_timeout"]

_thread = threading.local()


def install() -> None:
    """Use this wait in all threads of the process; event loops wait by other means."""
    set_wait_callback(wait)


def begin(*, since: float) -> None:
    """Bound this thread's work for a request that was complete at `since` (monotonic)."""
    _thread.until = since + REQUEST_SECONDS


def end() -> None:
    """Bound each of this thread's statements separately again."""
    _thread.until = None


def wait(session: Any) -> None:
    """Wait until a connection is ready; OperationalError if it takes too long."""
    # During setup the connection is still being opened.
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
