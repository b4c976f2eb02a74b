"""Grants: the API key or share link that opened a stream. When it ends, the stream ends too.

A grant is `key-12`, or `share-` and the link's id in hex; it is empty for logins of staff and for
write tokens.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from dashboard.access.api_keys import valid_api_keys
from dashboard.access.share_links import valid_share_links
from dashboard.models import ApiKey, ShareLink


def grant_of(auth: Any) -> str:
    """Return the grant of a request's `auth`."""
    match auth:
        case ApiKey():
            return f"key-{auth.pk}"
        case ShareLink():
            return f"share-{auth.link_id.hex}"
    return ""


def find_void(grants: Iterable[str], *, now: datetime) -> set[str]:
    """Return those of these grants that are not valid now."""
    asked = set(grants) - {""}
    keys = [int(one.removeprefix("key-")) for one in asked if one.startswith("key-")]
    links = [UUID(one.removeprefix("share-")) for one in asked if one.startswith("share-")]
    valid = [*valid_api_keys(now).filter(pk__in=keys)] if keys else []
    shared = [*valid_share_links(now).filter(link_id__in=links)] if links else []
    return asked - {grant_of(one) for one in (*valid, *shared)}
