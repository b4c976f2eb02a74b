"""Backlog while there is fresh data: late batches, and marks that have waited for minutes.

Hints only drain fresh marks. A separate task takes a little of a shard's backlog and then goes to
the end of the queue, behind all hints. So a caller that sends much at once, or late, does not block
the others, even if there is only one worker process.
"""

from datetime import datetime

from django.conf import settings

from analytics.rollups import hints
from analytics.rollups.drain import drain_backlog, drain_fresh
from core.values.durations import FIRST_RUNG_MS

TASK = "roll_up_backlog"
# A hint waits for this time and one claim if all of a worker's processes are at backlog.
SECONDS = 0.02


def roll_up_fresh(*, shard: int, now: datetime) -> None:
    """Drain the fresh marks of a shard's first rung, and queue its backlog, if it has any."""
    hints.take(shard)
    if drain_fresh(rung=FIRST_RUNG_MS, shard=shard, now=now):
        hints.queue(TASK, FIRST_RUNG_MS, shard)


def roll_up_backlog(*, rung: int, shard: int, now: datetime) -> None:
    """Drain a little of the backlog of a shard's rung (ms), and queue the rest.

    Does nothing if the ladder no longer has this rung.
    """
    hints.take_queued(TASK, rung, shard)
    if rung in settings.RUNGS_MS:
        take_of_backlog(rung=rung, shard=shard, now=now)


def take_of_backlog(*, rung: int, shard: int, now: datetime) -> None:
    """Drain a little of the backlog of a shard's rung, and queue the rest."""
    if drain_backlog(rung=rung, shard=shard, now=now, seconds=SECONDS):
        hints.queue(TASK, rung, shard)
