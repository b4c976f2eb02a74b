"""All instances at a glance: who moves, and how fast in the last two minutes."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from msgspec import Struct

from core.durations import FIRST_RUNG_MS
from core.replica import stale
from core.times import parse_time, to_rfc3339
from dashboard.models import Browser, PointerStatus

SPAN = timedelta(minutes=2)
SECOND = timedelta(seconds=1)


class Place(NamedTuple):
    """Where a page of the list begins: after the instance that sorts by these."""

    is_active: bool
    seen_at: datetime
    pk: int


class Glimpse(Struct):
    """An instance, its last second of movement, and [seconds into the span, px/s] of the recent."""

    instance_id: UUID
    is_active: bool
    logged_on_at: str
    moved_at: str | None
    velocities: list[tuple[int, float]]


class GlimpsePage(Struct):
    since: str
    seconds: int
    instances: list[Glimpse]
    next_cursor: str | None


def list_glimpses(*, after: Place | None, limit: int, now: datetime) -> GlimpsePage:
    """Return up to `limit` instances, active first, then by most recent movement.

    One that never moved sorts by when it logged on. Two queries, whatever the number of instances:
    the list, and the recent statuses of those on the page. May be stale by what the replica lags
    behind.
    """
    found = list(_ordered(after)[: limit + 1])
    shown = found[:limit]
    since = now.replace(microsecond=0) - SPAN
    recent = _recent([browser.pk for browser in shown], since)
    return GlimpsePage(
        since=to_rfc3339(since),
        seconds=SPAN // SECOND,
        instances=[_to_glimpse(browser, recent[browser.pk]) for browser in shown],
        next_cursor=write_cursor(shown[-1]) if len(found) > limit else None,
    )


def _ordered(after: Place | None) -> QuerySet[Any]:
    # By the key of the statuses it is one step into an index for each instance.
    last = PointerStatus.objects.filter(browser=OuterRef("pk"), interval_ms=FIRST_RUNG_MS)
    moved_at = Subquery(last.order_by("-time").values("time")[:1])
    browsers = stale(Browser).annotate(moved_at=moved_at)
    browsers = browsers.annotate(seen_at=Coalesce(F("moved_at"), F("logged_on_at")))
    if after:
        browsers = browsers.filter(_behind(after))
    return browsers.order_by("-is_active", "-seen_at", "-pk")


def _behind(place: Place) -> Q:
    older = Q(seen_at__lt=place.seen_at) | Q(seen_at=place.seen_at, pk__lt=place.pk)
    same = Q(is_active=place.is_active) & older
    return same | Q(is_active=False) if place.is_active else same


def _recent(keys: Iterable[int], since: datetime) -> dict[int, list[tuple[int, float]]]:
    rows = stale(PointerStatus).filter(
        browser__in=list(keys), interval_ms=FIRST_RUNG_MS, time__gte=since
    )
    recent = defaultdict(list)
    for key, time, velocity in rows.order_by("time").values_list(
        "browser_id", "time", "avg_velocity"
    ):
        recent[key].append(((time - since) // SECOND, velocity))
    return recent


def _to_glimpse(browser: Any, velocities: list[tuple[int, float]]) -> Glimpse:
    moved_at = browser.moved_at
    return Glimpse(
        instance_id=browser.instance_id,
        is_active=browser.is_active,
        logged_on_at=to_rfc3339(browser.logged_on_at),
        moved_at=to_rfc3339(moved_at) if moved_at else None,
        velocities=velocities,
    )


def write_cursor(browser: Any) -> str:
    return f"{int(browser.is_active)},{browser.seen_at.isoformat()},{browser.pk}"


def read_cursor(text: str) -> Place:
    """Read what write_cursor wrote; ValueError where it did not."""
    is_active, seen_at, pk = text.split(",")
    if not 0 < int(pk) < 2**63:
        raise ValueError("no place in the list")
    return Place(is_active == "1", parse_time(seen_at), int(pk))
