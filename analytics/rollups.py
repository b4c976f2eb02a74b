"""The drain: from marks in the outbox to whole, recomputed statuses.

Promises: no lost update (the shard's lock, then the claim, then a later statement with a fresh
snapshot); whole buckets only, recomputed and overwritten, so that running twice changes nothing;
a late sample changes its own bucket and that of the next sample, whose segment now starts
elsewhere. docs/metrics.md defines the numbers.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from core.times import to_rfc3339
from dashboard.stream import WINDOW, Change, publish
from dashboard.wire import Status

CLAIM_SIZE = 1000

# Limits of this transaction alone: a drain may take longer than a request may, and it waits for
# the drain before it. Released at its end, whichever it is.
SET_LIMITS = """
select set_config('statement_timeout', '15s', true), set_config('lock_timeout', '10s', true),
       set_config('idle_in_transaction_session_timeout', '20s', true)
"""

# In a statement of its own: the claim's snapshot must be younger than the lock, or it would see
# rows that the drain before us has already taken.
LOCK_SHARD = "select pg_advisory_xact_lock(%(rung)s, %(shard)s)"

# Locks: first the browsers, shared, then the marks it deletes; the count is there for that order.
# An erasure takes the browser and then its marks, so the other order would deadlock. It waits for
# us, or we wait for it, find the browser gone and roll nothing up for it.
CLAIM = """
with waiting as materialized (
    select id, browser_id from analytics_dirtyrange
    where rung = %(rung)s and browser_id %% %(shards)s = %(shard)s
    order by id limit %(limit)s
), living as materialized (
    select id from dashboard_browser where id in (select browser_id from waiting)
    order by id for key share
), claimed as (
    delete from analytics_dirtyrange
    where id in (select id from waiting) and (select count(*) from living) >= 0
    returning browser_id, since, until
)
select living.id, claimed.since, claimed.until
from claimed left join living on living.id = claimed.browser_id
"""

# Runs after the claim in a later statement: READ COMMITTED gives it a snapshot that holds every
# sample whose mark the claim took. A sample that commits after it has a mark that waits its turn.
# Locks: the statuses it writes, which belong to our shard alone, in key order.
# Returns the number of changes with every row, and of the changes those that a stream shows.
ROLL_UP = """
with claimed as (
    select * from unnest(%(browsers)s::bigint[], %(sinces)s::timestamptz[],
                         %(untils)s::timestamptz[]) as c (browser_id, since, until)
), touched as (
    select browser_id, since, until from claimed
    union all
    select c.browser_id, n.time, n.time from claimed c cross join lateral (
        select e.time from analytics_pointerpositionevent e
        where e.browser_id = c.browser_id and e.time > c.until
        order by e.time, e.seq limit 1
    ) n
), span as (
    select browser_id, unnest(range_agg(tstzrange(
        time_bucket(%(interval)s, since), time_bucket(%(interval)s, until) + %(interval)s
    ))) as span
    from touched group by browser_id
), sample as (
    select s.browser_id, lower(s.span) as floor, e.*
    from span s cross join lateral (
        (select time, x, y, seq, enter from analytics_pointerpositionevent
         where browser_id = s.browser_id and time < lower(s.span)
         order by time desc, seq desc limit 1)
        union all
        select time, x, y, seq, enter from analytics_pointerpositionevent
        where browser_id = s.browser_id and time >= lower(s.span) and time < upper(s.span)
    ) e
), segment as (
    select browser_id, floor, time, x, y,
           time_bucket(%(interval)s, time) as bucket,
           case when enter then 0
                else coalesce(sqrt((x::float8 - lag(x) over run) ^ 2
                                 + (y::float8 - lag(y) over run) ^ 2), 0) end as distance,
           date_part('epoch', time - lag(time) over run) as seconds,
           lag(time) over run as previous, lead(time) over run as next
    from sample
    window run as (partition by browser_id, floor order by time, seq)
), slice as (
    select browser_id, bucket, count(*) as events, sum(distance) as distance,
           sum(least(seconds, %(idle_gap)s)) filter (where distance > 0) as moving,
           max(x) filter (where previous is null or previous < bucket) as start_x,
           max(y) filter (where previous is null or previous < bucket) as start_y,
           max(x) filter (where next is null or next >= bucket + %(interval)s) as end_x,
           max(y) filter (where next is null or next >= bucket + %(interval)s) as end_y
    from segment where time >= floor
    group by browser_id, bucket, time_bucket('100 ms', time)
), changed as (
    insert into dashboard_pointerstatus as old (
        browser_id, interval_ms, time, events, traversed_distance, avg_velocity, peak_velocity,
        moving_time, start_x, start_y, end_x, end_y)
    select browser_id, %(rung)s, bucket, sum(events), sum(distance),
           sum(distance) / (%(rung)s / 1000.0::float8), max(distance) / 0.1::float8,
           coalesce(sum(moving), 0), max(start_x), max(start_y), max(end_x), max(end_y)
    from slice group by browser_id, bucket order by browser_id, bucket
    on conflict (browser_id, interval_ms, time) do update set
        events = excluded.events, traversed_distance = excluded.traversed_distance,
        avg_velocity = excluded.avg_velocity, peak_velocity = excluded.peak_velocity,
        moving_time = excluded.moving_time, start_x = excluded.start_x, start_y = excluded.start_y,
        end_x = excluded.end_x, end_y = excluded.end_y
    where old.* is distinct from excluded.*
    returning *
), total as (
    select count(*) as changes, pg_current_xact_id()::text::bigint as version from changed
)
select total.changes, b.instance_id, total.version, c.time, c.interval_ms, c.events,
       c.traversed_distance, c.avg_velocity, c.peak_velocity, c.moving_time,
       c.start_x, c.start_y, c.end_x, c.end_y
from total
left join changed c on c.time >= %(streamed_since)s
left join dashboard_browser b on b.id = c.browser_id
order by b.instance_id, c.time
"""


class Drained(NamedTuple):
    """What a drain did: marks taken from the outbox, statuses that came to differ."""

    marks: int
    statuses: int


def drain(*, rung: int, shard: int, now: datetime) -> Drained:
    """Roll up everything that waits for a rung (its interval in ms) in a shard.

    One transaction per claim of up to CLAIM_SIZE marks, until none is left. Killed at any point, it
    leaves each claim done or undone, never half. OperationalError where the database is away or
    the shard's lock is not had in time; the marks wait for the next drain then. After each COMMIT
    the changes of the last minutes before `now` go out to the streams.
    """
    total = Drained(0, 0)
    while (step := _drain_claim(rung=rung, shard=shard, now=now)).marks:
        total = Drained(total.marks + step.marks, total.statuses + step.statuses)
    return total


def _drain_claim(*, rung: int, shard: int, now: datetime) -> Drained:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET_LIMITS)
        cursor.execute(LOCK_SHARD, {"rung": rung, "shard": shard})
        claim = {"shards": settings.ROLLUP_SHARDS, "limit": CLAIM_SIZE}
        cursor.execute(CLAIM, {"rung": rung, "shard": shard, **claim})
        marks = cursor.fetchall()
        living = [mark for mark in marks if mark[0] is not None]
        if not living:
            return Drained(len(marks), 0)
        cursor.execute(ROLL_UP, _roll_up_parameters(rung, living, now))
        rows = cursor.fetchall()
        changes = [_to_change(row) for row in rows if row[1]]
        transaction.on_commit(partial(publish, changes), robust=True)
        return Drained(len(marks), rows[0][0])


def _to_change(row: tuple) -> Change:
    _, instance_id, version, time, *numbers = row
    return Change(instance_id, version, Status(to_rfc3339(time), *numbers))


def _roll_up_parameters(rung: int, marks: list[tuple], now: datetime) -> dict[str, Any]:
    browsers, sinces, untils = map(list, zip(*marks, strict=True))
    return {
        "browsers": browsers,
        "sinces": sinces,
        "untils": untils,
        "rung": rung,
        "interval": timedelta(milliseconds=rung),
        "streamed_since": now - WINDOW,
        "idle_gap": settings.IDLE_GAP_MS / 1000,
    }
