"""The definition of an instance's states: moving, resting, gone, logged off.

A page logs its instance off when it is closed. A page that was killed, or whose machine sleeps,
sends nothing; only its silence shows. A tracker sends nothing while the pointer rests, so a short
silence means rest.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import Case, DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest

from core.storage.replica import stale
from core.values.durations import FIRST_RUNG_MS
from dashboard.models import Browser
from dashboard.statuses.ladder import model_of

MOVING_FOR = timedelta(seconds=10)
GONE_AFTER = timedelta(minutes=30)


class State(StrEnum):
    """The state of an instance."""

    MOVING = "moving"  # Logged on, and moved within MOVING_FOR.
    RESTING = "resting"  # Logged on, and seen within GONE_AFTER.
    GONE = "gone"  # Never logged off, and not seen for longer.
    OFF = "off"  # Logged off.

    @property
    def is_here(self) -> bool:
        return self in (State.MOVING, State.RESTING)


def state_of(browser: Browser, *, moved_at: datetime | None, now: datetime) -> State:
    """Return an instance's state; `moved_at` is the second of its last movement."""
    if not browser.is_active:
        return State.OFF
    if moved_at and moved_at >= now - MOVING_FOR:
        return State.MOVING
    return State.RESTING if seen_at(browser, moved_at) > now - GONE_AFTER else State.GONE


def seen_at(browser: Browser, moved_at: datetime | None) -> datetime:
    """Return when an instance last moved, logged on or logged off."""
    moments = (browser.logged_on_at, browser.logged_off_at, moved_at)
    return max(moment for moment in moments if moment)


def movements(keys: Iterable[int]) -> dict[int, datetime]:
    """Return when each of these instances last moved; one that never moved has no entry.

    The result may lag behind by the replica's delay.
    """
    browsers = stale(Browser).filter(pk__in=list(keys)).annotate(moved_at=last_movement())
    found = browsers.values_list("pk", "moved_at")
    return {key: moved_at for key, moved_at in found if moved_at}


def last_movement() -> Coalesce:
    """Return the expression for an instance's last movement: one index lookup per rung.

    Seconds are dropped after STATUS_RETENTION_DAYS; the rung above still has the earlier ones.
    """
    newest = [
        Subquery(_statuses(rung).order_by("-time").values("time")[:1])
        for rung in settings.RUNGS_MS[:2]
    ]
    return Coalesce(*newest, Value(None), output_field=DateTimeField())


def with_presence(browsers: QuerySet[Any], *, at: datetime) -> QuerySet[Any]:
    """Annotate `is_here`: whether an instance was logged on and not gone at that moment.

    Later events do not change the answer for a moment.
    """
    gone_before = at - GONE_AFTER
    # Subqueries with a limit: PostgreSQL may hash an EXISTS, which reads whole chunks.
    moved = _statuses(FIRST_RUNG_MS).filter(time__gt=gone_before, time__lte=at)
    last = Subquery(moved.order_by("-time").values("time")[:1])
    seen = Greatest(F("logged_on_at"), last, output_field=DateTimeField())
    logged_on = Q(logged_on_at__lte=at) & (Q(is_active=True) | Q(logged_off_at__gt=at))
    return browsers.alias(seen_here=Case(When(logged_on, then=seen))).annotate(
        is_here=Case(When(seen_here__gt=gone_before, then=True), default=False)
    )


def _statuses(rung: int) -> QuerySet[Any]:
    return model_of(rung).objects.filter(browser=OuterRef("pk"), interval_ms=rung)
