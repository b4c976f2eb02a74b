"""Statuses as a series over time: one browser's, or those of all together."""

from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db.models import Max, QuerySet, Sum
from timescale.db.models.aggregates import First, Last
from timescale.db.models.expressions import TimeBucket

from core.times import to_rfc3339
from dashboard.intervals import align, buckets
from dashboard.ladder import model_of, rung_for
from dashboard.wire import Status, TotalStatus

T = TypeVar("T", Status, TotalStatus)

NUMBERS = {
    "events": Sum("events"),
    "traversed_distance": Sum("traversed_distance"),
    "peak_velocity": Max("peak_velocity"),
    "moving_time": Sum("moving_time"),
}
POSITIONS = {
    "start_x": First("start_x", "time"),
    "start_y": First("start_y", "time"),
    "end_x": Last("end_x", "time"),
    "end_y": Last("end_y", "time"),
}


class Range(NamedTuple):
    """Which buckets a series has: those that start in [since, until)."""

    since: datetime
    until: datetime
    interval_ms: int
    fill: bool


def list_statuses(*, browser_id: int, span: Range) -> list[Status]:
    """Return a browser's series, earliest first.

    A coarser status is made of the finer ones inside it (docs/metrics.md). `fill` adds the buckets
    without events: zero throughout, and no position.
    """
    rows = _rolled_up(_stored(span).filter(browser_id=browser_id), span, POSITIONS)
    return [_to_status(Status, row, span, POSITIONS) for row in rows]


def list_total_statuses(*, span: Range) -> list[TotalStatus]:
    """Return the series of all browsers together; it has no positions."""
    return [_to_status(TotalStatus, row, span, {}) for row in _rolled_up(_stored(span), span, {})]


def _stored(span: Range) -> QuerySet:
    """The statuses inside the series' whole buckets, of the coarsest rung that makes them up."""
    rung = rung_for(span.interval_ms)
    return model_of(rung).objects.filter(
        interval_ms=rung,
        time__gte=align(span.since, span.interval_ms),
        time__lt=align(span.until, span.interval_ms),
    )


def _rolled_up(rows: QuerySet, span: Range, positions: dict[str, Any]) -> list[dict[str, Any]]:
    bucket = TimeBucket("time", f"{span.interval_ms} milliseconds")
    grouped = rows.values(bucket=bucket).annotate(**NUMBERS, **positions).order_by("bucket")
    if not span.fill:
        return list(grouped)
    known = {row["bucket"]: row for row in grouped}
    times = buckets(since=span.since, until=span.until, interval_ms=span.interval_ms)
    return [known.get(time, {"bucket": time}) for time in times]


def _to_status(kind: type[T], row: dict[str, Any], span: Range, positions: dict[str, Any]) -> T:
    numbers: dict[str, Any] = {name: row.get(name, 0) for name in NUMBERS}
    place: dict[str, Any] = {name: row.get(name) for name in positions}
    return kind(
        time=to_rfc3339(row["bucket"]),
        interval_ms=span.interval_ms,
        avg_velocity=numbers["traversed_distance"] / (span.interval_ms / 1000),
        **numbers,
        **place,
    )
