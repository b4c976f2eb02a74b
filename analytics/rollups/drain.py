"""The drain: from marks in the outbox to whole, recomputed statuses.

Promises: no lost update (the shard's lock, then the claim, then a later statement with a fresh
snapshot); whole buckets only, recomputed and overwritten, so that running twice changes nothing;
a late sample changes its own bucket and that of the next sample, whose segment now starts
elsewhere, and climbs the ladder from there.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction

from analytics.metrics import count_drain
from analytics.rollups.claim import Claim, Portion, backlog_marks, claim, fresh_marks
from analytics.rollups.fit import Fitting, fit
from analytics.rollups.recompute import Recomputed, recompute
from analytics.rollups.shards import lock_shard, move_on
from dashboard.streaming.stream import publish

# What one claim takes at most, in samples (analytics/rollups/claim.py). Of backlog it is little, so
# that fresh marks need not wait for long, and of few browsers, because each costs a start.
FRESH_WORK = 80_000
BACKLOG_WORK, BACKLOG_BROWSERS = 16_000, 4
# What cannot be had in the statement's time is tried by tenths.
TIMED_OUT = "57014"

# Limits of this transaction alone: a drain may take longer than a request may, and it waits for
# the drain before it. One whose worker was cut off, or is frozen, is ended by the server soon
# after its statement, and its locks go to the others within two sweep periods. The commit does not
# wait for the disk: if the server crashes, the marks are back with what they were for undone.
SET_LIMITS = """
select set_config('statement_timeout', '15s', true), set_config('lock_timeout', '10s', true),
       set_config('idle_in_transaction_session_timeout', '5s', true),
       set_config('synchronous_commit', 'off', true)
"""


class Drained(NamedTuple):
    """What a drain did: marks taken from the outbox, statuses that came to differ."""

    marks: int
    statuses: int


class Step(NamedTuple):
    """What a drain's transaction did, and what it left of its kind of marks, and of backlog."""

    marks: int
    statuses: int
    is_left: bool
    has_backlog: bool


class Work(NamedTuple):
    """What a drain is for: a rung (its interval in ms), a shard, fresh marks or backlog."""

    rung: int
    shard: int
    now: datetime
    of_backlog: bool


def drain(*, rung: int, shard: int, now: datetime) -> Drained:
    """Roll up everything that waits for a rung (its interval in ms) in a shard.

    One transaction per claim, until none is left of what the last one saw; what came after that has
    a hint of its own. Killed at any point, it leaves each claim done or undone, never half.
    OperationalError where the database is away or the shard's turn is not had in time; the marks
    wait for the next drain then. After each COMMIT the changes of the last minutes before `now` go
    out to the streams.
    """
    fresh, backlog = (Work(rung, shard, now, of_backlog) for of_backlog in (False, True))
    steps = _count(fresh, chain(_steps(fresh), _steps(backlog)))
    return Drained(sum(step.marks for step in steps), sum(step.statuses for step in steps))


def drain_fresh(*, rung: int, shard: int, now: datetime) -> bool:
    """Roll up the fresh marks of a shard, as `drain` does; return whether there is backlog."""
    work = Work(rung, shard, now, of_backlog=False)
    return _count(work, _steps(work))[-1].has_backlog


def drain_backlog(*, rung: int, shard: int, now: datetime, seconds: float) -> bool:
    """Roll up backlog of a shard, as `drain` does, for so long; return whether any is left.

    One claim at least.
    """
    work = Work(rung, shard, now, of_backlog=True)
    return _count(work, _steps(work, until=time.perf_counter() + seconds))[-1].is_left


def _count(work: Work, steps: Iterator[Step]) -> list[Step]:
    began = time.perf_counter()
    done = list(steps)
    marks, statuses = (sum(column) for column in list(zip(*done, strict=True))[:2])
    if marks:
        seconds = time.perf_counter() - began
        count_drain(
            rung=work.rung, shard=work.shard, marks=marks, statuses=statuses, seconds=seconds
        )
    return done


def _steps(work: Work, *, until: float = float("inf")) -> Iterator[Step]:
    share = 1
    while True:
        try:
            step = _step(work, share)
        except OperationalError as error:
            if share > 1 or getattr(error.__cause__, "pgcode", None) != TIMED_OUT:
                raise
            share = 10
            continue
        yield step
        if not step.is_left or time.perf_counter() >= until:
            return


def _step(work: Work, share: int) -> Step:
    rung, shard = work.rung, work.shard
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET_LIMITS)
        after = lock_shard(cursor, rung=rung, shard=shard)
        portion = _portion(work, share, after)
        taken = claim(cursor, rung=rung, shard=shard, portion=portion)
        is_left = taken.is_cut
        if work.of_backlog:
            is_round = taken.browsers < BACKLOG_BROWSERS
            last = -1 if is_round else max((one.browser_id for one in taken.claimed), default=-1)
            move_on(cursor, rung=rung, shard=shard, after=last)
            is_left = is_left or not is_round or after >= 0
        fitting, done = _recompute(cursor, work, taken, portion)
        transaction.on_commit(partial(publish, done.changes), robust=True)
    marks = sum(browser.marks for browser in taken.claimed)
    return Step(marks, done.statuses, is_left or fitting.is_cut, taken.has_backlog)


def _portion(work: Work, share: int, after: int) -> Portion:
    if work.of_backlog:
        return backlog_marks(
            now=work.now,
            work=max(BACKLOG_WORK // share, 1),
            browsers=BACKLOG_BROWSERS,
            after=after,
        )
    return fresh_marks(now=work.now, work=max(FRESH_WORK // share, 1))


def _recompute(
    cursor: Any, work: Work, taken: Claim, portion: Portion
) -> tuple[Fitting, Recomputed]:
    """Recompute what fits of a claim; an erased browser's marks are for nothing."""
    claimed = [browser for browser in taken.claimed if browser.is_there]
    fitting, done = Fitting([], False), Recomputed(0, [])
    if claimed:
        fitting = fit(cursor, rung=work.rung, claimed=claimed, work=portion.work)
    if fitting.spans:
        done = recompute(cursor, rung=work.rung, spans=fitting.spans, now=work.now)
    return fitting, done
