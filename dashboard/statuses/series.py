"""Statuses as a time series, of one browser or of all browsers together."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.db.models import Max, QuerySet, Sum
from timescale.db.models.aggregates import First, Last
from timescale.db.models.expressions import TimeBucket

from core.api.file_formats import Column, Kind, Page
from core.storage.replica import stale
from core.values.times import MICROSECOND, to_rfc3339
from dashboard.statuses.intervals import align, buckets
from dashboard.statuses.ladder import model_of, rung_for
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
# The columns of an exported series; docs/metrics.md defines every number.
COLUMNS = (
    Column("time", Kind.TIME, "", "the bucket's start, UTC"),
    Column("interval_ms", Kind.INT64, "ms", "the bucket's length"),
    Column("events", Kind.INT64, "", "number of samples"),
    Column("traversed_distance", Kind.FLOAT64, "px", "length of the path"),
    Column("avg_velocity", Kind.FLOAT64, "px/s", "traversed_distance by the bucket's length"),
    Column("peak_velocity", Kind.FLOAT64, "px/s", "velocity of the fastest 100 ms"),
    Column("moving_time", Kind.FLOAT64, "s", "time in movement"),
    Column("start_x", Kind.FLOAT32, "px", "where the first sample is, from the left"),
    Column("start_y", Kind.FLOAT32, "px", "where the first sample is, from the top"),
    Column("end_x", Kind.FLOAT32, "px", "where the last sample is, from the left"),
    Column("end_y", Kind.FLOAT32, "px", "where the last sample is, from the top"),
)
PAGE_BUCKETS = 5000


class Range(NamedTuple):
    """The buckets of a series: those that start in [since, until)."""

    since: datetime
    until: datetime
    interval_ms: int
    fill: bool


def list_statuses(*, browser_id: int, span: Range, fresh: bool = False) -> list[Status]:
    """Return a browser's series, earliest first.

    A coarser status is made of the finer ones inside it (docs/metrics.md). `fill` adds buckets
    without events: all zero, with no position. The series may lag behind by the replica's delay
    unless `fresh` is set.
    """
    rows = _rolled_up(_stored(span, fresh=fresh).filter(browser_id=browser_id), span, POSITIONS)
    return [_to_status(Status, row, span, POSITIONS) for row in rows]


def list_total_statuses(*, span: Range) -> list[TotalStatus]:
    """Return the series of all browsers together; it has no positions."""
    return [_to_status(TotalStatus, row, span, {}) for row in _rolled_up(_stored(span), span, {})]


def page_statuses(*, browser_id: int, span: Range) -> Iterator[Page]:
    """Yield a browser's series, of any length, in pages of rows of COLUMNS.

    A gap without statuses costs one index lookup, unless `fill` asks for its buckets.
    """
    interval = timedelta(milliseconds=span.interval_ms)
    while start := _first_bucket(browser_id, span):
        room = span.until - start
        until = start + PAGE_BUCKETS * interval if PAGE_BUCKETS * interval < room else span.until
        piece = span._replace(since=start, until=until)
        rows = _rolled_up(_stored(piece).filter(browser_id=browser_id), piece, POSITIONS)
        yield [_to_row(row, span) for row in rows]
        span = span._replace(since=until)


def _first_bucket(browser_id: int, span: Range) -> datetime | None:
    """Return the start of the first bucket with a status, or with `fill` of the first bucket."""
    if span.fill:
        start = align(span.since, span.interval_ms)
        return start if start < span.until else None
    rows = _stored(span).filter(browser_id=browser_id).order_by("time")
    time = rows.values_list("time", flat=True).first()
    # This status lies in the last bucket that starts no later than it.
    interval = timedelta(milliseconds=span.interval_ms)
    return time and align(time - interval + MICROSECOND, span.interval_ms)


def _stored(span: Range, *, fresh: bool = False) -> QuerySet:
    """Return the statuses in the series' whole buckets, of the coarsest rung that divides them."""
    rung = rung_for(span.interval_ms)
    statuses = model_of(rung).objects.all() if fresh else stale(model_of(rung))
    return statuses.filter(
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
    return kind(time=to_rfc3339(row["bucket"]), **_to_fields(row, span, positions))


def _to_row(row: dict[str, Any], span: Range) -> tuple[Any, ...]:
    fields = {"time": row["bucket"], **_to_fields(row, span, POSITIONS)}
    return tuple(fields[column.name] for column in COLUMNS)


def _to_fields(row: dict[str, Any], span: Range, positions: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: row.get(name, 0) for name in NUMBERS}
    return {
        "interval_ms": span.interval_ms,
        "avg_velocity": numbers["traversed_distance"] / (span.interval_ms / 1000),
        **numbers,
        **{name: row.get(name) for name in positions},
    }
