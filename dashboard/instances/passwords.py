"""Passwords are hashed one at a time in a process, so that logins cannot starve everything else.

A hash takes a third of a second of a core, and for as long a thread that other requests wait for.
One request may wait for its turn; further ones are refused, and may come again in a moment.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# The hash before ours takes less, unless the machine is very busy.
TURN_SECONDS = 2
RETRY_AFTER_SECONDS = 2

# One that hashes, and one that waits.
_places = BoundedSemaphore(2)
_turn = Lock()

View = Callable[[HttpRequest], HttpResponse]


class NoTurnError(Exception):
    """Other passwords are being hashed; nothing was checked."""


class Hasher(PBKDF2PasswordHasher):
    """Django's, one at a time in a process; NoTurnError where it is not its turn soon enough.

    An unknown name is hashed too, so that nobody can tell names from the time that it takes.
    """

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with _in_turn():
            return super().encode(password, salt, iterations)


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise NoTurnError
    try:
        if not _turn.acquire(timeout=TURN_SECONDS):
            raise NoTurnError
        try:
            yield
        finally:
            _turn.release()
    finally:
        _places.release()


def refuse_while_busy(get_response: View) -> View:
    """Middleware: answer NoTurnError with 503 and Retry-After, whichever page hashes."""

    def answer(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, NoTurnError):
            return None
        page = render(request, "dashboard/busy.html", status=503)
        page.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return page

    answer.process_exception = process_exception  # type: ignore[attr-defined]
    return answer
