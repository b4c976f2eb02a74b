"""The sweep: rolls up all marks in the outbox, with or without a hint.

The first rung also has hints, for speed; the higher rungs have only the sweep.
"""

from datetime import datetime

from django.conf import settings
from django.db import connection

from analytics.models import Heartbeat
from analytics.rollups.backlog import take_of_backlog
from analytics.rollups.drain import drain_fresh
from analytics.rollups.shards import counting
from core.values.durations import format_duration

# In random order: simultaneous sweeps of a large backlog must not follow each other from shard to
# shard.
WAITING_SHARDS = """
select shard from (
    select distinct browser_id %% %(slots)s %% %(shards)s as shard from analytics_dirtyrange
    where rung = %(rung)s and not large
) waiting order by random()
"""


def sweep(*, rung: int, now: datetime) -> None:
    """Drain every shard that has marks for a rung, and record that the rung's sweep is alive.

    It takes a little of the backlog, and queues the rest. It does nothing if the ladder has no such
    rung: Beat's schedule may still name one that was removed.

    Safe at the same time as hints and a second Beat: with the shard's turn and whole buckets, an
    extra drain changes nothing.
    """
    if rung not in settings.RUNGS_MS:
        return
    Heartbeat.objects.update_or_create(job=job_of(rung), defaults={"beat_at": now})
    for shard in _waiting_shards(rung):
        if drain_fresh(rung=rung, shard=shard, now=now):
            take_of_backlog(rung=rung, shard=shard, now=now)


def job_of(rung: int) -> str:
    """Return the name of a rung's sweep among the heartbeats."""
    return f"sweep {format_duration(rung)}"


def _waiting_shards(rung: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(WAITING_SHARDS, {"rung": rung, **counting()})
        return [shard for (shard,) in cursor.fetchall()]
