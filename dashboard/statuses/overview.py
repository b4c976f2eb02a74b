"""All instances at a glance: their state, and their velocity over the last two minutes."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from msgspec import Struct

from core.storage.replica import stale
from core.values.durations import FIRST_RUNG_MS
from core.values.times import EPOCH, MICROSECOND, to_epoch_us, to_rfc3339
from dashboard.models import PRESENT, Browser, BrowserCount, PointerStatus
from dashboard.statuses.presence import (
    GONE_AFTER,
    State,
    last_movement,
    seen_at,
    state_of,
    with_presence,
)

SPAN = timedelta(minutes=2)
SECOND = timedelta(seconds=1)
SECONDS = SPAN // SECOND
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


class Spot(NamedTuple):
    """An instance in the list."""

    pk: int
    is_here: bool


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
    current = _read(Q(pk__in=[spot.pk for spot in shown]), now)
    return GlimpsePage(
        seconds=SECONDS,
        instances=[current[spot.pk] for spot in shown if spot.pk in current],
        totals=_count(newest=place.newest, now=now),
        newest=str(place.newest),
        before=place.before,
        next_cursor=write_cursor(after) if after else None,
    )


def read_glimpses(*, instance_ids: Sequence[UUID], now: datetime) -> list[Glimpse]:
    """Return the current state of these instances, without those that were erased."""
    return list(_read(Q(instance_id__in=instance_ids), now).values())


def count_instances(*, now: datetime) -> tuple[int, int]:
    """Return the number of all instances, and of those present."""
    sums = stale(BrowserCount).aggregate(
        every=Coalesce(Sum("every"), 0), present=Coalesce(Sum("present"), 0)
    )
    unclear = _unclear(now).values_list("away_since", "is_here")
    wrong = sum(is_here - (away_since is None) for away_since, is_here in unclear)
    return sums["every"], sums["present"] + wrong


def count_new(*, newest: int) -> int:
    """Return the number of instances that logged on after this one."""
    return stale(Browser).filter(pk__gt=newest).count()


def _newest() -> int:
    return stale(Browser).order_by("-pk").values_list("pk", flat=True).first() or 0


def _page(place: Place, size: int) -> list[Spot]:
    """Return the instances of a page, reading no more rows than it needs."""
    found: list[Spot] = []
    unclear = dict(_unclear(place.at).values_list("pk", "is_here"))
    for is_here in (True, False) if place.is_here else (False,):
        last = place.newest
        if place.pk is not None and is_here == place.is_here:
            last = min(last, place.pk - 1)
        # The clear ones are read in the order of an index.
        clear = (_clearly_here if is_here else _clearly_away)(place.at).filter(pk__lte=last)
        part = list(clear.order_by("-pk").values_list("pk", flat=True)[:size])
        part += [pk for pk in unclear if unclear[pk] == is_here and pk <= last]
        found += [Spot(pk, is_here) for pk in sorted(part, reverse=True)[: size - len(found)]]
        if len(found) == size:
            break
    return found


def _clearly_here(at: datetime) -> QuerySet[Any]:
    # Of a plain column PostgreSQL expects few rows, and reads and sorts all that are present.
    known = stale(Browser).alias(known_at=F("last_known_at") + timedelta(0))
    return known.filter(PRESENT, known_at__gt=at - GONE_AFTER, known_at__lte=at)


def _clearly_away(at: datetime) -> QuerySet[Any]:
    return stale(Browser).filter(away_since__lte=at)


def _unclear(at: datetime) -> QuerySet[Any]:
    """Return the instances whose movements say where they were at that moment, with `is_here`.

    Those that the job has yet to look at (dashboard/statuses/departures.py), and those that came or
    went since.
    """
    silent, later = Q(last_known_at__lte=at - GONE_AFTER), Q(last_known_at__gt=at)
    unclear = PRESENT & silent | PRESENT & later | Q(away_since__gt=at)
    return with_presence(stale(Browser).filter(unclear), at=at)


def _count(*, newest: int, now: datetime) -> Totals:
    every, here = count_instances(now=now)
    return Totals(every, here, count_new(newest=newest))


def _read(wanted: Q, now: datetime) -> dict[int, Glimpse]:
    since = now.replace(microsecond=0) - SPAN
    browsers = list(stale(Browser).filter(wanted).annotate(moved_at=last_movement()))
    recent = _recent([browser.pk for browser in browsers], since)
    return {browser.pk: _to_glimpse(browser, recent[browser.pk], now) for browser in browsers}


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
