"""Recomputing whole buckets: the ranges that marks name, at one rung, from the level below it."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings

from analytics.rollups.formulas import FROM_FIRST_RUNG, FROM_HIGHER_RUNG, FROM_SAMPLES
from core.values.durations import FIRST_RUNG_MS
from core.values.times import to_rfc3339
from dashboard.statuses.ladder import RAW, level_below, rung_above
from dashboard.streaming.stream import WINDOW, Change
from dashboard.wire import Status

# The sample before a bucket is seldom further back: a browser at rest sends nothing.
RECENT = timedelta(hours=1)

# Runs after the claim in a later statement: READ COMMITTED gives it a snapshot that holds every
# sample, or finer status, whose mark the claim took. What commits after it has a mark that waits
# its turn. Buckets that are sealed are left alone: what they were made of may be gone.
CLAIMED = """
with claimed as (
    select browser_id, unnest(buckets) as buckets
    from unnest(%(browsers)s::bigint[], %(buckets)s::tstzmultirange[]) as c (browser_id, buckets)
)"""
# A late sample gives the next sample, which may lie in a later bucket, another segment. Within
# what was claimed that is recomputed anyway; so it is the first sample after each range.
TOUCHED = """
touched as (
    select browser_id, buckets from claimed
    union all
    select c.browser_id, tstzrange(
        time_bucket(%(interval)s, n.time), time_bucket(%(interval)s, n.time) + %(interval)s
    ) from claimed c cross join lateral (
        select e.time from analytics_pointerpositionevent e
        where e.browser_id = c.browser_id and e.time >= upper(c.buckets) and e.time >= %(since)s
        order by e.time, e.seq limit 1
    ) n
)"""
SPAN = """
span as (
    select browser_id, unnest(range_agg(buckets) * tstzmultirange(tstzrange((
        select time_bucket(%(interval)s, before + %(interval)s - interval '1 microsecond')
        from analytics_seal where level = %(level)s
    ), null))) as span
    from {source} group by browser_id
)"""

# Locks: the statuses it writes, which belong to our shard alone, in key order.
# What changed is marked for the rung above, an hour's changes as one range.
# Returns the number of changes with every row, and of the changes those that a stream shows.
WRITE = """
changed as (
    insert into {table} as old (
        browser_id, interval_ms, time, events, traversed_distance, avg_velocity, peak_velocity,
        moving_time, start_x, start_y, end_x, end_y)
    select browser_id, interval_ms, time, events, traversed_distance, avg_velocity, peak_velocity,
           moving_time, start_x, start_y, end_x, end_y
    from fresh order by browser_id, time
    on conflict (browser_id, interval_ms, time) do update set
        events = excluded.events, traversed_distance = excluded.traversed_distance,
        avg_velocity = excluded.avg_velocity, peak_velocity = excluded.peak_velocity,
        moving_time = excluded.moving_time, start_x = excluded.start_x, start_y = excluded.start_y,
        end_x = excluded.end_x, end_y = excluded.end_y
    where old.* is distinct from excluded.*
    returning *
), mark as (
    insert into analytics_dirtyrange (browser_id, since, until, rung)
    select browser_id, min(time), max(time), %(above)s from changed
    where %(above)s::int is not null
    group by browser_id, time_bucket(greatest(%(interval)s, interval '1 hour'), time)
), total as (
    select count(*) as changes, pg_current_xact_id()::text::bigint as version from changed
)
select total.changes, b.instance_id, total.version, c.time, c.interval_ms, c.events,
       c.traversed_distance, c.avg_velocity, c.peak_velocity, c.moving_time,
       c.start_x, c.start_y, c.end_x, c.end_y
from total
left join changed c on c.time >= %(streamed_since)s and c.interval_ms = %(streamed)s
left join dashboard_browser b on b.id = c.browser_id
order by b.instance_id, c.time
"""
FIRST_SPAN, HIGHER_SPAN = (SPAN.format(source=source) for source in ("touched", "claimed"))
INTO_FIRST, INTO_HIGHER = (
    WRITE.format(table=table) for table in ("dashboard_pointerstatus", "dashboard_coarsestatus")
)
ROLL_UP = ",".join([CLAIMED, TOUCHED, FIRST_SPAN, FROM_SAMPLES, INTO_FIRST])
CLIMB_FROM_FIRST = ",".join([CLAIMED, HIGHER_SPAN, FROM_FIRST_RUNG, INTO_HIGHER])
CLIMB = ",".join([CLAIMED, HIGHER_SPAN, FROM_HIGHER_RUNG, INTO_HIGHER])


class Claimed(NamedTuple):
    """A browser's whole buckets under which the level below changed: a multirange, as text.

    `since` is where the first of them begins.
    """

    browser_id: int
    buckets: str
    since: datetime


class Recomputed(NamedTuple):
    """How many statuses came to differ, and those of them that a stream shows."""

    statuses: int
    changes: list[Change]


def recompute(cursor: Any, *, rung: int, claimed: list[Claimed], now: datetime) -> Recomputed:
    """Recompute the claimed buckets of a rung, and mark what changed for the rung above.

    The caller holds the lock of the browsers' shard, and a transaction with it. Streams show the
    first rung's statuses of the last minutes before `now`.
    """
    cursor.execute(_statement(rung), _parameters(rung, claimed, now))
    rows = cursor.fetchall()
    return Recomputed(rows[0][0], [_to_change(row) for row in rows if row[1]])


def _statement(rung: int) -> str:
    below = level_below(rung)
    return {RAW: ROLL_UP, FIRST_RUNG_MS: CLIMB_FROM_FIRST}.get(below, CLIMB)


def _to_change(row: tuple) -> Change:
    _, instance_id, version, time, *numbers = row
    return Change(instance_id, version, Status(to_rfc3339(time), *numbers))


def _parameters(rung: int, claimed: list[Claimed], now: datetime) -> dict[str, Any]:
    browsers, buckets, sinces = map(list, zip(*claimed, strict=True))
    since = min(sinces)
    return {
        "browsers": browsers,
        "buckets": buckets,
        "since": since,
        "recent": since - RECENT,
        "rung": rung,
        "level": level_below(rung),
        "above": rung_above(rung),
        "interval": timedelta(milliseconds=rung),
        "streamed": FIRST_RUNG_MS,
        "streamed_since": now - WINDOW,
        "idle_gap": settings.IDLE_GAP_MS / 1000,
    }
