"""Answers that depend on no server, and the only writer of problems (RFC 9457).

Django's pages, REST framework, the event loop and the HTTP protocol all send them.
"""

import logging
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from core.api.problems import CONTENT_TYPE, headers_of, to_api_exception, to_problem

logger = logging.getLogger(__name__)


class Answer(NamedTuple):
    """A status, headers and a body."""

    status: int
    headers: dict[str, str]
    body: bytes


def write_problem(error: Exception) -> Answer:
    """Return the problem that tells a caller of an exception."""
    known = to_api_exception(error)
    headers = {"Content-Type": CONTENT_TYPE, **headers_of(known)}
    return Answer(known.status_code, headers, msgspec.json.encode(to_problem(known)))


def report(error: Exception, place: str) -> Answer:
    """Return the problem as `write_problem` does, and log it if the service is at fault."""
    answer = write_problem(error)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        code = to_api_exception(error).default_code
        logger.error("%s in %s", code, place, exc_info=error)
    return answer


def to_response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers=answer.headers)


def answer_problem(exc: Exception, context: dict[str, Any]) -> HttpResponse:
    """REST framework's exception handler: turns every exception of a view into a problem."""
    request: Request | None = context.get("request")
    place = f"{request.method} {request.path}" if request else "a view"
    return to_response(report(exc, place))
