"""The sweep: what waits in the outbox is rolled up, whether or not a hint came.

The first rung has hints for speed; the higher ones have only this.
"""

from datetime import datetime

from django.conf import settings
from django.db import connection

from analytics.models import Heartbeat
from analytics.rollups.drain import Drained, drain
from analytics.rollups.shards import counting
from core.values.durations import format_duration

# In any order: sweeps at the same time, of a large backlog, must not follow each other from shard
# to shard.
WAITING_SHARDS = """
select shard from (
    select distinct browser_id %% %(slots)s %% %(shards)s as shard from analytics_dirtyrange
    where rung = %(rung)s
) waiting order by random()
"""


def sweep(*, rung: int, now: datetime) -> Drained:
    """Drain every shard that has marks waiting for a rung, and note that its sweep is alive.

    Nothing where the ladder has no such rung: Beat's schedule may still name one that was removed.

    Safe beside hints and beside a second Beat: the shard's lock and whole buckets make a drain too
    many do nothing.
    """
    marks = statuses = 0
    if rung not in settings.RUNGS_MS:
        return Drained(marks, statuses)
    Heartbeat.objects.update_or_create(job=job_of(rung), defaults={"beat_at": now})
    for shard in _waiting_shards(rung):
        done = drain(rung=rung, shard=shard, now=now)
        marks, statuses = marks + done.marks, statuses + done.statuses
    return Drained(marks, statuses)


def job_of(rung: int) -> str:
    """Return the name of a rung's sweep among the heartbeats."""
    return f"sweep {format_duration(rung)}"


def _waiting_shards(rung: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(WAITING_SHARDS, {"rung": rung, **counting()})
        return [shard for (shard,) in cursor.fetchall()]
