"""Statuses as they are now, on any rung: stored ones, and fresh ones in the place of outdated ones.

A change is on the first rung at once and climbs the ladder within minutes. What waits for the climb
is computed from the rung below within the read. So all rungs agree at any moment.

Two functions in the database tell us what waits: analytics/migrations/unclimbed.sql and
fresh_statuses.sql. They read the outbox of `analytics`, and their names are all that we use of it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from core.storage.replica import stale_connection
from core.values.durations import FIRST_RUNG_MS
from dashboard.statuses.ladder import model_of, rung_for, rungs_up_to

NUMBERS = ("events", "traversed_distance", "peak_velocity", "moving_time")
POSITIONS = ("start_x", "start_y", "end_x", "end_y")
# The arrays of the columns of FRESH, as parameters.
COLUMNS = (
    *("browser_ids", "times", "events", "traversed_distances", "peak_velocities", "moving_times"),
    *("start_xs", "start_ys", "end_xs", "end_ys"),
)

# Locks: none. Snapshots: the fresh statuses are read before the stored ones. What climbs between
# the two is in both, and the fresh ones count, so nothing is missed.
FRESH = """
select browser_id, time, events, traversed_distance, peak_velocity, moving_time,
       start_x, start_y, end_x, end_y
from analytics_fresh_statuses(
    %(rungs)s, %(browsers)s::bigint[], %(since)s::timestamptz, %(until)s::timestamptz
)
"""
# The bounds are constants for the planner, which leaves the other chunks out.
FROM_STORED = """
    from {table}
    where {of_browser} and interval_ms = %(rung)s and time >= %(since)s and time < %(until)s"""
AND_NOT_FRESH = """
        and not exists (
            select from unnest(%(browser_ids)s::bigint[], %(times)s::timestamptz[])
                as fresh (id, start)
            where id = browser_id and start = time
        )"""
FROM_FRESH = """
    from unnest(
        %(times)s::timestamptz[], %(events)s::bigint[], %(traversed_distances)s::float8[],
        %(peak_velocities)s::float8[], %(moving_times)s::float8[], %(start_xs)s::real[],
        %(start_ys)s::real[], %(end_xs)s::real[], %(end_ys)s::real[]
    ) fresh (time, events, traversed_distance, peak_velocity, moving_time,
             start_x, start_y, end_x, end_y)"""
SUMS = """
           sum(events)::bigint as events, sum(traversed_distance) as traversed_distance,
           max(peak_velocity) as peak_velocity, sum(moving_time) as moving_time"""
# Of one browser only.
ENDS = """,
           first(start_x, {first}) as start_x, first(start_y, {first}) as start_y,
           last(end_x, {last}) as end_x, last(end_y, {last}) as end_y"""
WHOLE = """
    select time_bucket(%(interval)s, time) as bucket,{sums}{ends}"""
PART = """
    select time_bucket(%(interval)s, time) as bucket,
           min(time) as first, max(time) as last,{sums}{ends}"""
IN_ORDER = "\ngroup by bucket order by bucket"
OF_STORED = "".join([WHOLE, FROM_STORED, IN_ORDER])
# Each part is added up first, because PostgreSQL does not read a mere union in parallel.
OF_BOTH = "".join(
    [
        *("select bucket,{sums}{ends_of_parts} from (", PART, FROM_STORED, AND_NOT_FRESH),
        *(" group by bucket\nunion all", PART, FROM_FRESH, " group by bucket) part", IN_ORDER),
    ]
)
# Statuses that climb between the snapshots are in both parts, and count once.
BROWSERS = """
with moved as (
    select time_bucket(%(interval)s, time) as bucket, browser_id
    from {table}
    where interval_ms = %(rung)s and time >= %(since)s and time < %(until)s
    group by bucket, browser_id
    union
    select time_bucket(%(interval)s, start), id
    from unnest(%(browser_ids)s::bigint[], %(times)s::timestamptz[]) as fresh (id, start)
)
select bucket, count(distinct browser_id) from moved group by grouping sets ((bucket), ())
"""
FIRST = """
select min(time) from (
    (select time from {table}
     where {of_browser} and interval_ms = %(rung)s and time >= %(since)s and time < %(until)s
     order by time limit 1)
    union all
    select lower(buckets)
    from analytics_unclimbed(%(rungs)s, %(browsers)s::bigint[], %(since)s, %(until)s)
) earliest
"""


class Wanted(NamedTuple):
    """The buckets of an interval that start in [since, until), both starts of such buckets.

    They are a browser's, or those of all browsers together. They may lag behind by the replica's
    delay if `is_stale`.
    """

    browser_id: int | None
    since: datetime
    until: datetime
    interval_ms: int
    is_stale: bool = True


def read_buckets(wanted: Wanted) -> list[dict[str, Any]]:
    """Return the buckets with events, earliest first: `bucket`, NUMBERS, and a browser's POSITIONS.

    They are made of the statuses of the coarsest rung that divides the interval.
    """
    with _cursor(wanted) as cursor:
        # The first rung has nothing to wait for.
        has_finer = rung_for(wanted.interval_ms) != FIRST_RUNG_MS
        fresh = _fetch(cursor, FRESH, wanted) if has_finer else []
        rows = _fetch(cursor, OF_BOTH if fresh else OF_STORED, wanted, _columns(fresh))
        names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in rows]


def count_browsers(wanted: Wanted) -> tuple[dict[datetime, int], int]:
    """Return the number of browsers with events in each bucket that has any, and in all of them."""
    with _cursor(wanted) as cursor:
        has_finer = rung_for(wanted.interval_ms) != FIRST_RUNG_MS
        fresh = _columns(_fetch(cursor, FRESH, wanted)) if has_finer else {}
        counts = dict(_fetch(cursor, BROWSERS, wanted, {"browser_ids": [], "times": [], **fresh}))
    every = counts.pop(None)
    return counts, every


def read_first(wanted: Wanted) -> datetime | None:
    """Return the start of the rung's first bucket with a status, or for which something waits."""
    with _cursor(wanted) as cursor:
        ((time,),) = _fetch(cursor, FIRST, wanted)
    return time


def _columns(fresh: list[tuple[Any, ...]]) -> dict[str, Any]:
    """Return fresh statuses as parameters, an array for each column."""
    if not fresh:
        return {}
    return dict(zip(COLUMNS, map(list, zip(*fresh, strict=True)), strict=True))


def _cursor(wanted: Wanted) -> Any:
    model = model_of(rung_for(wanted.interval_ms))
    return (stale_connection(model) if wanted.is_stale else connection).cursor()


def _fetch(
    cursor: Any, statement: str, wanted: Wanted, more: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    rung = rung_for(wanted.interval_ms)
    is_one = wanted.browser_id is not None
    parameters = {
        "rung": rung,
        "rungs": rungs_up_to(rung),
        "browser": wanted.browser_id,
        "browsers": [wanted.browser_id] if is_one else None,
        "interval": timedelta(milliseconds=wanted.interval_ms),
        "since": wanted.since,
        "until": wanted.until,
        **(more or {}),
    }
    words = {
        "table": model_of(rung)._meta.db_table,
        "of_browser": "browser_id = %(browser)s" if is_one else "true",
        "sums": SUMS,
        "ends": ENDS.format(first="time", last="time") if is_one else "",
        "ends_of_parts": ENDS.format(first="first", last="last") if is_one else "",
    }
    cursor.execute(statement.format(**words), parameters)
    return cursor.fetchall()
