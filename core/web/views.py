"""Answers that belong to no app: the probe, and errors that no view of the API has seen."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, permissions
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.answers import to_response, write_problem
from core.api.problems import Malformed, Problem, Unavailable


def health(request: HttpRequest) -> HttpResponse:
    """The process is up; it asks nothing of its dependencies."""
    return HttpResponse("ok\n", content_type="text/plain")


@extend_schema(exclude=True)
@api_view(["GET", "POST", "PUT", "PATCH", "DELETE"])
@authentication_classes([])
@permission_classes([permissions.AllowAny])
def no_such_call(request: Request) -> Response:
    raise exceptions.NotFound("There is no such call; docs/api.md lists them all.")


def _answer_page(request: HttpRequest, error: exceptions.APIException) -> HttpResponse:
    """Answer an error that no API view saw: as a problem under /api/, as a page elsewhere."""
    if request.path_info.startswith("/api/"):
        return to_response(write_problem(error))
    return render(request, f"{int(error.status_code)}.html", status=error.status_code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer_page(request, Malformed("The request is not well formed."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer_page(request, exceptions.PermissionDenied())


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer_page(request, exceptions.NotFound("There is nothing at this address."))


def unavailable(request: HttpRequest) -> HttpResponse:
    answer = _answer_page(request, Unavailable())
    answer.headers["Retry-After"] = str(Unavailable.wait)
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer_page(request, Problem())
