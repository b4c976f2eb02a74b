"""The instance of a visitor of `/`, which the Django session remembers.

The session holds the instance and its token version instead of a token, so that the session table
contains nothing that can be used elsewhere.
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


def log_on_visitor(
    *, session: SessionBase, now: datetime, site: str, before_new: Callable[[], None]
) -> Visit:
    """Log the session's instance on again, or create one if the session has none that still exists.

    `before_new` runs before an instance is created; raising an exception prevents it.
    """
    visit = _come_back(session, now)
    if visit is None:
        before_new()
        visit = Visit(log_on(now=now, site=site), is_new=True)
    # Written at each visit, so that the session's lifetime counts from the last one.
    session[KEY] = [visit.browser.instance_id.hex, visit.browser.token_version]
    return visit


def _come_back(session: SessionBase, now: datetime) -> Visit | None:
    if KEY not in session:
        return None
    instance, version = session[KEY]
    token = WriteToken(UUID(instance), version)
    # The instance may have been erased or revoked.
    with suppress(NoSuchInstance, AuthenticationFailed):
        return Visit(resume(instance_id=token.instance_id, token=token, now=now), is_new=False)
    return None
