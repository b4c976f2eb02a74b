"""Checks of statuses: each is recomputed from the level below and compared with the stored one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from analytics.models import PointerPositionEvent
from analytics.rollups.formulas import FROM_SAMPLES, FROM_STATUSES
from analytics.rollups.spans import TOUCHED
from dashboard.statuses.intervals import align
from dashboard.statuses.ladder import RAW, level_below, model_of

COLUMNS = (
    *("events", "traversed_distance", "avg_velocity", "peak_velocity", "moving_time"),
    *("start_x", "start_y", "end_x", "end_y"),
)
RELATIVE_ERROR = 1e-9
# The most that one statement compares: it takes seconds, and holds no chunk for longer.
MOST_ROWS, MOST_PIECES = 300_000, 2000
PIECE, WINDOW = timedelta(hours=1), timedelta(days=1)
PATIENCE = "select set_config('statement_timeout', '10min', true)"

# Windows that have chunks, found without reading any data.
WINDOWS = """
select distinct start from timescaledb_information.chunks, generate_series(
    time_bucket(%(window)s, greatest(range_start, %(since)s::timestamptz)),
    least(range_end, %(until)s::timestamptz) - interval '1 microsecond', %(window)s
) as start
where hypertable_name = any(%(tables)s) order by start
"""

# The pieces of a window to compare: those with rows of the level below or of the rung itself, and
# the number of rows of the level below.
PIECES = """
select browser_id, greatest(start, %(since)s::timestamptz) as since,
       least(start + %(length)s, %(until)s::timestamptz) as until, sum(rows)::bigint
from (
    select browser_id, time_bucket(%(length)s, time) as start, count(*) as rows from {below}
    where time >= %(from)s and time < %(to)s and {level}
        and (%(browsers)s::bigint[] is null or browser_id = any(%(browsers)s::bigint[]))
    group by browser_id, start
    union all
    select browser_id, time_bucket(%(length)s, time) as start, 0 from {table}
    where time >= %(from)s and time < %(to)s and interval_ms = %(rung)s
        and (%(browsers)s::bigint[] is null or browser_id = any(%(browsers)s::bigint[]))
    group by browser_id, start
) piece
group by browser_id, start order by start, browser_id
"""

# One statement, so one snapshot: samples are stored with their marks, and drains take marks and
# write statuses, each in one transaction. Only statuses with a mark in the outbox may differ.
# Sealed buckets, whose samples or finer statuses may be gone, are skipped.
COMPARE = """
with span as (
    select browser_id, unnest(
        tstzmultirange(tstzrange(since, until)) * tstzmultirange(tstzrange((
            select time_bucket(%(interval)s, before + %(interval)s - interval '1 microsecond')
            from analytics_seal where level = %(level)s
        ), null))
    ) as span
    from unnest(%(browsers)s::bigint[], %(sinces)s::timestamptz[], %(untils)s::timestamptz[])
        as piece (browser_id, since, until)
), {fresh}, stored as (
    select s.* from span join {table} s
        on s.browser_id = span.browser_id and s.interval_ms = %(rung)s
        and s.time >= lower(span.span) and s.time < upper(span.span)
), compared as materialized (
    select browser_id, time, {stored_columns}, {fresh_columns},
           ({stored_columns}) is distinct from ({fresh_columns}) as differs
    from stored full join fresh using (browser_id, time)
), claimed as (
    select browser_id, tstzrange(
        time_bucket(%(interval)s, since), time_bucket(%(interval)s, until) + %(interval)s
    ) as buckets from analytics_dirtyrange
    where rung = %(rung)s and browser_id in (select browser_id from compared where differs)
), {touched}, found as (
    select * from compared where differs and not exists (
        select from touched where touched.browser_id = compared.browser_id
            and touched.buckets @> compared.time
    )
)
select total.statuses, found.*
from (select count(*) as statuses from compared) total left join found on true
order by browser_id, time
"""


class Difference(NamedTuple):
    """A number in a status that differs from the expected one.

    A status that is missing (stored: None) or superfluous (expected: None) differs in its `events`.
    """

    browser_id: int
    time: datetime
    column: str
    stored: float | None
    expected: float | None


class Scope(NamedTuple):
    """The statuses to check: those of a rung (ms) and some or all browsers in [since, until)."""

    rung: int
    browser_ids: list[int] | None = None
    since: datetime | None = None
    until: datetime | None = None


class Step(NamedTuple):
    """The share of a scope that is done, 0 to 1; the comparisons and differences since the last."""

    done: float
    statuses: int
    differences: list[Difference]


class _Piece(NamedTuple):
    browser_id: int
    since: datetime
    until: datetime
    rows: int


def verify(*, scope: Scope) -> Iterator[Step]:
    """Compare the stored statuses with those that the level below gives, in steps.

    Sums may differ by a relative 1e-9. Safe during live traffic: statuses with marks in the outbox,
    and sealed ones, are not compared.
    """
    windows = _windows(scope)
    for i, window in enumerate(windows):
        pieces = _pieces(scope, window)
        rows, done = sum(piece.rows for piece in pieces) or 1, 0
        for batch in _batches(pieces):
            statuses, differences = _compare(scope.rung, batch)
            done += sum(piece.rows for piece in batch)
            yield Step((i + done / rows) / len(windows), statuses, differences)
        yield Step((i + 1) / len(windows), 0, [])


def _length(rung: int, least: timedelta) -> timedelta:
    """The shortest time of whole buckets of a rung that is not less than `least`."""
    bucket = timedelta(milliseconds=rung)
    return -(-least // bucket) * bucket


def _window_of(rung: int) -> timedelta:
    piece = _length(rung, PIECE)
    return -(-WINDOW // piece) * piece


def _limits(scope: Scope) -> dict[str, datetime | None]:
    """Return the ends of a scope, each moved to the next start of a bucket."""
    return {
        name: moment and align(moment, scope.rung)
        for name, moment in (("since", scope.since), ("until", scope.until))
    }


def _windows(scope: Scope) -> list[datetime]:
    tables = {_table(level_below(scope.rung)), _table(scope.rung)}
    parameters: dict[str, Any] = {"window": _window_of(scope.rung), **_limits(scope)}
    parameters["tables"] = sorted(tables)
    with connection.cursor() as cursor:
        cursor.execute(WINDOWS, parameters)
        return [start for (start,) in cursor.fetchall()]


def _pieces(scope: Scope, window: datetime) -> list[_Piece]:
    limits, below = _limits(scope), level_below(scope.rung)
    end = window + _window_of(scope.rung)
    statement = PIECES.format(
        below=_table(below),
        table=_table(scope.rung),
        level="true" if below == RAW else f"interval_ms = {below}",
    )
    parameters = {
        **limits,
        "rung": scope.rung,
        "browsers": scope.browser_ids,
        "length": _length(scope.rung, PIECE),
        "from": max(window, limits["since"] or window),
        "to": min(end, limits["until"] or end),
    }
    return [_Piece(*row) for row in _fetch(statement, parameters)]


def _table(level: int) -> str:
    return (PointerPositionEvent if level == RAW else model_of(level))._meta.db_table


def _batches(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    batch: list[_Piece] = []
    rows = 0
    for piece in pieces:
        if batch and (rows + piece.rows > MOST_ROWS or len(batch) == MOST_PIECES):
            yield batch
            batch, rows = [], 0
        batch.append(piece)
        rows += piece.rows
    if batch:
        yield batch


def _compare(rung: int, pieces: list[_Piece]) -> tuple[int, list[Difference]]:
    browsers, sinces, untils, _ = map(list, zip(*pieces, strict=True))
    rows = _fetch(
        _statement(rung),
        {
            "browsers": browsers,
            "sinces": sinces,
            "untils": untils,
            "rung": rung,
            "level": level_below(rung),
            "interval": timedelta(milliseconds=rung),
            "idle_gap": settings.IDLE_GAP_MS / 1000,
            # Marks may be older than the statuses that are compared.
            "since": "-infinity",
            "soon": "infinity",
            "recent": "-infinity",
            "until": "infinity",
        },
    )
    found = [difference for row in rows if row[1] for difference in _differing(*row[1:-1])]
    return rows[0][0], found


def _differing(browser_id: int, time: datetime, *numbers: Any) -> Iterator[Difference]:
    stored, expected = numbers[: len(COLUMNS)], numbers[len(COLUMNS) :]
    if None in (stored[0], expected[0]):
        yield Difference(browser_id, time, COLUMNS[0], stored[0], expected[0])
        return
    for column, was, shall in zip(COLUMNS, stored, expected, strict=True):
        # Written so that NaN differs.
        if not abs(was - shall) <= RELATIVE_ERROR * max(abs(shall), 1):
            yield Difference(browser_id, time, column, was, shall)


def _statement(rung: int) -> str:
    below = level_below(rung)
    return COMPARE.format(
        touched=TOUCHED if below == RAW else "touched as (select * from claimed)",
        fresh=FROM_SAMPLES if below == RAW else FROM_STATUSES,
        table=_table(rung),
        stored_columns=", ".join(f"stored.{column}" for column in COLUMNS),
        fresh_columns=", ".join(f"fresh.{column}" for column in COLUMNS),
    )


def _fetch(statement: str, parameters: dict[str, Any]) -> list[tuple]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PATIENCE)
        cursor.execute(statement, parameters)
        return cursor.fetchall()
