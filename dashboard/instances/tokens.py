"""Write tokens and tickets for streams: signed, for one instance, void once its version rises."""

from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core import signing
from rest_framework.exceptions import AuthenticationFailed

from core.api.problems import ForeignInstance

# Separate salts, so that nothing else signed with this key passes for one of these.
WRITE_SALT = "pointerscope.write-token"
TICKET_SALT = "pointerscope.stream-ticket"


class BadToken(AuthenticationFailed):
    """A write token that is not valid."""

    auth_header = "Bearer"


class WriteToken(NamedTuple):
    instance_id: UUID
    version: int


class Ticket(NamedTuple):
    """The instance whose stream it opens, and its reader's grant (dashboard/access/grants.py)."""

    instance_id: UUID
    grant: str


def make_token(*, instance_id: UUID, version: int) -> str:
    """Return a signed token that names the instance and the version of its tokens."""
    return signing.Signer(salt=WRITE_SALT).sign(f"{instance_id.hex}.{version}")


def read_token(text: str) -> WriteToken:
    """Return the content of a token; BadToken (401) if its signature is wrong."""
    try:
        instance, _, version = signing.Signer(salt=WRITE_SALT).unsign(text).partition(".")
    except signing.BadSignature:
        raise BadToken("The write token is not valid.") from None
    return WriteToken(UUID(instance), int(version))


def make_ticket(*, instance_id: UUID, grant: str = "") -> str:
    """Return a signed ticket for the instance's stream, valid for some minutes.

    Addresses get into logs, so a ticket must not be valid for long, or permit writing.
    """
    content = f"{instance_id.hex}.{grant}" if grant else instance_id.hex
    return signing.TimestampSigner(salt=TICKET_SALT).sign(content)


def read_ticket(text: str) -> Ticket:
    """Return whose stream the ticket is for; AuthenticationFailed (401) if it is not valid."""
    try:
        signer = signing.TimestampSigner(salt=TICKET_SALT)
        signed = signer.unsign(text, max_age=settings.STREAM_TICKET_SECONDS)
    except signing.BadSignature:
        raise AuthenticationFailed("The ticket is not valid, or has expired.") from None
    instance, _, grant = signed.partition(".")
    return Ticket(UUID(instance), grant)


def check_instance(token: WriteToken, instance_id: UUID) -> None:
    """Raise ForeignInstance (403) if the token belongs to another instance than the path's."""
    if token.instance_id != instance_id:
        raise ForeignInstance


def check_version(token: WriteToken, version: int | None) -> None:
    """Raise BadToken (401) if the token was revoked or has ended since."""
    if token.version != version:
        raise BadToken("The write token was revoked, or has ended.")
