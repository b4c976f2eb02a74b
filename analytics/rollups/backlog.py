"""Backlog beside fresh data: late batches, and what has waited for minutes.

Hints drain fresh marks alone. A task of its own takes a little of a shard's backlog and then goes
to the end of the queue, behind all hints. So whoever sends much at once, or late, keeps no worker
process from the others, even where there is only one.
"""

from datetime import datetime

from django.conf import settings

from analytics.rollups import hints
from analytics.rollups.drain import drain_backlog, drain_fresh
from core.values.durations import FIRST_RUNG_MS

TASK = "roll_up_backlog"
# A hint waits for so long, and for one claim, where all of a worker's processes are at backlog.
SECONDS = 0.02


def roll_up_fresh(*, shard: int, now: datetime) -> None:
    """Drain what is fresh of a shard's first rung, and queue its backlog, if it has any."""
    hints.take(shard)
    if drain_fresh(rung=FIRST_RUNG_MS, shard=shard, now=now):
        hints.queue(TASK, FIRST_RUNG_MS, shard)


def roll_up_backlog(*, rung: int, shard: int, now: datetime) -> None:
    """Drain a little of the backlog of a shard's rung (ms), and queue the rest.

    Nothing where the ladder has no such rung any more.
    """
    hints.take_queued(TASK, rung, shard)
    if rung in settings.RUNGS_MS:
        take_of_backlog(rung=rung, shard=shard, now=now)


def take_of_backlog(*, rung: int, shard: int, now: datetime) -> None:
    """Drain a little of the backlog of a shard's rung, and queue the rest."""
    if drain_backlog(rung=rung, shard=shard, now=now, seconds=SECONDS):
        hints.queue(TASK, rung, shard)
