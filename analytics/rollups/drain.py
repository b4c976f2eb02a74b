"""The drain: from marks in the outbox to whole, recomputed statuses.

Promises: no lost update (the shard's lock, then the claim, then a later statement with a fresh
snapshot); whole buckets only, recomputed and overwritten, so that running twice changes nothing;
a late sample changes its own bucket and that of the next sample, whose segment now starts
elsewhere, and climbs the ladder from there.
"""

import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction

from analytics.metrics import count_drain
from analytics.rollups.recompute import Claimed, recompute
from analytics.rollups.shards import counting, lock_shard
from dashboard.statuses.ladder import RAW, level_below
from dashboard.streaming.stream import publish

# What one claim takes at most, so that its statement ends in seconds: marks, and the pointer time
# under them (or the finer statuses), because one mark may be a batch's quarter second or an hour.
MOST_MARKS = 10_000
MOST_TIME = timedelta(seconds=10_000)
MOST_STATUSES = 100_000
# Of samples there may be a thousand a second; what cannot be had in time is tried by tenths.
TIMED_OUT = "57014"

# Limits of this transaction alone: a drain may take longer than a request may, and it waits for
# the drain before it. One whose worker was cut off, or is frozen, is ended by the server soon
# after its statement, and its locks go to the others within two sweep periods.
SET_LIMITS = """
select set_config('statement_timeout', '15s', true), set_config('lock_timeout', '10s', true),
       set_config('idle_in_transaction_session_timeout', '5s', true)
"""

# Locks: first the browsers, shared, then the marks it deletes; the count is there for that order.
# An erasure takes the browser and then its marks, so the other order would deadlock. It waits for
# us, or we wait for it, find the browser gone and roll nothing up for it.
CLAIM = """
with oldest as (
    select id, browser_id, until - since + %(interval)s as span from analytics_dirtyrange
    where rung = %(rung)s and browser_id %% %(slots)s %% %(shards)s = %(shard)s
    order by id limit %(marks)s
), waiting as materialized (
    select id, browser_id from (
        select id, browser_id, sum(span) over (order by id) - span as before from oldest
    ) counted where before < %(time)s
), living as materialized (
    select id from dashboard_browser where id in (select browser_id from waiting)
    order by id for key share
), claimed as (
    delete from analytics_dirtyrange
    where id in (select id from waiting) and (select count(*) from living) >= 0
    returning browser_id, since, until
)
select count(*), (select count(*) from oldest) >= %(marks)s or exists (
        select from oldest where id not in (select id from waiting)
    ), living.id, range_agg(tstzrange(
        time_bucket(%(interval)s, since), time_bucket(%(interval)s, until) + %(interval)s
    ))::text, min(time_bucket(%(interval)s, since))
from claimed left join living on living.id = claimed.browser_id group by living.id
"""


class Drained(NamedTuple):
    """What a drain did: marks taken from the outbox, statuses that came to differ."""

    marks: int
    statuses: int


class Step(NamedTuple):
    """What a drain's transaction did, and whether it left marks that it saw."""

    marks: int
    statuses: int
    left: bool


def drain(*, rung: int, shard: int, now: datetime) -> Drained:
    """Roll up everything that waits for a rung (its interval in ms) in a shard.

    One transaction per claim, until none is left of what the last one saw; what came after that has
    a hint of its own. Killed at any point, it leaves each claim done or
    undone, never half. OperationalError where the database is away or the shard's lock is not had
    in time; the marks wait for the next drain then. After each COMMIT the changes of the last
    minutes before `now` go out to the streams.
    """
    total, share, began = Drained(0, 0), 1, time.perf_counter()
    while True:
        try:
            step = _drain_claim(rung=rung, shard=shard, now=now, share=share)
        except OperationalError as error:
            if share > 1 or getattr(error.__cause__, "pgcode", None) != TIMED_OUT:
                raise
            share = 10
            continue
        total = Drained(total.marks + step.marks, total.statuses + step.statuses)
        if not step.left:
            break
    if total.marks:
        seconds = time.perf_counter() - began
        count_drain(rung=rung, shard=shard, **total._asdict(), seconds=seconds)
    return total


def _drain_claim(*, rung: int, shard: int, now: datetime, share: int) -> Step:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET_LIMITS)
        lock_shard(cursor, rung=rung, shard=shard)
        cursor.execute(CLAIM, _claim(rung, shard, share))
        rows = cursor.fetchall()
        marks, left = sum(count for count, *_ in rows), any(row[1] for row in rows)
        claimed = [Claimed(*row[2:]) for row in rows if row[2] is not None]
        if not claimed:
            return Step(marks, 0, left)
        done = recompute(cursor, rung=rung, claimed=claimed, now=now)
        transaction.on_commit(partial(publish, done.changes), robust=True)
        return Step(marks, done.statuses, left)


def _claim(rung: int, shard: int, share: int) -> dict[str, Any]:
    below = level_below(rung)
    most = MOST_TIME if below == RAW else MOST_STATUSES * timedelta(milliseconds=below)
    return {
        "rung": rung,
        "interval": timedelta(milliseconds=rung),
        "shard": shard,
        **counting(),
        "marks": MOST_MARKS // share,
        "time": most / share,
    }
