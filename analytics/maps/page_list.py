"""The pages that pointers were on, in an order that the reader chooses."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from analytics.maps.buckets import DAY_MS, HOUR_MS
from analytics.maps.page_map import US
from analytics.models import PageStatus
from core.storage.replica import stale, stale_connection
from dashboard.models import Page
from dashboard.statuses.intervals import ORIGIN, align, floor

# From the days of pages where they are whole, else from their hours, and where an hour is out of
# date from the heat of each instance. What is not mapped yet, of the last minutes, is missing: a
# list over all samples would take seconds. Locks: none.
PAGES = """
with outdated as materialized (
    select distinct page_id, since, length_ms from analytics_dirtypage
    where since >= %(since)s and since < %(until)s
), day as materialized (
    select page_id, since from outdated
    where length_ms = %(day_ms)s and since >= %(first)s and since < %(last)s
), hour as materialized (
    select page_id, since from outdated
    where length_ms = %(hour_ms)s
        and (since < %(first)s or since >= %(last)s
             or (page_id, time_bucket('1 day', since)) in (select page_id, since from day))
), dwell as materialized (
    select page_id, sum(dwell_us)::bigint as dwell_us, sum(events)::bigint as events
    from (
        select page_id, dwell_us, events from analytics_pageheat
        where time >= %(first)s and time < %(last)s
            and (page_id, time) not in (select page_id, since from day)
        union all
        select page_id, dwell_us, events from analytics_pagestatus
        where (time >= %(since)s and time < %(first)s or time >= %(last)s and time < %(until)s)
            and time >= %(since)s and time < %(until)s
            and (page_id, time) not in (select page_id, since from hour)
        union all
        select status.page_id, dwell_us, events
        from day join analytics_pagestatus status
            on status.page_id = day.page_id and status.time >= day.since
            and status.time < day.since + interval '1 day'
        where status.time >= %(first)s and status.time < %(last)s
            and (status.page_id, status.time) not in (select page_id, since from hour)
        union all
        select heat.page_id, heat.dwell_us, heat.events
        from hour join analytics_heatstatus heat
            on heat.page_id = hour.page_id and heat.time >= hour.since
            and heat.time < hour.since + interval '1 hour'
            and heat.time >= %(since)s and heat.time < %(until)s
    ) part group by page_id
), visited as materialized (
    select page_id, count(*) as instances, max(last_at) as last_visit from dashboard_pagevisit
    where first_at < %(until)s and last_at >= %(since)s group by page_id
), listed as (
    select page.id, page.site, page.name, coalesce(instances, 0) as instances,
           coalesce(events, 0) as events, coalesce(dwell_us, 0) as dwell_us, last_visit,
           {value} as value
    from dashboard_page page
    left join dwell on dwell.page_id = page.id left join visited on visited.page_id = page.id
    where (dwell.page_id is not null or visited.page_id is not null)
        and (%(site)s::text is null or page.site = %(site)s)
        and (%(q)s = '' or strpos(lower(page.name), lower(%(q)s)) > 0)
)
select id, site, name, instances, events, dwell_us, last_visit, value from listed
where %(after_value)s::bigint is null
    or (-value, id) > (-%(after_value)s::bigint, %(after_id)s)
order by value desc, id limit %(limit)s
"""


class Sort(StrEnum):
    """What comes first: the most dwell, samples or instances, or the newest visit."""

    DWELL = "dwell"
    SAMPLES = "samples"
    INSTANCES = "instances"
    LAST_VISIT = "last_visit"


# What each order compares, as a whole number.
VALUES = {
    Sort.DWELL: "coalesce(dwell_us, 0)",
    Sort.SAMPLES: "coalesce(events, 0)",
    Sort.INSTANCES: "coalesce(instances, 0)",
    Sort.LAST_VISIT: "coalesce((extract(epoch from last_visit) * 1000000)::bigint, 0)",
}


class Place(NamedTuple):
    """A place in a list of pages: what its order compares, and the id of one of them.

    Dwell is in µs, and the last visit in µs since 1970.
    """

    value: int
    page_id: int


class ListedPage(NamedTuple):
    """A page: instances that were on it in the range, samples, s, and their newest visit.

    The newest visit may be later than the range. It is None if the instances were erased.
    """

    page_id: int
    site: str
    name: str
    instances: int
    samples: int
    dwell: float
    last_visit: datetime | None


def list_pages(
    *,
    since: datetime,
    until: datetime,
    site: str | None = None,
    q: str = "",
    sort: Sort = Sort.DWELL,
    after: Place | None = None,
    limit: int = 50,
) -> tuple[list[ListedPage], Place | None]:
    """Return the first `limit` pages in the hours of [since, until), and the place after them.

    `site` is exact, None for any; `q` is a part of the name, in any case. The list may be some
    minutes behind, and by the replica's delay.
    """
    start, end = (align(max(moment, ORIGIN), HOUR_MS) for moment in (since, until))
    first = align(start, DAY_MS)
    parameters: dict[str, Any] = {
        "since": start,
        "until": end,
        # The whole days; none if the range has none.
        "first": first,
        "last": max(first, floor(end, DAY_MS)),
        "hour_ms": HOUR_MS,
        "day_ms": DAY_MS,
        "site": site,
        "q": q,
        "after_value": after.value if after else None,
        "after_id": after.page_id if after else None,
        "limit": limit + 1,
    }
    with stale_connection(PageStatus).cursor() as cursor:
        cursor.execute(PAGES.format(value=VALUES[sort]), parameters)
        rows = cursor.fetchall()
    pages = [ListedPage(*(*row[:5], row[5] / US, row[6])) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return pages, Place(last[7], last[0]) if last else None


def list_page_sites(*, limit: int) -> list[str]:
    """Return the first sites that have pages, in the order of the alphabet; they may lag behind."""
    sites = stale(Page).exclude(site="").order_by("site").values_list("site", flat=True)
    return list(sites.distinct()[:limit])
