"""The drain of pages: the heat of an hour, and of a day, of all browsers together.

Marks of pages are drained once their bucket is over, and again when late data changed heat in it.
One run at a time drains them, so no other writes these rows. Whole buckets are stored anew.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from analytics.maps.buckets import DAY_MS, HOUR_MS, settled
from analytics.rollups import HEAT, PAGES, lock_job

# Buckets of pages in one transaction, and so in one statement.
MOST_BUCKETS = {HOUR_MS: 100, DAY_MS: 10}

SET_LIMITS = """
select set_config('statement_timeout', '10min', true), set_config('lock_timeout', '10s', true),
       set_config('idle_in_transaction_session_timeout', '5s', true),
       set_config('synchronous_commit', 'off', true)
"""
# Locks: the marks that it deletes. A sealed bucket of which heat may be gone keeps its numbers.
CLAIM = """
with wanted as materialized (
    select distinct page_id, since from analytics_dirtypage
    where length_ms = %(length_ms)s and since + %(length)s <= %(before)s limit %(most)s
), claimed as (
    delete from analytics_dirtypage mark using wanted
    where mark.page_id = wanted.page_id and mark.since = wanted.since
        and mark.length_ms = %(length_ms)s
)
select page_id, since, since >= coalesce(
    (select before from analytics_seal where level = %(heat)s), '-infinity')
from wanted
"""
# Locks: the rows they delete and insert, which the job's turn keeps from others. They run after the
# claim, so that their snapshots have all heat whose marks it took.
WANTED = """
with wanted as (
    select page_id, since from unnest(%(pages)s::int[], %(sinces)s::timestamptz[])
        as one (page_id, since)
), heat as (
    select heat.*, wanted.since from wanted join analytics_heatstatus heat
        on heat.page_id = wanted.page_id and heat.time >= wanted.since
        and heat.time < wanted.since + %(length)s
        and heat.time >= %(first)s and heat.time < %(last)s
)"""
OF_HOURS = """, fresh as (
    select page_id, since as time, width_class, pointer, count(distinct browser_id)::int
               as instances,
           sum(events)::int as events, sum(distance order by browser_id, time) as distance,
           sum(moving_us)::bigint as moving_us, sum(dwell_us)::bigint as dwell_us
    from heat group by page_id, since, width_class, pointer
)"""
OF_DAYS = """, total as (
    select page_id, since, width_class, pointer, count(distinct browser_id)::int as instances,
           sum(events)::int as events, sum(dwell_us)::bigint as dwell_us
    from heat group by page_id, since, width_class, pointer
), of_browser as (
    select page_id, since, width_class, pointer, browser_id, cell, sum(dwell) as dwell,
           sum(count) as samples
    from heat cross join lateral unnest(cells, dwells, samples) as one (cell, dwell, count)
    group by page_id, since, width_class, pointer, cell, browser_id
), of_all as (
    select page_id, since, width_class, pointer, cell, sum(dwell)::bigint as dwell,
           sum(samples)::int as samples, count(*)::int as visitors
    from of_browser group by page_id, since, width_class, pointer, cell
), fresh as (
    select page_id, since as time, width_class, pointer, total.instances, total.events,
           total.dwell_us, array_agg(cell order by cell) as cells,
           array_agg(dwell order by cell) as dwells, array_agg(samples order by cell) as samples,
           array_agg(visitors order by cell) as visitors
    from of_all join total using (page_id, since, width_class, pointer)
    group by page_id, since, width_class, pointer, total.instances, total.events, total.dwell_us
)"""
HOUR_COLUMNS = (
    *("page_id", "time", "width_class", "pointer", "instances", "events", "distance"),
    *("moving_us", "dwell_us"),
)
DAY_COLUMNS = (
    *("page_id", "time", "width_class", "pointer", "instances", "events", "dwell_us"),
    *("cells", "dwells", "samples", "visitors"),
)
DELETE = """
delete from {table} row using unnest(%(pages)s::int[], %(sinces)s::timestamptz[])
    as wanted (page_id, since)
where row.page_id = wanted.page_id and row.time = wanted.since
    and row.time >= %(first)s and row.time < %(last)s
"""
INSERT = "{wanted}{fresh} insert into {table} ({columns}) select {columns} from fresh"
TABLES = {
    HOUR_MS: ("analytics_pagestatus", OF_HOURS, ", ".join(HOUR_COLUMNS)),
    DAY_MS: ("analytics_pageheat", OF_DAYS, ", ".join(DAY_COLUMNS)),
}


def drain_pages(*, now: datetime) -> int:
    """Recompute all buckets of pages that wait and are over; return how many.

    Does nothing while another run does it. If it is killed, each transaction is done or undone.
    """
    done = 0
    for length_ms in (HOUR_MS, DAY_MS):
        while count := _step(length_ms, now):
            done += count
    return done


def _step(length_ms: int, now: datetime) -> int:
    length = timedelta(milliseconds=length_ms)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET_LIMITS)
        if not lock_job(cursor, rung=HEAT, slot=PAGES):
            return 0
        parameters: dict[str, Any] = {
            "length_ms": length_ms,
            "length": length,
            "before": settled(now),
            "most": MOST_BUCKETS[length_ms],
            "heat": HEAT,
        }
        cursor.execute(CLAIM, parameters)
        claimed = cursor.fetchall()
        unsealed = [(page_id, since) for page_id, since, is_open in claimed if is_open]
        if unsealed:
            _recompute(cursor, length_ms, unsealed)
    return len(claimed)


def _recompute(cursor: Any, length_ms: int, wanted: list[tuple[int, datetime]]) -> None:
    pages, sinces = map(list, zip(*wanted, strict=True))
    length = timedelta(milliseconds=length_ms)
    table, fresh, columns = TABLES[length_ms]
    parameters = {
        "pages": pages,
        "sinces": sinces,
        "length": length,
        "first": min(sinces),
        "last": max(sinces) + length,
    }
    cursor.execute(DELETE.format(table=table), parameters)
    cursor.execute(
        INSERT.format(wanted=WANTED, fresh=fresh, table=table, columns=columns), parameters
    )
