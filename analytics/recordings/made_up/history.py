"""Visits of past days to the made-up shop, as recordings that end before now."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from analytics.ingest import time_window
from analytics.recordings.made_up.visitors import device_of, label_of, visit
from analytics.recordings.playback.exported import Beside
from analytics.recordings.samples import Recording
from core.values.times import to_epoch_us

# When the shop changed, before now.
CHANGE = timedelta(days=7)
# How many people come in each hour of a day, relative to its other hours, and on a day of the
# weekend, relative to a working day.
BY_HOUR = (1, 1, 0, 0, 0, 1, 2, 4, 6, 8, 9, 9, 8, 8, 9, 9, 8, 8, 9, 10, 10, 8, 5, 2)
WEEKEND = 0.5
PAGES = (2, 5)
# Visits end before now, and the oldest are still young enough once they are sent.
MARGIN = timedelta(hours=1)


class PastVisit(NamedTuple):
    """A visit that began in the past; `number` is the visitor's."""

    number: int
    begins: datetime


def history_window(*, days: float, now: datetime) -> tuple[datetime, datetime]:
    """Return since and until when visits of so many past days begin, within retention."""
    oldest, _ = time_window(now=now)
    until = now - MARGIN
    return min(max(now - timedelta(days=days), oldest + MARGIN), until), until


def plan_visits(
    *, seed: int, since: datetime, until: datetime, each_day: float
) -> Iterator[PastVisit]:
    """Yield visits that begin in [since, until), in order of time, more of them by day.

    On a working day there are about `each_day`.
    """
    random = Random(f"{seed}/history")  # noqa: S311
    number, begins = 0, since
    while True:
        begins += timedelta(days=random.expovariate(each_day * max(BY_HOUR) * 24 / sum(BY_HOUR)))
        if begins >= until:
            return
        share = BY_HOUR[begins.hour] / max(BY_HOUR)
        if random.random() < share * (WEEKEND if begins.weekday() >= 5 else 1):
            yield PastVisit(number, begins)
            number += 1


def record_visit(
    past: PastVisit, *, seed: int, rate: float, now: datetime
) -> tuple[Recording, Beside]:
    """Return a visit's samples, and its scenes, marks and label."""
    random = Random(f"{seed}/history/{past.number}/pages")  # noqa: S311
    recording, beside = Recording(is_dated=True), Beside(label=label_of(past.number))
    begins_us = to_epoch_us(past.begins)
    for kind, us, fields in visit(
        seed=f"{seed}/history/{past.number}",
        rate=rate,
        device=device_of(past.number),
        pages=random.randint(*PAGES),
        was=past.begins < now - CHANGE,
    ):
        if kind == "events":
            recording.add(begins_us + us, **fields)
        else:
            getattr(beside, kind).append({"us": begins_us + us, **fields})
    return recording, beside
