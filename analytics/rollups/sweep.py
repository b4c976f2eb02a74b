"""The sweep: what waits in the outbox is rolled up, whether or not a hint came.

The first rung has hints for speed; the higher ones have only this.
"""

from datetime import datetime

from django.conf import settings
from django.db import connection

from analytics.models import Heartbeat
from analytics.rollups.backlog import take_of_backlog
from analytics.rollups.drain import drain_fresh
from analytics.rollups.shards import counting
from core.values.durations import format_duration

# In any order: sweeps at the same time, of a large backlog, must not follow each other from shard
# to shard.
WAITING_SHARDS = """
select shard from (
    select distinct browser_id %% %(slots)s %% %(shards)s as shard from analytics_dirtyrange
    where rung = %(rung)s and not large
) waiting order by random()
"""


def sweep(*, rung: int, now: datetime) -> None:
    """Drain every shard that has marks waiting for a rung, and note that its sweep is alive.

    Of backlog it takes a little, and queues the rest. Nothing where the ladder has no such rung:
    Beat's schedule may still name one that was removed.

    Safe beside hints and beside a second Beat: the shard's turn and whole buckets make a drain too
    many do nothing.
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
