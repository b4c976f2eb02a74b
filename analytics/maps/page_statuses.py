"""The movement on a page, hour by hour, never behind the samples."""

from datetime import datetime
from typing import NamedTuple

from analytics.maps.buckets import HOUR_MS
from analytics.maps.page_map import US
from analytics.maps.selection import Selection, conditions, to_parameters, unsealed_day
from analytics.models import PageStatus
from core.storage.replica import stale_connection
from dashboard.statuses.intervals import ORIGIN, align

# Locks: none. Snapshot: one, so that marks, stored and fresh rows agree.
STATUSES = """
with {fine_heat}
select time, width_class, pointer, instances::int, events::bigint, distance, moving_us::bigint,
       dwell_us::bigint
from (
    select status.time, width_class, pointer, instances, events, distance, moving_us, dwell_us
    from whole join analytics_pagestatus status on status.time = whole.start
    where status.page_id = %(page)s and {of_pointer}
        and status.time >= %(since)s and status.time < %(until)s
    union all
    select time_bucket('1 hour', time), width_class, pointer, count(distinct browser_id),
           sum(events), sum(distance order by browser_id, time), sum(moving_us), sum(dwell_us)
    from (
        select time, browser_id, width_class, pointer, events, distance, moving_us, dwell_us
        from stored
        union all
        select time, browser_id, width_class, pointer, events, distance, moving_us, dwell_us
        from fresh
    ) heat group by 1, 2, 3
) status
where %(width)s::int is null or width_class = %(width)s
order by time, width_class, pointer
"""


class HourOfPage(NamedTuple):
    """An hour of a page, at one width class and pointer type: distinct instances, px, s."""

    time: datetime
    width: int
    pointer: str
    instances: int
    events: int
    distance: float
    moving_time: float
    dwell: float


def list_page_statuses(*, selection: Selection) -> list[HourOfPage]:
    """Return the hours that start in [since, until) and have samples, earliest first.

    With a label, these are the hours for which the heat of each instance is kept. They may lag
    behind by the replica's delay.
    """
    since, until = (
        align(max(moment, ORIGIN), HOUR_MS) for moment in (selection.since, selection.until)
    )
    if selection.label:
        since = max(since, unsealed_day())
    selection = selection._replace(since=since, until=max(since, until))
    statement = STATUSES.format(**conditions(selection))
    with stale_connection(PageStatus).cursor() as cursor:
        cursor.execute(statement, to_parameters(selection, length_ms=HOUR_MS))
        rows = cursor.fetchall()
    return [HourOfPage(*(*row[:6], row[6] / US, row[7] / US)) for row in rows]
