"""A browser's statuses as a series over time."""

from datetime import datetime, timedelta
from typing import Any

from core.times import EPOCH, to_rfc3339
from dashboard.models import PointerStatus

COLUMNS = (
    "time",
    "interval_ms",
    "events",
    "traversed_distance",
    "avg_velocity",
    "peak_velocity",
    "moving_time",
    "start_x",
    "start_y",
    "end_x",
    "end_y",
)


def list_statuses(
    *, browser_id: int, since: datetime, until: datetime, interval_ms: int, fill: bool
) -> list[dict[str, Any]]:
    """Return the statuses whose bucket starts in [since, until), earliest first.

    `fill` adds the buckets without events: zero throughout, and no position.
    """
    rows = PointerStatus.objects.filter(
        browser_id=browser_id, interval_ms=interval_ms, time__gte=since, time__lt=until
    )
    known = {row["time"]: row for row in rows.order_by("time").values(*COLUMNS)}
    times = buckets(since=since, until=until, interval_ms=interval_ms) if fill else list(known)
    return [
        {**(known.get(time) or _empty(interval_ms)), "time": to_rfc3339(time)} for time in times
    ]


def buckets(*, since: datetime, until: datetime, interval_ms: int) -> list[datetime]:
    """Return the starts of the buckets in [since, until), aligned to the epoch."""
    interval = timedelta(milliseconds=interval_ms)
    first = -((EPOCH - since) // interval)
    last = -((EPOCH - until) // interval)
    return [EPOCH + i * interval for i in range(first, last)]


def _empty(interval_ms: int) -> dict[str, Any]:
    zero = {"events": 0, "traversed_distance": 0.0, "avg_velocity": 0.0, "peak_velocity": 0.0}
    place = dict.fromkeys(("start_x", "start_y", "end_x", "end_y"))
    return {"interval_ms": interval_ms, **zero, "moving_time": 0.0, **place}
