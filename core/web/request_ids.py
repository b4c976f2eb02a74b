"""One id for what a request sets off, from the browser's batch to the drain.

A caller may bring its own in X-Request-ID; else one is made. It is in the answer's header, in every
log line that the request causes, and in the headers of the tasks that it queues.
"""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from random import getrandbits

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# What is logged must not be able to forge a line.
SENSIBLE = re.compile(r"[A-Za-z0-9._-]{8,64}")

current: ContextVar[str] = ContextVar("request_id", default="")


def choose_id(brought: str) -> str:
    """Return the id that a caller brought, or a new one where that is not sensible."""
    return brought if SENSIBLE.fullmatch(brought) else f"{getrandbits(128):032x}"


def request_ids(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: give the request its id, and say it in the answer."""

    def answer(request: HttpRequest) -> HttpResponse:
        request_id = choose_id(request.headers.get(HEADER, ""))
        # Never taken back: Django logs a refusal after all middleware, and a thread's next request
        # sets its own.
        current.set(request_id)
        response = get_response(request)
        response.headers[HEADER] = request_id
        return response

    return answer


class AddRequestId(logging.Filter):
    """Puts the id on each log record: bare for JSON, and bracketed for a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        request_id = current.get()
        vars(record).update(
            request_id=request_id, bracketed_id=f" [{request_id}]" if request_id else ""
        )
        return True
