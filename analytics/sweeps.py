"""The sweep: whatever a lost hint left in the outbox is rolled up all the same."""

from datetime import datetime

from django.conf import settings
from django.db import connection

from analytics.ingest import FIRST_RUNG_MS
from analytics.models import Heartbeat
from analytics.rollups import Drained, drain

WAITING_SHARDS = """
select distinct browser_id %% %(shards)s from analytics_dirtyrange where rung = %(rung)s order by 1
"""


def sweep(*, now: datetime) -> Drained:
    """Drain every shard that has marks waiting, and note that the sweep is alive.

    Safe beside hints and beside a second Beat: the shard's lock and whole buckets make a drain too
    many do nothing.
    """
    Heartbeat.objects.update_or_create(job="sweep", defaults={"beat_at": now})
    marks = statuses = 0
    for shard in _waiting_shards():
        done = drain(rung=FIRST_RUNG_MS, shard=shard, now=now)
        marks, statuses = marks + done.marks, statuses + done.statuses
    return Drained(marks, statuses)


def _waiting_shards() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(WAITING_SHARDS, {"shards": settings.ROLLUP_SHARDS, "rung": FIRST_RUNG_MS})
        return [shard for (shard,) in cursor.fetchall()]
