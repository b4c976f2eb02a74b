"""Statuses as they are now, on any rung: stored ones, and fresh ones in the place of outdated ones.

A change is on the first rung at once and climbs the ladder within minutes. What waits for the climb
is computed from the rung below within the read. So all rungs agree at any moment.

Two functions in the database tell us what waits: analytics/migrations/unclimbed.sql and
fresh_statuses.sql. They read the outbox of `analytics`, and their names are all that we use of it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import starmap
from typing import Any, NamedTuple

from django.db import connection

from core.storage.replica import stale_connection
from core.values.durations import FIRST_RUNG_MS
from dashboard.statuses.intervals import floor
from dashboard.statuses.ladder import model_of, rung_for, rungs_up_to

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
STORED = """
select time_bucket(%(interval)s, time), min(time), max(time), sum(events)::bigint,
       sum(traversed_distance), max(peak_velocity), sum(moving_time){ends}
from {table}
where {of_browser} and interval_ms = %(rung)s and time >= %(since)s and time < %(until)s{more}
group by 1 order by 1
"""
AND_NOT_FRESH = """
    and (browser_id, time) not in (
        select * from unnest(%(browser_ids)s::bigint[], %(times)s::timestamptz[])
    )"""
# Of one browser only.
ENDS = """,
       first(start_x, time), first(start_y, time), last(end_x, time), last(end_y, time)"""
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


class Bucket(NamedTuple):
    """A bucket with its start, the times of its first and last status, and what they add up to.

    It has positions if it is one browser's. docs/metrics.md defines every number.
    """

    time: datetime
    first: datetime
    last: datetime
    events: int = 0
    traversed_distance: float = 0
    peak_velocity: float = 0
    moving_time: float = 0
    start_x: float | None = None
    start_y: float | None = None
    end_x: float | None = None
    end_y: float | None = None


def read_buckets(wanted: Wanted) -> list[Bucket]:
    """Return the buckets with events, earliest first.

    They are made of the statuses of the coarsest rung that divides the interval.
    """
    with _cursor(wanted) as cursor:
        fresh = _read_fresh(cursor, wanted)
        more = AND_NOT_FRESH if fresh else ""
        stored = list(starmap(Bucket, _fetch(cursor, STORED, wanted, _keys(fresh), more=more)))
    if not fresh:
        return stored
    found = {bucket.time: bucket for bucket in stored}
    for _, time, *numbers in fresh:
        start = floor(time, wanted.interval_ms)
        part = Bucket(start, time, time, *numbers)
        found[start] = _join(found[start], part) if start in found else part
    return [found[start] for start in sorted(found)]


def count_browsers(wanted: Wanted) -> tuple[dict[datetime, int], int]:
    """Return the number of browsers with events in each bucket that has any, and in all of them."""
    with _cursor(wanted) as cursor:
        fresh = _read_fresh(cursor, wanted)
        counts = dict(_fetch(cursor, BROWSERS, wanted, _keys(fresh)))
    every = counts.pop(None)
    return counts, every


def read_first(wanted: Wanted) -> datetime | None:
    """Return the start of the rung's first bucket with a status, or for which something waits."""
    with _cursor(wanted) as cursor:
        ((time,),) = _fetch(cursor, FIRST, wanted)
    return time


def _join(one: Bucket, other: Bucket) -> Bucket:
    """Return the bucket that these two are parts of."""
    first = one if one.first <= other.first else other
    last = one if one.last >= other.last else other
    return Bucket(
        one.time,
        first.first,
        last.last,
        one.events + other.events,
        one.traversed_distance + other.traversed_distance,
        max(one.peak_velocity, other.peak_velocity),
        one.moving_time + other.moving_time,
        first.start_x,
        first.start_y,
        last.end_x,
        last.end_y,
    )


def _read_fresh(cursor: Any, wanted: Wanted) -> list[tuple[Any, ...]]:
    # The first rung has nothing to wait for.
    has_finer = rung_for(wanted.interval_ms) != FIRST_RUNG_MS
    return _fetch(cursor, FRESH, wanted) if has_finer else []


def _keys(fresh: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {"browser_ids": [row[0] for row in fresh], "times": [row[1] for row in fresh]}


def _cursor(wanted: Wanted) -> Any:
    model = model_of(rung_for(wanted.interval_ms))
    return (stale_connection(model) if wanted.is_stale else connection).cursor()


def _fetch(
    cursor: Any,
    statement: str,
    wanted: Wanted,
    keys: Mapping[str, list[Any]] | None = None,
    *,
    more: str = "",
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
        **(keys or {}),
    }
    words = {
        "table": model_of(rung)._meta.db_table,
        "of_browser": "browser_id = %(browser)s" if is_one else "true",
        "ends": ENDS if is_one else "",
        "more": more,
    }
    cursor.execute(statement.format(**words), parameters)
    return cursor.fetchall()
