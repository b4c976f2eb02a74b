"""Answers that belong to no app."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, permissions
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response


def health(request: HttpRequest) -> HttpResponse:
    """The process is up; it asks nothing of its dependencies."""
    return HttpResponse("ok\n", content_type="text/plain")


@extend_schema(exclude=True)
@api_view(["GET", "POST", "PUT", "PATCH", "DELETE"])
@authentication_classes([])
@permission_classes([permissions.AllowAny])
def no_such_call(request: Request) -> Response:
    raise exceptions.NotFound("There is no such call; docs/api.md lists them all.")
