"""Checks of heat: it is computed anew and compared with the stored rows, as statuses are.

Each browser's heat is compared with samples and scenes, and that of pages with each browser's heat.
Rows that marks wait for, and sealed ones, may differ and are not compared.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from analytics.maps.buckets import DAY_MS, HOUR_MS
from analytics.maps.page_drain import OF_DAYS, OF_HOURS, WANTED
from analytics.rollups import HEAT

RELATIVE_ERROR = 1e-9
WINDOW = timedelta(days=1)
MOST_BROWSERS = 200
PATIENCE = "select set_config('statement_timeout', '10min', true)"

WINDOWS = """
select distinct start from timescaledb_information.chunks, generate_series(
    time_bucket('1 day', greatest(range_start, %(since)s::timestamptz)),
    least(range_end, %(until)s::timestamptz) - interval '1 us', interval '24 hours'
) as start
where hypertable_name = any(%(tables)s) order by start
"""
BROWSERS = """
select browser_id from (
    select visit.browser_id from dashboard_pagevisit visit where exists (
        select from analytics_pointerpositionevent sample
        where sample.browser_id = visit.browser_id and time >= %(since)s and time < %(until)s)
    union
    select browser_id from analytics_heatstatus where time >= %(since)s and time < %(until)s
) one
where %(browsers)s::bigint[] is null or browser_id = any(%(browsers)s::bigint[])
order by browser_id
"""
# One statement, so one snapshot of samples, scenes, marks and heat. Locks: none.
HEAT_ROWS = """
with marked as materialized (
    select * from analytics_unmapped(null, %(since)s, %(until)s)
), span as (
    select browser_id, tstzmultirange(tstzrange(%(since)s, %(until)s))
        * tstzmultirange(tstzrange((
            select time_bucket('5 minutes', before + interval '1 hour 5 minutes' - interval '1 us')
            from analytics_seal where level = 0
        ), null))
        - coalesce(marked.buckets, '{}') as spans
    from unnest(%(browsers)s::bigint[]) one (browser_id) left join marked using (browser_id)
), fresh as (
    select heat.* from (
        select array_agg(browser_id) as browsers, array_agg(spans) as spans
        from span where not isempty(spans)
    ) whole cross join lateral analytics_heat(browsers, spans, %(idle_gap)s) heat
    where browsers is not null
), stored as (
    select heat.* from span join analytics_heatstatus heat
        on heat.browser_id = span.browser_id and span.spans @> heat.time
    where heat.time >= %(since)s and heat.time < %(until)s
)
select browser_id, time, page_id, {numbers}, stored.cells is not distinct from fresh.cells
    and stored.dwells is not distinct from fresh.dwells
    and stored.samples is not distinct from fresh.samples
from stored full join fresh using (browser_id, time, page_id, width_class, pointer)
order by browser_id, time, page_id, width_class, pointer
"""
PAGE_ROWS = """{wanted}{fresh}, stored as (
    select row.* from wanted join {table} row
        on row.page_id = wanted.page_id and row.time = wanted.since
    where row.time >= %(first)s and row.time < %(last)s
)
select null::bigint, time, page_id, {numbers}, {arrays}
from stored full join fresh using (page_id, time, width_class, pointer)
order by time, page_id, width_class, pointer
"""
KEYS = """
select distinct page_id, since from (
    select page_id, time_bucket(%(length)s, time) as since from analytics_heatstatus
    where time >= %(since)s and time < %(until)s
    union
    select page_id, time from {table} where time >= %(since)s and time < %(until)s
) one
where (page_id, since) not in (
        select page_id, since from analytics_dirtypage where length_ms = %(length_ms)s)
    and since >= coalesce((select before from analytics_seal where level = %(heat)s), '-infinity')
order by page_id, since
"""
HEAT_COLUMNS = ("events", "distance", "moving_us", "dwell_us")
PAGES = {
    HOUR_MS: ("analytics_pagestatus", OF_HOURS, ("instances", *HEAT_COLUMNS), ()),
    DAY_MS: (
        "analytics_pageheat",
        OF_DAYS,
        ("instances", "events", "dwell_us"),
        ("cells", "dwells", "samples", "visitors"),
    ),
}


class HeatDifference(NamedTuple):
    """A number in a row of heat that differs from the expected one.

    Without a `browser_id` the row is of a page, in a bucket of `length_ms`. A row that is missing
    (stored: None) or superfluous (expected: None) differs in its events. If `cells` differ, no
    numbers are given.
    """

    browser_id: int | None
    time: datetime
    page_id: int
    length_ms: int
    column: str
    stored: float | None
    expected: float | None


class Step(NamedTuple):
    """The share that is done, 0 to 1; the rows compared and the differences since the last step."""

    done: float
    rows: int
    differences: list[HeatDifference]


def verify_heat(
    *, browser_ids: list[int] | None, since: datetime | None, until: datetime | None
) -> Iterator[Step]:
    """Compare the heat of some or all browsers in the days of [since, until), in steps."""
    tables = ["analytics_pointerpositionevent", "analytics_heatstatus"]
    windows = _windows(tables, since, until)
    for i, start in enumerate(windows):
        bounds = {"since": start, "until": start + WINDOW}
        found = _fetch(BROWSERS, {**bounds, "browsers": browser_ids})
        browsers = [browser for (browser,) in found]
        for first in range(0, len(browsers), MOST_BROWSERS):
            rows = _fetch(
                HEAT_ROWS.replace("{numbers}", _numbers(HEAT_COLUMNS)),
                {
                    **bounds,
                    "browsers": browsers[first : first + MOST_BROWSERS],
                    "idle_gap": settings.IDLE_GAP_MS * 1000,
                },
            )
            yield Step(i / len(windows), len(rows), list(_differing(rows, HEAT_COLUMNS, 0)))
        yield Step((i + 1) / len(windows), 0, [])


def verify_pages(*, since: datetime | None, until: datetime | None) -> Iterator[Step]:
    """Compare the hours and days of all pages in the days of [since, until), in steps."""
    windows = _windows(["analytics_heatstatus", "analytics_pagestatus"], since, until)
    for i, start in enumerate(windows):
        for length_ms in PAGES:
            rows = _page_rows(start, length_ms)
            columns = PAGES[length_ms][2]
            yield Step(
                (i + 1) / len(windows), len(rows), list(_differing(rows, columns, length_ms))
            )


def _page_rows(start: datetime, length_ms: int) -> list[tuple[Any, ...]]:
    table, fresh, columns, arrays = PAGES[length_ms]
    length = timedelta(milliseconds=length_ms)
    bounds = {"since": start, "until": start + WINDOW, "length": length, "length_ms": length_ms}
    keys = _fetch(KEYS.format(table=table), {**bounds, "heat": HEAT})
    if not keys:
        return []
    same = " and ".join(f"stored.{name} is not distinct from fresh.{name}" for name in arrays)
    statement = PAGE_ROWS.format(
        wanted=WANTED, fresh=fresh, table=table, numbers=_numbers(columns), arrays=same or "true"
    )
    pages, sinces = map(list, zip(*keys, strict=True))
    return _fetch(
        statement,
        {
            "pages": pages,
            "sinces": sinces,
            "length": length,
            "first": start,
            "last": start + WINDOW,
        },
    )


def _numbers(columns: tuple[str, ...]) -> str:
    return ", ".join(f"{row}.{name}" for row in ("stored", "fresh") for name in columns)


def _differing(
    rows: list[tuple[Any, ...]], columns: tuple[str, ...], length_ms: int
) -> Iterator[HeatDifference]:
    for browser_id, time, page_id, *numbers, is_same in rows:
        place = browser_id, time, page_id, length_ms
        stored, expected = numbers[: len(columns)], numbers[len(columns) :]
        if None in (stored[0], expected[0]):
            yield HeatDifference(*place, columns[0], stored[0], expected[0])
            continue
        for column, was, shall in zip(columns, stored, expected, strict=True):
            # Written so that NaN differs.
            if not abs(was - shall) <= RELATIVE_ERROR * max(abs(shall), 1):
                yield HeatDifference(*place, column, was, shall)
        if not is_same:
            yield HeatDifference(*place, "cells", None, None)


def _windows(tables: list[str], since: datetime | None, until: datetime | None) -> list[datetime]:
    rows = _fetch(WINDOWS, {"tables": tables, "since": since, "until": until})
    return [start for (start,) in rows]


def _fetch(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PATIENCE)
        cursor.execute(statement, parameters)
        return cursor.fetchall()
