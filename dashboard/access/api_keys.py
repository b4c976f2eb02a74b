"""API keys: a program reads by REST what the member of staff who made the key may read.

A key is 256 random bits, so one SHA-256 of it cannot be guessed back; a password would need a slow
hash. It is found by the part that is shown, and the rest is compared in constant time.
"""

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from rest_framework.exceptions import AuthenticationFailed

from dashboard.models import ApiKey

# A write token begins with 32 hexadecimal digits, so neither passes for the other.
MARK = "ps_"
SHAPE = re.compile(rf"{MARK}[\w-]{{8}}_[\w-]{{43}}", re.ASCII)
SHOWN_LENGTH = len(MARK) + 8
MOST_DAYS = 366
DEFAULT_DAYS = 90
# A write with each call would cost more than the call.
USE_IS_NOTED_EVERY = timedelta(hours=1)


class BadKey(AuthenticationFailed):
    """An API key that is not valid, or not any more."""

    auth_header = "Bearer"


class NewKey(NamedTuple):
    """A key and its text, which is stored nowhere."""

    key: ApiKey
    text: str


def is_api_key(text: str) -> bool:
    """Return whether a bearer's text is meant as an API key."""
    return text.startswith(MARK)


def make_api_key(*, user: User, name: str, days: int, now: datetime) -> NewKey:
    """Make a key of a member of staff that ends after 1 to MOST_DAYS days."""
    text = f"{MARK}{secrets.token_urlsafe(6)}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        user=user,
        name=name,
        prefix=text[:SHOWN_LENGTH],
        digest=_digest(text),
        created_at=now,
        ends_at=now + timedelta(days=days),
    )
    return NewKey(key, text)


def read_api_key(text: str, *, now: datetime) -> ApiKey:
    """Return the key with this text; BadKey (401) if it is not valid now. Notes its use."""
    key = _find(text)
    if key is None:
        raise BadKey("The API key is not valid.")
    if not key.is_valid(now):
        raise BadKey("The API key was revoked, has ended, or its user is not staff any more.")
    if key.used_at is None or key.used_at <= now - USE_IS_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(used_at=now)
    return key


def valid_api_keys(now: datetime) -> QuerySet[ApiKey]:
    """Return the keys that are valid now, by the same rule as ApiKey.is_valid."""
    return ApiKey.objects.filter(_valid(now))


def list_api_keys(*, user: User | None, now: datetime, q: str = "") -> QuerySet[ApiKey]:
    """Return a user's keys, or all, the valid ones first, then the newest; each has `valid`.

    `q` is a part of the name or of the user's name, in any case, or how the key begins.
    """
    keys = ApiKey.objects.filter(user=user) if user else ApiKey.objects.all()
    if q:
        named = Q(name__icontains=q) | Q(user__username__icontains=q)
        keys = keys.filter(named | Q(prefix__startswith=q))
    return (
        keys.select_related("user")
        .annotate(valid=ExpressionWrapper(_valid(now), BooleanField()))
        .order_by("-valid", "-pk")
    )


def revoke_api_keys(keys: QuerySet[ApiKey], *, now: datetime) -> int:
    """Revoke these keys at once; return how many of them were not revoked before."""
    return keys.filter(Q(revoked_at=None)).update(revoked_at=now)


def _valid(now: datetime) -> Q:
    return Q(revoked_at=None, ends_at__gt=now, user__is_active=True, user__is_staff=True)


def _find(text: str) -> ApiKey | None:
    if not SHAPE.fullmatch(text):
        return None
    key = ApiKey.objects.select_related("user").filter(prefix=text[:SHOWN_LENGTH]).first()
    return key if key and secrets.compare_digest(key.digest, _digest(text)) else None


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
