"""The distance that an instance's pointer has gone in all of its life."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from core.storage.replica import stale_connection
from dashboard.statuses.ladder import model_of

# The rows of the highest rung, few for each instance, and in the place of those that are out of
# date what waits for the climb (dashboard/statuses/fresh.py). Locks: none. Snapshot: its own.
DISTANCES = """
with fresh as materialized (
    select browser_id, time, traversed_distance
    from analytics_fresh_statuses(%(rungs)s, %(browsers)s::bigint[], '-infinity', 'infinity')
)
select browser_id, sum(traversed_distance) from (
    select browser_id, traversed_distance from fresh
    union all
    select browser_id, traversed_distance from {table} stored
    where browser_id = any(%(browsers)s) and interval_ms = %(rung)s and not exists (
        select from fresh
        where fresh.browser_id = stored.browser_id and fresh.time = stored.time
    )
) status
group by browser_id
"""


def total_distances(keys: Iterable[int]) -> dict[int, float]:
    """Return each instance's distance in px; one that never moved has no entry.

    The result may lag behind by the replica's delay.
    """
    highest = model_of(settings.RUNGS_MS[-1])
    parameters: dict[str, Any] = {
        "rungs": list(settings.RUNGS_MS),
        "rung": settings.RUNGS_MS[-1],
        "browsers": list(keys),
    }
    with stale_connection(highest).cursor() as cursor:
        cursor.execute(DISTANCES.format(table=highest._meta.db_table), parameters)
        return dict(cursor.fetchall())
