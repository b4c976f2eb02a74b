"""The list of instances: its order, its pages, and what it counts."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from msgspec import Struct

from core.storage.replica import stale
from core.values.times import EPOCH, MICROSECOND, to_epoch_us
from dashboard.instances.finding import ALL, Filters, to_condition
from dashboard.models import BY_LABEL, PRESENT, Browser, BrowserCount
from dashboard.statuses.glimpses import SECONDS, Glimpse, read_glimpses
from dashboard.statuses.presence import GONE_AFTER, with_presence

# So many instances that match are counted, beginning with the page.
MOST_COUNTED = 1000
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


class Part(StrEnum):
    """A part of the list: those present, or of the others those that logged off, or did not."""

    HERE = "here"
    GONE = "gone"
    OFF = "off"


class Sort(StrEnum):
    """An order of the list. Without one, those present come first, and each part newest first."""

    LABEL = "label"
    OLDEST = "oldest"


ORDERS: dict[Sort | None, list[Any]] = {
    Sort.LABEL: [*BY_LABEL, "pk"],
    Sort.OLDEST: ["pk"],
}


class View(NamedTuple):
    """What a list shows: the instances that match, or those of them in one part, in an order."""

    filters: Filters = ALL
    part: Part | None = None
    sort: Sort | None = None

    @property
    def is_whole(self) -> bool:
        return self._replace(sort=None) == View()


WHOLE = View()


class Spot(NamedTuple):
    """An instance in the list."""

    pk: int
    is_here: bool


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
    """A page of the list. `matching` instances match, or more if `matching_more`.

    Both are null in a list of all instances.
    """

    newest: str
    before: int
    next_cursor: str | None
    matching: int | None
    matching_more: bool | None


def list_glimpses(
    *, place: Place | None, limit: int, now: datetime, view: View = WHOLE
) -> GlimpsePage:
    """Return up to `limit` instances in the view's order.

    The order is that of the moment when the first page was read, so that the pages show each
    instance once, unless it is by label and labels change meanwhile. The result may lag behind by
    the replica's delay.
    """
    place = place or Place(now, _newest())
    most = limit if view.is_whole else max(limit, MOST_COUNTED)
    read = _sorted_page if view.sort else _page
    found = read(place, most + 1, view, to_condition(view.filters, now=place.at))
    shown = found[:limit]
    after = None
    if len(found) > limit:
        last = shown[-1]
        after = place._replace(is_here=last.is_here, pk=last.pk, before=place.before + limit)
    current = read_glimpses(Q(pk__in=[spot.pk for spot in shown]), now=now)
    return GlimpsePage(
        seconds=SECONDS,
        instances=[current[spot.pk] for spot in shown if spot.pk in current],
        totals=_count(newest=place.newest, now=now, view=view),
        newest=str(place.newest),
        before=place.before,
        next_cursor=write_cursor(after) if after else None,
        matching=None if view.is_whole else place.before + min(len(found), most),
        matching_more=None if view.is_whole else len(found) > most,
    )


def count_instances(*, now: datetime) -> tuple[int, int]:
    """Return the number of all instances, and of those present."""
    sums = stale(BrowserCount).aggregate(
        every=Coalesce(Sum("every"), 0), present=Coalesce(Sum("present"), 0)
    )
    unclear = _unclear(now).values_list("away_since", "is_here")
    wrong = sum(is_here - (away_since is None) for away_since, is_here in unclear)
    return sums["every"], sums["present"] + wrong


def count_new(*, newest: int, now: datetime, view: View = WHOLE) -> int:
    """Return the number of instances that match and logged on after this one."""
    new = stale(Browser).filter(pk__gt=newest)
    count = new.count()
    # Text is searched for only if there is something to search.
    if not count or view.is_whole:
        return count
    # An instance that has just logged on is present.
    if view.part not in (None, Part.HERE):
        return 0
    return new.filter(to_condition(view.filters, now=now)).count()


def _newest() -> int:
    return stale(Browser).order_by("-pk").values_list("pk", flat=True).first() or 0


def _page(place: Place, size: int, view: View, wanted: Q) -> list[Spot]:
    """Return the instances of a page, reading no more rows than it needs."""
    found: list[Spot] = []
    away = _absence(view.part, place.at)
    unclear = dict(_unclear(place.at).filter(wanted, away).values_list("pk", "is_here"))
    for is_here in _parts(place, view):
        last = place.newest
        if place.pk is not None and is_here == place.is_here:
            last = min(last, place.pk - 1)
        # The clear ones are read in the order of an index.
        clear = _clearly_here(place.at) if is_here else _clearly_away(place.at).filter(away)
        clear = clear.filter(wanted, pk__lte=last).order_by("-pk")
        part = list(clear.values_list("pk", flat=True)[:size])
        part += [pk for pk in unclear if unclear[pk] == is_here and pk <= last]
        found += [Spot(pk, is_here) for pk in sorted(part, reverse=True)[: size - len(found)]]
        if len(found) == size:
            break
    return found


def _sorted_page(place: Place, size: int, view: View, wanted: Q) -> list[Spot]:
    """Return the instances of a page of a list that is not in parts.

    It is read in the order of an index. The instances on earlier pages are counted off.
    """
    rows = stale(Browser).filter(wanted, _is_in(view.part, place.at), pk__lte=place.newest)
    keys = rows.order_by(*ORDERS[view.sort]).values_list("pk", flat=True)
    return [Spot(pk, True) for pk in keys[place.before : place.before + size]]


def _is_in(part: Part | None, at: datetime) -> Q:
    """Return the condition that an instance was in this part at that moment."""
    if part is None:
        return Q()
    is_wanted = part == Part.HERE
    absence = _absence(part, at)
    unclear = dict(_unclear(at).filter(absence).values_list("pk", "is_here"))
    known = Q(last_known_at__gt=at - GONE_AFTER, last_known_at__lte=at)
    clear = PRESENT & known if is_wanted else Q(away_since__lte=at) & absence
    found = [pk for pk, is_here in unclear.items() if is_here == is_wanted]
    return clear | Q(pk__in=found)


def _parts(place: Place, view: View) -> list[bool]:
    """Return whether the instances of each part to be read are present, in order."""
    parts = [True, False] if place.is_here else [False]
    return [
        is_here for is_here in parts if view.part is None or is_here == (view.part == Part.HERE)
    ]


def _absence(part: Part | None, at: datetime) -> Q:
    """Return the condition that one that was away at that moment belongs to this part."""
    had_logged_off = Q(logged_on_at__gt=at) | Q(is_active=False) & ~Q(logged_off_at__gt=at)
    match part:
        case Part.OFF:
            return had_logged_off
        case Part.GONE:
            return ~had_logged_off
    return Q()


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


def _count(*, newest: int, now: datetime, view: View) -> Totals:
    every, here = count_instances(now=now)
    return Totals(every, here, count_new(newest=newest, now=now, view=view))


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
