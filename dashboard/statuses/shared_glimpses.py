"""The list of instances and its cells, read once a second for all viewers of this process.

All viewers are staff, who may see all instances; the view checks that at each request. What only
some of them may see must not be kept here.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from dashboard.statuses.glimpses import SECONDS, Glimpse, read_glimpses
from dashboard.statuses.overview import (
    WHOLE,
    GlimpsePage,
    Glimpses,
    Place,
    Totals,
    View,
    count_instances,
    count_new,
    list_glimpses,
)

# A read takes milliseconds. While the database takes longer, each viewer reads for itself, so that
# none waits for several reads.
PATIENCE_SECONDS = 0.5


@dataclass
class _Second:
    """What was read in one second."""

    number: int
    # None for an instance that was erased.
    glimpses: dict[UUID, Glimpse | None] = field(default_factory=dict)
    counts: tuple[int, int] | None = None
    new: dict[tuple[int, View], int] = field(default_factory=dict)
    pages: dict[tuple[Place | None, int, View], GlimpsePage] = field(default_factory=dict)


_lock = threading.Lock()
_latest = _Second(0)


def share_page(*, place: Place | None, limit: int, view: View, now: datetime) -> GlimpsePage:
    """Return the page that list_glimpses returns in this second."""
    asked = (place, limit, view)
    with _second(int(now.timestamp())) as second:
        if asked not in second.pages:
            second.pages[asked] = list_glimpses(place=place, limit=limit, view=view, now=now)
        return second.pages[asked]


def refresh_glimpses(
    *, instance_ids: Sequence[UUID], newest: int, now: datetime, view: View = WHOLE
) -> Glimpses:
    """Return the state of these instances in this second, without those that were erased.

    `totals.new` counts those that match and logged on after the instance of the number `newest`.
    """
    with _second(int(now.timestamp())) as second:
        missing = [one for one in instance_ids if one not in second.glimpses]
        if missing:
            read = read_glimpses(Q(instance_id__in=missing), now=now).values()
            found = {one.instance_id: one for one in read}
            second.glimpses.update((one, found.get(one)) for one in missing)
        second.counts = second.counts or count_instances(now=now)
        asked = (newest, view)
        if asked not in second.new:
            second.new[asked] = count_new(newest=newest, now=now, view=view)
        shown = [glimpse for one in instance_ids if (glimpse := second.glimpses[one])]
        return Glimpses(SECONDS, shown, Totals(*second.counts, second.new[asked]))


def forget() -> None:
    """Drop what was read in this second."""
    with _second(0):
        pass


@contextmanager
def _second(number: int) -> Iterator[_Second]:
    """Hold what was read in this second, or something empty if another viewer holds it for long."""
    global _latest
    if not _lock.acquire(timeout=PATIENCE_SECONDS):
        yield _Second(number)
        return
    try:
        if _latest.number != number:
            _latest = _Second(number)
        yield _latest
    finally:
        _lock.release()
