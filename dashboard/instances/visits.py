"""Whose instance a visitor of `/` has: the Django session remembers it.

What is kept is the instance and the version of its tokens, not a token, so that the table of
sessions holds nothing that can be used elsewhere.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from rest_framework.exceptions import AuthenticationFailed

from core.api.problems import NoSuchInstance
from dashboard.instances.browsers import log_on, resume
from dashboard.instances.tokens import WriteToken
from dashboard.models import Browser

KEY = "pointerscope.instance"


class Visit(NamedTuple):
    browser: Browser
    is_new: bool


def log_on_visitor(*, session: SessionBase, now: datetime, before_new: Callable[[], None]) -> Visit:
    """Log the session's instance on again, or a new one where it has none, or none any more.

    What `before_new` raises keeps a new one from being made.
    """
    visit = _come_back(session, now)
    if visit is None:
        before_new()
        visit = Visit(log_on(now=now), is_new=True)
    # Written each time, so that the session lives on from the last visit.
    session[KEY] = [visit.browser.instance_id.hex, visit.browser.token_version]
    return visit


def _come_back(session: SessionBase, now: datetime) -> Visit | None:
    if KEY not in session:
        return None
    instance, version = session[KEY]
    token = WriteToken(UUID(instance), version)
    # Erased or revoked since.
    with suppress(NoSuchInstance, AuthenticationFailed):
        return Visit(resume(instance_id=token.instance_id, token=token, now=now), is_new=False)
    return None
