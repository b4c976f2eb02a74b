"""The share links that a reader has opened, which the Django session remembers.

The session holds the ids of links and no tickets, so the session table contains nothing that can be
used elsewhere. A link is looked up at each use.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from dashboard.access.share_links import find_valid
from dashboard.models import ShareLink

KEY = "pointerscope.shares"
MOST = 50


def remember(session: SessionBase, link: ShareLink) -> None:
    """Let this session read what the link shares for as long as the link is valid."""
    opened = session.get(KEY, {})
    opened.pop(link.thing, None)
    newest = list(opened.items())[1 - MOST :]
    session[KEY] = {**dict(newest), link.thing: link.link_id.hex}


def shared_link(session: SessionBase, thing: str, *, now: datetime) -> ShareLink | None:
    """Return the valid link by which this session may read a thing (ShareLink.thing), if any."""
    link_id = session.get(KEY, {}).get(thing)
    link = find_valid(UUID(link_id), now=now) if link_id else None
    return link if link and link.thing == thing else None


def thing_of(kwargs: dict[str, Any]) -> str | None:
    """Return what an address with these parts is about, as a ShareLink.thing."""
    if "instance_id" in kwargs:
        return str(kwargs["instance_id"])
    return f"page-{kwargs['page_id']}" if "page_id" in kwargs else None


def thing_of_study(name: str) -> str:
    """Return what a page of a study is about, as a ShareLink.thing."""
    return f"study-{name}"
