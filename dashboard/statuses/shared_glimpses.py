"""The cells of the list, read once a second for all viewers of this process.

All viewers are staff, who may see all instances; the view checks that at each request. What only
some of them may see must not be kept here.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from dashboard.statuses.overview import (
    SECONDS,
    Glimpse,
    Glimpses,
    Totals,
    count_instances,
    count_new,
    read_glimpses,
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
    new: dict[int, int] = field(default_factory=dict)


_lock = threading.Lock()
_latest = _Second(0)


def refresh_glimpses(*, instance_ids: Sequence[UUID], newest: int, now: datetime) -> Glimpses:
    """Return the state of these instances in this second, without those that were erased.

    `totals.new` counts those that logged on after the instance of the number `newest`.
    """
    with _second(int(now.timestamp())) as second:
        missing = [one for one in instance_ids if one not in second.glimpses]
        if missing:
            found = {one.instance_id: one for one in read_glimpses(instance_ids=missing, now=now)}
            second.glimpses.update((one, found.get(one)) for one in missing)
        second.counts = second.counts or count_instances(now=now)
        if newest not in second.new:
            second.new[newest] = count_new(newest=newest)
        shown = [glimpse for one in instance_ids if (glimpse := second.glimpses[one])]
        return Glimpses(SECONDS, shown, Totals(*second.counts, second.new[newest]))


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
