"""The drain: from marks in the outbox to whole, recomputed statuses.

Promises: No update is lost, because the shard's lock, the claim and the recomputing are three
statements in this order, the last with a fresh snapshot. Only whole buckets are recomputed and
overwritten, so that a second run changes nothing. A late sample changes its own bucket and that of
the next sample, whose segment now starts elsewhere, and the change climbs the ladder from there.
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
# that fresh marks need not wait for long, and of few browsers, because each costs a start. With
# fewer browsers than usually wait in a shard, a drain would go round them again and again.
FRESH_WORK = 80_000
BACKLOG_WORK, BACKLOG_BROWSERS = 38_000, 10
# What cannot be had in the statement's time is tried by tenths.
TIMED_OUT = "57014"

# Limits of this transaction only: a drain may take longer than a request, and waits for the drain
# before it. If the worker was cut off or is frozen, the server ends its drain soon after the
# statement, and others get its locks within two sweep periods. The commit does not wait for the
# disk: if the server crashes, the marks return together with the undone work. The statements have
# constant bounds of time; to exclude chunks once more for each range took most of a claim's time.
SET_LIMITS = """
select set_config('statement_timeout', '15s', true), set_config('lock_timeout', '10s', true),
       set_config('idle_in_transaction_session_timeout', '5s', true),
       set_config('synchronous_commit', 'off', true),
       set_config('timescaledb.enable_runtime_exclusion', 'off', true)
"""


class Drained(NamedTuple):
    """The results of a drain: marks taken from the outbox, and statuses that changed."""

    marks: int
    statuses: int


class Step(NamedTuple):
    """The results of a drain's transaction, and whether it left marks of its kind or backlog."""

    marks: int
    statuses: int
    is_left: bool
    has_backlog: bool


class Work(NamedTuple):
    """The task of a drain: a rung (its interval in ms), a shard, and fresh marks or backlog."""

    rung: int
    shard: int
    now: datetime
    of_backlog: bool


def drain(*, rung: int, shard: int, now: datetime) -> Drained:
    """Roll up everything that waits for a rung (its interval in ms) in a shard.

    Runs one transaction per claim, until none of the marks that the last one saw is left; later
    ones have a hint of their own. If it is killed, each claim is either done or undone.
    OperationalError if the database is unavailable or the shard's turn is not free in time; the
    marks then wait for the next drain. After each COMMIT the changes of the last minutes before
    `now` are sent to the streams.
    """
    fresh, backlog = (Work(rung, shard, now, of_backlog) for of_backlog in (False, True))
    steps = _count(fresh, chain(_steps(fresh), _steps(backlog)))
    return Drained(sum(step.marks for step in steps), sum(step.statuses for step in steps))


def drain_fresh(*, rung: int, shard: int, now: datetime) -> bool:
    """Roll up the fresh marks of a shard, as `drain` does; return whether there is backlog."""
    work = Work(rung, shard, now, of_backlog=False)
    return _count(work, _steps(work))[-1].has_backlog


def drain_backlog(*, rung: int, shard: int, now: datetime, seconds: float) -> bool:
    """Roll up backlog of a shard, as `drain` does, for `seconds`; return whether any is left.

    Takes at least one claim.
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
            is_round = len(taken.claimed) == taken.browsers < BACKLOG_BROWSERS
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
    """Recompute the part of a claim that fits; the marks of erased browsers are dropped."""
    claimed = [browser for browser in taken.claimed if browser.is_there]
    fitting, done = Fitting([], False), Recomputed(0, [])
    if claimed:
        fitting = fit(cursor, rung=work.rung, claimed=claimed, work=portion.work)
    if fitting.spans:
        done = recompute(cursor, rung=work.rung, spans=fitting.spans, now=work.now)
    return fitting, done
