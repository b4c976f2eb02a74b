"""The caller: the holder of an instance's write token, an API key or a share link."""

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from core.api.problems import ReadOnly
from dashboard.access.api_keys import is_api_key, read_api_key
from dashboard.access.shared_sessions import shared_link, thing_of
from dashboard.instances.tokens import WriteToken, read_token
from dashboard.models import ApiKey, ShareLink


class ApiKeyAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer ps_…`; the user is the key's, and `request.auth` the key.

    It refuses every method that may change something, before any permission of the user counts.
    A call with a key looks at no cookie.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        text = bearer_of(request)
        if text is None or not is_api_key(text):
            return None
        key = read_api_key(text, now=timezone.now())
        if request.method not in SAFE_METHODS:
            raise ReadOnly
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ShareAuthentication(BaseAuthentication):
    """The session of a reader who has opened a share link of the call's instance or page.

    `request.auth` is the link. It counts for reading alone, and for those who are not staff.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ShareLink] | None:
        thing = thing_of(request.parser_context["kwargs"])
        page = request._request
        if thing is None or request.method not in SAFE_METHODS or page.user.is_staff:
            return None
        link = shared_link(page.session, thing, now=timezone.now())
        return (AnonymousUser(), link) if link else None


class WriteTokenAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer …`; the user is anonymous and `request.auth` has the token.

    Only the signature is checked here. Revocation is checked where the instance is read anyway, so
    that no call needs another query for it.

    `described_only` is for a call that reads the token itself: the class then only describes it.
    """

    def __init__(self, *, described_only: bool = False) -> None:
        self._described_only = described_only

    def authenticate(self, request: Request) -> tuple[AnonymousUser, WriteToken] | None:
        text = None if self._described_only else bearer_of(request)
        return None if text is None else (AnonymousUser(), read_token(text))

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def bearer_of(request: Request) -> str | None:
    """Return what follows `Bearer` in the request's header, if anything."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None
