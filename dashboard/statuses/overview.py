"""All instances at a glance: their state, and their velocity over the last two minutes."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Q
from msgspec import Struct

from core.storage.replica import stale
from core.values.durations import FIRST_RUNG_MS
from core.values.times import EPOCH, MICROSECOND, to_epoch_us, to_rfc3339
from dashboard.models import Browser, PointerStatus
from dashboard.statuses.presence import State, last_movement, seen_at, state_of, with_presence

SPAN = timedelta(minutes=2)
SECOND = timedelta(seconds=1)
CURSOR = re.compile(r"([0-9]{1,17}),([0-9]{1,18}),([01]),([0-9]{1,18}),([0-9]{1,18})")


class Place(NamedTuple):
    """Where a page of the list begins, and the list that it belongs to.

    A list shows the moment `at` and the instances up to `newest`. Instances that log on, log off or
    move later do not change any of its pages.
    """

    at: datetime
    newest: int
    is_here: bool = True
    # The page begins after this instance; None means the top.
    pk: int | None = None
    # The number of instances on earlier pages.
    before: int = 0


class Glimpse(Struct):
    """An instance, when it was last seen, and its velocities as [seconds into the span, px/s]."""

    instance_id: UUID
    state: State
    seen_at: str
    has_moved: bool
    velocities: list[tuple[int, float]]


class Totals(Struct):
    """The number of all instances, of those present, and of those that logged on since."""

    all: int
    here: int
    new: int


class Glimpses(Struct):
    """The current state of some instances; their velocities begin `seconds` ago."""

    seconds: int
    instances: list[Glimpse]
    totals: Totals


class GlimpsePage(Glimpses):
    """A page of the list."""

    newest: str
    before: int
    next_cursor: str | None


def list_glimpses(*, place: Place | None, limit: int, now: datetime) -> GlimpsePage:
    """Return up to `limit` instances: those present first, each part newest first.

    The order is that of the moment when the first page was read, so that the pages show each
    instance once. The result may lag behind by the replica's delay.
    """
    place = place or Place(now, _newest())
    found = _page(place, limit + 1)
    shown = found[:limit]
    after = None
    if len(found) > limit:
        last = shown[-1]
        after = place._replace(is_here=last.is_here, pk=last.pk, before=place.before + limit)
    return GlimpsePage(
        seconds=SPAN // SECOND,
        instances=_to_glimpses(shown, now),
        totals=_count(newest=place.newest, now=now),
        newest=str(place.newest),
        before=place.before,
        next_cursor=write_cursor(after) if after else None,
    )


def refresh_glimpses(*, instance_ids: Sequence[UUID], newest: int, now: datetime) -> Glimpses:
    """Return the current state of these instances, without those that were erased."""
    browsers = stale(Browser).filter(instance_id__in=instance_ids)
    shown = list(browsers.annotate(moved_at=last_movement()))
    totals = _count(newest=newest, now=now)
    return Glimpses(SPAN // SECOND, _to_glimpses(shown, now), totals)


def _newest() -> int:
    return stale(Browser).order_by("-pk").values_list("pk", flat=True).first() or 0


def _page(place: Place, size: int) -> list[Any]:
    """Return the instances of a page, reading no more rows than it needs."""
    found: list[Any] = []
    listed = with_presence(stale(Browser).filter(pk__lte=place.newest), at=place.at)
    for is_here in (True, False) if place.is_here else (False,):
        part = listed.filter(is_here=is_here).annotate(moved_at=last_movement()).order_by("-pk")
        if place.pk is not None and is_here == place.is_here:
            part = part.filter(pk__lt=place.pk)
        found += part[: size - len(found)]
        if len(found) == size:
            break
    return found


def _count(*, newest: int, now: datetime) -> Totals:
    everyone = with_presence(stale(Browser), at=now)
    counts = {"all": Count("pk"), "here": Count("pk", filter=Q(is_here=True))}
    new = stale(Browser).filter(pk__gt=newest).count()
    return Totals(**everyone.aggregate(**counts), new=new)


def _to_glimpses(browsers: Sequence[Any], now: datetime) -> list[Glimpse]:
    since = now.replace(microsecond=0) - SPAN
    recent = _recent([browser.pk for browser in browsers], since)
    return [_to_glimpse(browser, recent[browser.pk], now) for browser in browsers]


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


def _to_glimpse(browser: Any, velocities: list[tuple[int, float]], now: datetime) -> Glimpse:
    moved_at = browser.moved_at
    return Glimpse(
        instance_id=browser.instance_id,
        state=state_of(browser, moved_at=moved_at, now=now),
        seen_at=to_rfc3339(seen_at(browser, moved_at)),
        has_moved=moved_at is not None,
        velocities=velocities,
    )


def write_cursor(place: Place) -> str:
    numbers = (to_epoch_us(place.at), place.newest, int(place.is_here), place.pk, place.before)
    return ",".join(map(str, numbers))


def read_cursor(text: str) -> Place:
    """Parse the output of write_cursor; ValueError or OverflowError for any other text."""
    match = CURSOR.fullmatch(text)
    if not match:
        raise ValueError("not a place in the list")
    at, newest, is_here, pk, before = map(int, match.groups())
    return Place(EPOCH + at * MICROSECOND, newest, bool(is_here), pk, before)
