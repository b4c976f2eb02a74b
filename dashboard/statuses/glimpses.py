"""An instance at a glance: its name, its state, and its velocity over the last two minutes."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q
from msgspec import Struct

from core.storage.replica import stale
from core.values.durations import FIRST_RUNG_MS
from core.values.times import to_rfc3339
from dashboard.instances.names import name_of, newest_pages
from dashboard.models import Browser, PointerStatus
from dashboard.statuses.distances import total_distances
from dashboard.statuses.presence import State, last_movement, seen_at, state_of
from dashboard.statuses.scenery import Scenery, newest_sceneries

SPAN = timedelta(minutes=2)
SECOND = timedelta(seconds=1)
SECONDS = SPAN // SECOND


class Glimpse(Struct):
    """An instance, what is known of it, and its velocities as [seconds into the span, px/s].

    `distance` is that of its whole life in px, and `lasted` the length of its life in s.
    """

    instance_id: UUID
    label: str
    place: str
    short_id: str
    pointer: str | None
    state: State
    seen_at: str
    has_moved: bool
    distance: float
    lasted: float
    velocities: list[tuple[int, float]]


class _Known(NamedTuple):
    """What is stored of some instances beside their own rows, by their keys."""

    velocities: dict[int, list[tuple[int, float]]]
    pages: dict[int, str]
    sceneries: dict[int, Scenery]
    distances: dict[int, float]


def read_glimpses(wanted: Q, *, now: datetime) -> dict[int, Glimpse]:
    """Return the current state of the instances of a condition, by their keys."""
    since = now.replace(microsecond=0) - SPAN
    browsers = list(stale(Browser).filter(wanted).annotate(moved_at=last_movement()))
    keys = [browser.pk for browser in browsers]
    known = _Known(
        _recent(keys, since), newest_pages(keys), newest_sceneries(keys), total_distances(keys)
    )
    return {browser.pk: _to_glimpse(browser, known, now) for browser in browsers}


def _recent(keys: Iterable[int], since: datetime) -> dict[int, list[tuple[int, float]]]:
    rows = stale(PointerStatus).filter(
        browser__in=list(keys), interval_ms=FIRST_RUNG_MS, time__gte=since
    )
    recent = defaultdict(list)
    for key, time, velocity in rows.order_by("time").values_list(
        "browser_id", "time", "avg_velocity"
    ):
        recent[key].append(((time - since) // SECOND, round(velocity, 1)))
    return recent


def _to_glimpse(browser: Any, known: _Known, now: datetime) -> Glimpse:
    moved_at = browser.moved_at
    seen = seen_at(browser, moved_at)
    scenery = known.sceneries.get(browser.pk)
    return Glimpse(
        instance_id=browser.instance_id,
        **name_of(browser, page=known.pages.get(browser.pk))._asdict(),
        pointer=scenery.pointer if scenery else None,
        state=state_of(browser, moved_at=moved_at, now=now),
        seen_at=to_rfc3339(seen),
        has_moved=moved_at is not None,
        distance=round(known.distances.get(browser.pk, 0.0), 1),
        lasted=max(0.0, (seen - browser.first_known_at).total_seconds()),
        velocities=known.velocities[browser.pk],
    )
