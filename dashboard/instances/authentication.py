"""The caller: the holder of an instance's write token."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from dashboard.instances.tokens import WriteToken, read_token


class WriteTokenAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer …`; the user is anonymous and `request.auth` has the token.

    Only the signature is checked here. Revocation is checked where the instance is read anyway, so
    that no call needs another query for it.

    `described_only` is for a call that reads the token itself: the class then only describes it.
    """

    def __init__(self, *, described_only: bool = False) -> None:
        self._described_only = described_only

    def authenticate(self, request: Request) -> tuple[AnonymousUser, WriteToken] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if self._described_only or scheme.lower() != "bearer":
            return None
        return AnonymousUser(), read_token(text.strip())

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
