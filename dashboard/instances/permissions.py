"""The holder of an instance's write token or of a share link, and staff, may see the instance.

To change or erase it, staff need the same Django permission as in the admin.
"""

from uuid import UUID

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from dashboard.access.shared_sessions import thing_of
from dashboard.instances.browsers import get_browser
from dashboard.instances.tokens import WriteToken
from dashboard.models import Browser, ShareLink


class HoldsTokenOrIsStaff(BasePermission):
    """Allows holders of any write token, and staff; get_browser checks the token's instance."""

    # The permission that staff need in addition.
    needed: str | None = None

    def has_permission(self, request: Request, view: APIView) -> bool:
        return header_token(request) is not None or is_staff_who_may(request, self.needed)


class MayRead(HoldsTokenOrIsStaff):
    """Also allows readers of the instance's share link, to read."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) or is_shared(request, view)


class HoldsTokenOrMayChange(HoldsTokenOrIsStaff):
    needed = "dashboard.change_browser"


class HoldsTokenOrMayErase(HoldsTokenOrIsStaff):
    needed = "dashboard.delete_browser"


def is_shared(request: Request, view: APIView) -> bool:
    """Return whether the call reads what the caller's share link is for."""
    link = request.auth
    return (
        isinstance(link, ShareLink)
        and request.method in SAFE_METHODS
        and link.thing == thing_of(view.kwargs)
    )


def is_staff_who_may(request: Request, permission: str | None) -> bool:
    """Return whether the caller is staff with the permission; None requires staff alone."""
    user = request.user
    is_staff = bool(user and user.is_staff)
    return is_staff and (permission is None or user.has_perm(permission))


def header_token(request: Request) -> WriteToken | None:
    """Return the write token of the request's header, if any."""
    return request.auth if isinstance(request.auth, WriteToken) else None


def visible_browser(request: Request, instance_id: UUID) -> Browser:
    """Return the instance if the caller may see it; errors as in get_browser."""
    return get_browser(instance_id=instance_id, token=header_token(request))
