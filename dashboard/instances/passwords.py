"""Each process hashes one password at a time, so that logins cannot starve other requests.

A hash takes a third of a second of a core, and occupies a thread that other requests need. One
request may wait for the hash; further ones are refused and may retry shortly after.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# One hash takes less, unless the machine is very busy.
TURN_SECONDS = 2
RETRY_AFTER_SECONDS = 2

# One request hashes and one waits.
_places = BoundedSemaphore(2)
_turn = Lock()

View = Callable[[HttpRequest], HttpResponse]


class NoTurnError(Exception):
    """Other passwords are being hashed; this one was not checked."""


class Hasher(PBKDF2PasswordHasher):
    """Django's hasher, one call at a time in a process; NoTurnError if the wait takes too long.

    An unknown name is hashed too, so that the response time does not reveal which names exist.
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
    """Middleware: answer NoTurnError with 503 and Retry-After on every page that hashes."""

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
