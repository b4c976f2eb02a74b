"""Beat's job of heat: it drains marks whose bucket is over, first browsers', then pages'."""

from datetime import datetime

from django.db import connection

from analytics.maps.buckets import settled
from analytics.maps.claim import CODES
from analytics.maps.heat_drain import drain_heat
from analytics.maps.page_drain import drain_pages
from analytics.models import Heartbeat
from analytics.rollups import counting

JOB = "heat"
WAITING_SHARDS = """
select shard from (
    select distinct browser_id %% %(slots)s %% %(shards)s as shard from analytics_dirtyrange
    where rung in (%(heat)s, %(scenes)s) and since < %(before)s and not large
) waiting order by random()
"""


def map_heat(*, now: datetime) -> None:
    """Drain every shard that has marks of heat, then the pages, and record that the job is alive.

    A second run at the same time is safe, as with any drain.
    """
    Heartbeat.objects.update_or_create(job=JOB, defaults={"beat_at": now})
    with connection.cursor() as cursor:
        cursor.execute(WAITING_SHARDS, {**CODES, **counting(), "before": settled(now)})
        shards = [shard for (shard,) in cursor.fetchall()]
    for shard in shards:
        drain_heat(shard=shard, now=now)
    drain_pages(now=now)
