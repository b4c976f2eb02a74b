"""Refuses values that no table can hold or no query can use, because the caller is at fault."""

import logging
from collections.abc import Callable

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse

from core.web.views import bad_request, page_not_found, unavailable

logger = logging.getLogger(__name__)

NUL = "\0"
# Django answers these itself.
ANSWERED = (BadRequest, Http404, PermissionDenied, SuspiciousOperation)


class HostileValues:
    """Middleware: refuses NUL before anything looks for it, and values that the admin cannot use.

    PostgreSQL has no NUL in text, so a query with one fails in the database's client. In a path NUL
    is 404, because no address contains it; in a cookie or a page's query it is 400. The API itself
    names the wrong parameter.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if NUL in request.path_info:
            return page_not_found(request, Http404())
        if NUL in "".join(request.COOKIES.values()) or _has_page_query_with_nul(request):
            return bad_request(request, BadRequest())
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a page's error: 503 without the database, 400 for values sent to the admin.

        Django's admin and its libraries check few of the values in an address or a form: a caller
        can ask for any look-up on any column, and so cause any kind of error. The traceback is
        logged, because the fault may still be ours.
        """
        if isinstance(error, OperationalError | InterfaceError):
            logger.error("the database failed for %s: %s", request.path, error)
            return unavailable(request)
        if isinstance(error, ANSWERED) or not _brings_values_to_the_admin(request):
            return None
        logger.warning("values refused: %s %s", request.method, request.path, exc_info=error)
        return bad_request(request, error)


def _has_page_query_with_nul(request: HttpRequest) -> bool:
    return "%00" in request.META.get("QUERY_STRING", "") and not request.path_info.startswith(
        "/api/"
    )


def _brings_values_to_the_admin(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None or "admin" not in match.app_names:
        return False
    return bool(request.GET or request.POST or match.kwargs)
