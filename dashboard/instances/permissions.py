"""Who may see an instance: the holder of its write token, and staff.

To change or erase one, staff need Django's permission for it, as in the admin.
"""

from uuid import UUID

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from dashboard.instances.browsers import get_browser
from dashboard.instances.tokens import WriteToken
from dashboard.models import Browser


class HoldsTokenOrIsStaff(BasePermission):
    """Lets in holders of any write token, and staff; whose token it is, get_browser checks."""

    # What staff need besides being staff.
    needed: str | None = None

    def has_permission(self, request: Request, view: APIView) -> bool:
        return header_token(request) is not None or is_staff_who_may(request, self.needed)


class HoldsTokenOrMayChange(HoldsTokenOrIsStaff):
    needed = "dashboard.change_browser"


class HoldsTokenOrMayErase(HoldsTokenOrIsStaff):
    needed = "dashboard.delete_browser"


def is_staff_who_may(request: Request, permission: str | None) -> bool:
    """Whether the caller is staff with a permission; None asks for no more than staff."""
    user = request.user
    is_staff = bool(user and user.is_staff)
    return is_staff and (permission is None or user.has_perm(permission))


def header_token(request: Request) -> WriteToken | None:
    """Return the write token that the request's header carries, if any."""
    return request.auth if isinstance(request.auth, WriteToken) else None


def visible_browser(request: Request, instance_id: UUID) -> Browser:
    """Return the instance if the caller may see it; errors as in get_browser."""
    return get_browser(instance_id=instance_id, token=header_token(request))
