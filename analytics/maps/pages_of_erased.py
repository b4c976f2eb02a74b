"""When an instance is erased, the pages that it was on are computed anew without it."""

from typing import Any

from django.db import connections

from analytics.maps.buckets import DAY_MS, HOUR_MS
from dashboard.models import Browser

# Runs in the erasure's transaction, before the instance's rows are deleted. Locks: none. The
# erasure has the instance's row, so no drain writes its heat meanwhile.
MARK = """
insert into analytics_dirtypage (page_id, since, length_ms)
select distinct page_id, time_bucket(length_ms * interval '1 ms', time), length_ms
from analytics_heatstatus, unnest(%(lengths)s::int[]) length_ms where browser_id = %(browser)s
"""


def mark_pages_of_erased(*, instance: Browser, using: str, **_: Any) -> None:
    """Mark the hours and days of pages of which an instance has heat, as it is being deleted."""
    with connections[using].cursor() as cursor:
        cursor.execute(MARK, {"browser": instance.pk, "lengths": [HOUR_MS, DAY_MS]})
