"""The intervals of a series: the rungs of the ladder and their multiples."""

from datetime import UTC, datetime, timedelta

from core.values.durations import UNITS_MS

# The intervals that `auto` chooses from.
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
WEEK_MS = STEPS_MS[-1]
# `time_bucket` counts from this Monday, so that weeks begin on Mondays.
ORIGIN = datetime.fromisoformat("2000-01-03T00:00:00Z")
LATEST = datetime.max.replace(tzinfo=UTC)


def choose_interval(*, since: datetime, until: datetime, max_points: int, rung_ms: int) -> int:
    """Return the finest interval that cuts the range into at most `max_points` buckets.

    It is one of STEPS_MS that is a multiple of the rung, or else a multiple of a week.
    """
    steps = (step for step in STEPS_MS if step % rung_ms == 0)
    for step in steps:
        if count_buckets(since=since, until=until, interval_ms=step) <= max_points:
            return step
    span_ms = -((since - until) // timedelta(milliseconds=1))
    return -(-span_ms // (max_points * WEEK_MS)) * WEEK_MS


def count_buckets(*, since: datetime, until: datetime, interval_ms: int) -> int:
    """Return how many buckets start in [since, until)."""
    return max(0, _ceil(until, interval_ms) - _ceil(since, interval_ms))


def buckets(*, since: datetime, until: datetime, interval_ms: int) -> list[datetime]:
    """Return the starts of the buckets in [since, until), aligned as `time_bucket` aligns them."""
    interval = timedelta(milliseconds=interval_ms)
    places = range(_ceil(since, interval_ms), _ceil(until, interval_ms))
    return [ORIGIN + i * interval for i in places]


def align(moment: datetime, interval_ms: int) -> datetime:
    """Return the start of the first bucket that starts at or after the moment.

    A start beyond the year 9999 cannot be represented; LATEST is returned instead, at which no
    bucket starts.
    """
    try:
        return ORIGIN + _ceil(moment, interval_ms) * timedelta(milliseconds=interval_ms)
    except OverflowError:
        return LATEST


def floor(moment: datetime, interval_ms: int) -> datetime:
    """Return the start of the bucket that holds a moment."""
    interval = timedelta(milliseconds=interval_ms)
    return ORIGIN + (moment - ORIGIN) // interval * interval


def _ceil(moment: datetime, interval_ms: int) -> int:
    return -((ORIGIN - moment) // timedelta(milliseconds=interval_ms))
