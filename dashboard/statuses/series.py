"""Statuses as a time series, of one browser or of all browsers together."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from core.api.file_formats import Column, Kind, Page
from core.values.times import to_rfc3339
from dashboard.statuses.fresh import Bucket, Wanted, count_browsers, read_buckets, read_first
from dashboard.statuses.intervals import align, buckets, floor
from dashboard.wire import Status, TotalStatus

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
    return [
        Status(to_rfc3339(bucket.time), *_numbers(bucket, span), *_positions(bucket))
        for bucket in _read(span, browser_id, is_stale=not fresh)
    ]


def list_total_statuses(*, span: Range) -> list[TotalStatus]:
    """Return the series of all browsers together; it has no positions."""
    return [
        TotalStatus(to_rfc3339(bucket.time), *_numbers(bucket, span))
        for bucket in _read(span, None)
    ]


def count_active(*, span: Range) -> tuple[dict[str, int], int]:
    """Return the number of browsers with samples in each bucket that has any, and in the range.

    The keys are the buckets' times as in `list_total_statuses`.
    """
    counts, every = count_browsers(_to_wanted(span, None))
    return {to_rfc3339(time): count for time, count in counts.items()}, every


def page_statuses(*, browser_id: int, span: Range) -> Iterator[Page]:
    """Yield a browser's series, of any length, in pages of rows of COLUMNS.

    A gap without statuses costs one index lookup, unless `fill` asks for its buckets.
    """
    interval = timedelta(milliseconds=span.interval_ms)
    while start := _first_bucket(browser_id, span):
        room = span.until - start
        until = start + PAGE_BUCKETS * interval if PAGE_BUCKETS * interval < room else span.until
        yield [
            (bucket.time, *_numbers(bucket, span), *_positions(bucket))
            for bucket in _read(span._replace(since=start, until=until), browser_id)
        ]
        span = span._replace(since=until)


def _first_bucket(browser_id: int, span: Range) -> datetime | None:
    """Return the start of the first bucket to read, or with `fill` of the first bucket."""
    if span.fill:
        start = align(span.since, span.interval_ms)
        return start if start < span.until else None
    time = read_first(_to_wanted(span, browser_id))
    return time and floor(time, span.interval_ms)


def _read(span: Range, browser_id: int | None, *, is_stale: bool = True) -> list[Bucket]:
    found = read_buckets(_to_wanted(span, browser_id)._replace(is_stale=is_stale))
    if not span.fill:
        return found
    known = {bucket.time: bucket for bucket in found}
    times = buckets(since=span.since, until=span.until, interval_ms=span.interval_ms)
    return [known.get(time) or Bucket(time, time, time) for time in times]


def _to_wanted(span: Range, browser_id: int | None) -> Wanted:
    since, until = (align(moment, span.interval_ms) for moment in (span.since, span.until))
    return Wanted(browser_id, since, until, span.interval_ms)


def _numbers(bucket: Bucket, span: Range) -> tuple[int, int, float, float, float, float]:
    """Return the fields of a status from its interval to its time in movement."""
    return (
        span.interval_ms,
        bucket.events,
        bucket.traversed_distance,
        bucket.traversed_distance / (span.interval_ms / 1000),
        bucket.peak_velocity,
        bucket.moving_time,
    )


def _positions(bucket: Bucket) -> tuple[float | None, ...]:
    return bucket[-4:]
