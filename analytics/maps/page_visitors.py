"""The instances that were on a page, in an order that the reader chooses."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from analytics.maps.buckets import HEAT_MS
from analytics.maps.page_map import US
from analytics.models import HeatStatus
from core.storage.replica import stale_connection
from dashboard.statuses.intervals import ORIGIN, align

# Locks: none. What is not mapped yet, of the last minutes, is missing. Only those that are listed
# are looked up among all instances; the heat of an erased one goes with it.
VISITORS = """
with heat as (
    select browser_id, sum(dwell_us)::bigint as dwell_us, sum(events)::bigint as events,
           min(time) as since, max(time) + %(length_ms)s * interval '1 ms' as until
    from analytics_heatstatus
    where page_id = %(page)s and time >= %(since)s and time < %(until)s and {is_found}
    group by browser_id
), visitor as (
    select *, {value} as value from heat
), listed as (
    select * from visitor
    where %(after_value)s::bigint is null
        or (-value, -browser_id) > (-%(after_value)s::bigint, -%(after_id)s::bigint)
    order by value desc, browser_id desc limit %(limit)s
)
select instance_id, label, dwell_us, events, since, until, browser_id, value
from listed join dashboard_browser browser on browser.id = browser_id
order by value desc, browser_id desc
"""
IS_FOUND = """
    browser_id in (
        select id from dashboard_browser
        where strpos(lower(label), lower(%(q)s)) > 0 or starts_with(instance_id::text, lower(%(q)s))
    )
"""


class VisitorSort(StrEnum):
    """Which instance comes first: the one with the most dwell or samples, or the latest on it."""

    DWELL = "dwell"
    SAMPLES = "samples"
    LATEST = "latest"


# What each order compares, as a whole number.
VALUES = {
    VisitorSort.DWELL: "dwell_us",
    VisitorSort.SAMPLES: "events",
    VisitorSort.LATEST: "(extract(epoch from until) * 1000000)::bigint",
}


class VisitorPlace(NamedTuple):
    """A place in the list of a page's instances: what its order compares, and one's key.

    Dwell is in µs, and the latest time in µs since 1970.
    """

    value: int
    browser_id: int


class Visitor(NamedTuple):
    """An instance on a page: s, samples, and the five minutes of its first and its last sample."""

    instance_id: UUID
    label: str
    dwell: float
    samples: int
    since: datetime
    until: datetime


def list_visitors(
    *,
    page_id: int,
    since: datetime,
    until: datetime,
    q: str = "",
    sort: VisitorSort = VisitorSort.DWELL,
    after: VisitorPlace | None = None,
    limit: int = 50,
) -> tuple[list[Visitor], VisitorPlace | None]:
    """Return the first `limit` instances that were on a page, and the place after them.

    `q` is a part of the label, in any case, or how the instance's id begins. Dwell and samples are
    those of the buckets of five minutes that start in [since, until), while the heat of each
    instance is kept. They may be some minutes behind.
    """
    parameters: dict[str, Any] = {
        "page": page_id,
        "since": align(max(since, ORIGIN), HEAT_MS),
        "until": align(max(until, ORIGIN), HEAT_MS),
        "length_ms": HEAT_MS,
        "q": q,
        "after_value": after.value if after else None,
        "after_id": after.browser_id if after else None,
        "limit": limit + 1,
    }
    with stale_connection(HeatStatus).cursor() as cursor:
        statement = VISITORS.format(value=VALUES[sort], is_found=IS_FOUND if q else "true")
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    visitors = [Visitor(row[0], row[1], row[2] / US, *row[3:6]) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return visitors, VisitorPlace(last[7], last[6]) if last else None
