"""Checking statuses: each computed anew from the level below, and compared with what is stored."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from timescale.db.models.expressions import TimeBucket

from analytics.backfills import PIECE, rows_of
from analytics.formulas import FROM_FIRST_RUNG, FROM_HIGHER_RUNG, FROM_SAMPLES
from analytics.models import DirtyRange
from analytics.recomputation import TOUCHED
from analytics.rollups import LOCK_SHARD, drain
from core.durations import FIRST_RUNG_MS
from dashboard.ladder import RAW, level_below, model_of, rung_above

COLUMNS = (
    *("events", "traversed_distance", "avg_velocity", "peak_velocity", "moving_time"),
    *("start_x", "start_y", "end_x", "end_y"),
)
RELATIVE_ERROR = 1e-9

# One statement, so one snapshot: samples come with their marks, and drains take marks and write
# statuses, in one transaction each. What still waits in the outbox may differ, all else may not.
# Sealed buckets, whose samples or finer statuses may be gone, are passed over.
COMPARE = """
with span as (
    select %(browser)s::bigint as browser_id, span from unnest(
        tstzmultirange(tstzrange(%(since)s, %(until)s)) * tstzmultirange(tstzrange((
            select time_bucket(%(interval)s, before + %(interval)s - interval '1 microsecond')
            from analytics_seal where level = %(level)s
        ), null))
    ) as span
), claimed as (
    select browser_id, since, until from analytics_dirtyrange
    where browser_id = %(browser)s and rung = %(rung)s
), {touched}, {fresh}, stored as (
    select s.* from span join {table} s
        on s.browser_id = span.browser_id and s.interval_ms = %(rung)s
        and s.time >= lower(span.span) and s.time < upper(span.span)
)
select coalesce(stored.time, fresh.time), {stored_columns}, {fresh_columns}
from stored full join fresh on fresh.time = stored.time
where ({stored_columns}) is distinct from ({fresh_columns}) and not exists (
    select from touched
    where coalesce(stored.time, fresh.time) between time_bucket(%(interval)s, touched.since)
                                                and time_bucket(%(interval)s, touched.until)
) order by 1
"""

# Locks: the statuses it deletes, which belong to our shard alone, whose lock the caller holds.
DELETE = """
delete from {table}
where browser_id = %(browser)s and interval_ms = %(rung)s and time = any(%(times)s)
"""
SET_LIMITS = "select set_config('statement_timeout', '60s', true)"


class Difference(NamedTuple):
    """A number of a status that is not what it should be.

    A status that is missing (stored: None) or needless (expected: None) differs in its `events`.
    """

    time: datetime
    column: str
    stored: float | None
    expected: float | None


class Scope(NamedTuple):
    """What is checked: a browser's statuses of a rung (ms) that start in [since, until)."""

    browser_id: int
    rung: int
    since: datetime | None = None
    until: datetime | None = None


def list_differences(*, scope: Scope) -> list[Difference]:
    """Return where the stored statuses differ from those that the level below gives.

    Sums may differ by a relative 1e-9. Safe beside live traffic: what waits in the outbox is not
    compared, nor is what was sealed.
    """
    return [found for piece in _pieces(scope) for found in _compare(scope, piece)]


def repair(*, scope: Scope, differences: list[Difference], now: datetime) -> None:
    """Recompute the statuses that differ, and delete those that nothing gives.

    What changes is marked for the rung above.
    """
    shard = scope.browser_id % settings.ROLLUP_SHARDS
    needless = sorted({d.time for d in differences if d.expected is None})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_SHARD, {"rung": scope.rung, "shard": shard})
        _delete(cursor, scope, needless)
        _mark(scope.browser_id, scope.rung, sorted({d.time for d in differences}))
        above = rung_above(scope.rung)
        if above:
            _mark(scope.browser_id, above, needless)
    drain(rung=scope.rung, shard=shard, now=now)


def _delete(cursor: Any, scope: Scope, times: list[datetime]) -> None:
    table = model_of(scope.rung)._meta.db_table
    keys = {"browser": scope.browser_id, "rung": scope.rung, "times": times}
    cursor.execute(DELETE.format(table=table), keys)


def _mark(browser_id: int, rung: int, times: list[datetime]) -> None:
    DirtyRange.objects.bulk_create(
        DirtyRange(browser_id=browser_id, since=time, until=time, rung=rung) for time in times
    )


def _pieces(scope: Scope) -> list[datetime]:
    """The starts of the pieces in which the level below, or the rung itself, has anything."""
    return sorted(
        {
            start
            for level in (level_below(scope.rung), scope.rung)
            for start in _starts(rows_of(level), scope)
        }
    )


def _starts(rows: QuerySet[Any], scope: Scope) -> Iterator[datetime]:
    rows = rows.filter(browser_id=scope.browser_id)
    length = _length(scope.rung)
    if scope.since:
        rows = rows.filter(time__gte=scope.since - length)
    if scope.until:
        rows = rows.filter(time__lt=scope.until + length)
    yield from rows.values_list(TimeBucket("time", length), flat=True).distinct()


def _length(rung: int) -> timedelta:
    return max(PIECE, timedelta(milliseconds=rung))


def _compare(scope: Scope, start: datetime) -> list[Difference]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET_LIMITS)
        cursor.execute(_statement(scope.rung), _parameters(scope, start))
        rows = cursor.fetchall()
    return [
        difference
        for time, *numbers in rows
        if (scope.since is None or time >= scope.since)
        and (scope.until is None or time < scope.until)
        for difference in _differing(time, numbers)
    ]


def _differing(time: datetime, numbers: list[Any]) -> Iterator[Difference]:
    stored, expected = numbers[: len(COLUMNS)], numbers[len(COLUMNS) :]
    if None in (stored[0], expected[0]):
        yield Difference(time, COLUMNS[0], stored[0], expected[0])
        return
    for column, was, shall in zip(COLUMNS, stored, expected, strict=True):
        if abs(was - shall) > RELATIVE_ERROR * max(abs(shall), 1):
            yield Difference(time, column, was, shall)


def _statement(rung: int) -> str:
    below = level_below(rung)
    fresh = {RAW: FROM_SAMPLES, FIRST_RUNG_MS: FROM_FIRST_RUNG}.get(below, FROM_HIGHER_RUNG)
    return COMPARE.format(
        touched=TOUCHED if below == RAW else "touched as (select * from claimed)",
        fresh=fresh,
        table=model_of(rung)._meta.db_table,
        stored_columns=", ".join(f"stored.{column}" for column in COLUMNS),
        fresh_columns=", ".join(f"fresh.{column}" for column in COLUMNS),
    )


def _parameters(scope: Scope, start: datetime) -> dict[str, Any]:
    return {
        "browser": scope.browser_id,
        "rung": scope.rung,
        "level": level_below(scope.rung),
        "interval": timedelta(milliseconds=scope.rung),
        "since": start,
        "until": start + _length(scope.rung),
        "idle_gap": settings.IDLE_GAP_MS / 1000,
    }
