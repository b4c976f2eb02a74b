"""Who may see an instance: the holder of its write token, and staff."""

from uuid import UUID

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from dashboard.browsers import get_browser
from dashboard.models import Browser
from dashboard.tokens import WriteToken


class HoldsTokenOrIsStaff(BasePermission):
    """Lets in whoever shows some write token, or staff; whose token it is, get_browser checks."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return header_token(request) is not None or bool(request.user and request.user.is_staff)


def header_token(request: Request) -> WriteToken | None:
    """Return the write token that the request's header carries, if any."""
    return request.auth if isinstance(request.auth, WriteToken) else None


def visible_browser(request: Request, instance_id: UUID) -> Browser:
    """Return the instance if the caller may see it; errors as in get_browser."""
    return get_browser(instance_id=instance_id, token=header_token(request))
