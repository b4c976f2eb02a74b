"""The intervals of a series: the ladder's rungs, and multiples of them."""

import re
from datetime import UTC, datetime, timedelta

RUNGS_MS = (1000,)
UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
# What `auto` chooses from: intervals that people think in.
STEPS_MS = tuple(
    n * UNITS_MS[unit]
    for unit, steps in {
        "s": (1, 2, 5, 10, 15, 30),
        "m": (1, 2, 5, 10, 15, 30),
        "h": (1, 2, 3, 6, 12),
        "d": (1, 2, 7),
    }.items()
    for n in steps
)
INTERVAL = re.compile("([1-9][0-9]{0,7})([smhd])")
MAX_INTERVAL_MS = 366 * UNITS_MS["d"]
# `time_bucket` counts from this Monday, so that weeks begin on one.
ORIGIN = datetime.fromisoformat("2000-01-03T00:00:00Z")
LATEST = datetime.max.replace(tzinfo=UTC)


def parse_interval(text: str) -> int:
    """Read `1s`, `30s`, `5m`, `1h`, `1d` as milliseconds; ValueError where it is none of these."""
    match = INTERVAL.fullmatch(text)
    if not match or int(match[1]) * UNITS_MS[match[2]] > MAX_INTERVAL_MS:
        raise ValueError("an interval is auto, or a whole number of s, m, h or d, up to 366 days")
    return int(match[1]) * UNITS_MS[match[2]]


def choose_interval(*, since: datetime, until: datetime, max_points: int) -> int:
    """Return the finest of STEPS_MS that cuts the range into at most `max_points` buckets."""
    fitting = (
        step
        for step in STEPS_MS
        if count_buckets(since=since, until=until, interval_ms=step) <= max_points
    )
    return next(fitting, STEPS_MS[-1])


def count_buckets(*, since: datetime, until: datetime, interval_ms: int) -> int:
    """Return how many buckets start in [since, until)."""
    return max(0, _ceil(until, interval_ms) - _ceil(since, interval_ms))


def buckets(*, since: datetime, until: datetime, interval_ms: int) -> list[datetime]:
    """Return the starts of the buckets in [since, until), aligned as `time_bucket` aligns them."""
    interval = timedelta(milliseconds=interval_ms)
    places = range(_ceil(since, interval_ms), _ceil(until, interval_ms))
    return [ORIGIN + i * interval for i in places]


def align(moment: datetime, interval_ms: int) -> datetime:
    """Return the start of the first bucket that does not start before the moment.

    Where that lies beyond the year 9999 there is no such bucket: LATEST, at which none starts.
    """
    try:
        return ORIGIN + _ceil(moment, interval_ms) * timedelta(milliseconds=interval_ms)
    except OverflowError:
        return LATEST


def _ceil(moment: datetime, interval_ms: int) -> int:
    return -((ORIGIN - moment) // timedelta(milliseconds=interval_ms))
