"""The drain: from marks in the outbox to whole, recomputed statuses.

Promises: no lost update (the shard's lock, then the claim, then a later statement with a fresh
snapshot); whole buckets only, recomputed and overwritten, so that running twice changes nothing;
a late sample changes its own bucket and that of the next sample, whose segment now starts
elsewhere, and climbs the ladder from there.
"""

import time
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from analytics.metrics import count_drain
from analytics.recomputation import Mark, recompute
from dashboard.stream import publish

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
    total, began = Drained(0, 0), time.perf_counter()
    while (step := _drain_claim(rung=rung, shard=shard, now=now)).marks:
        total = Drained(total.marks + step.marks, total.statuses + step.statuses)
    if total.marks:
        seconds = time.perf_counter() - began
        count_drain(rung=rung, shard=shard, **total._asdict(), seconds=seconds)
    return total


def _drain_claim(*, rung: int, shard: int, now: datetime) -> Drained:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET_LIMITS)
        cursor.execute(LOCK_SHARD, {"rung": rung, "shard": shard})
        claim = {"shards": settings.ROLLUP_SHARDS, "limit": CLAIM_SIZE}
        cursor.execute(CLAIM, {"rung": rung, "shard": shard, **claim})
        marks = cursor.fetchall()
        living = [Mark(*mark) for mark in marks if mark[0] is not None]
        if not living:
            return Drained(len(marks), 0)
        done = recompute(cursor, rung=rung, marks=living, now=now)
        transaction.on_commit(partial(publish, done.changes), robust=True)
        return Drained(len(marks), done.statuses)
