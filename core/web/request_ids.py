"""One id for all work that a request causes, from the browser's batch to the drain.

A caller may send one in X-Request-ID; otherwise it is made here. It is in the answer's header, in
every log line of the request, and in the headers of the tasks that it queues.
"""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from random import getrandbits

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# A logged id must not be able to forge a line.
SENSIBLE = re.compile(r"[A-Za-z0-9._-]{8,64}")

current: ContextVar[str] = ContextVar("request_id", default="")


def choose_id(brought: str) -> str:
    """Return the id that a caller sent, or a new one if it is missing or not acceptable."""
    return brought if SENSIBLE.fullmatch(brought) else f"{getrandbits(128):032x}"


def request_ids(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: sets the request's id, and adds it to the answer."""

    def answer(request: HttpRequest) -> HttpResponse:
        request_id = choose_id(request.headers.get(HEADER, ""))
        # Never reset: Django logs a refusal after all middleware, and a thread's next request sets
        # its own.
        current.set(request_id)
        response = get_response(request)
        response.headers[HEADER] = request_id
        return response

    return answer


class AddRequestId(logging.Filter):
    """Adds the id to each log record: bare for JSON, and in brackets for plain lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        request_id = current.get()
        vars(record).update(
            request_id=request_id, bracketed_id=f" [{request_id}]" if request_id else ""
        )
        return True
