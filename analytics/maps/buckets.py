"""The lengths of the buckets of heat and of pages, and when one of them is over."""

from datetime import datetime, timedelta

from core.values.durations import UNITS_MS
from dashboard.statuses.intervals import floor

HEAT_MS, HOUR_MS, DAY_MS = 5 * UNITS_MS["m"], UNITS_MS["h"], UNITS_MS["d"]
# A bucket is drained this long after its end. By then the ladder has taken its last samples up, and
# the first ones of the next bucket, which end the last dwell of this one.
SETTLING = timedelta(minutes=2)


def settled(now: datetime) -> datetime:
    """Return the end of the last bucket of heat that may be drained."""
    return floor(now - SETTLING, HEAT_MS)
