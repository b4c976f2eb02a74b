"""The pages that pointers were on, in an order that the reader chooses."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from analytics.maps.buckets import HOUR_MS
from analytics.maps.page_map import US
from analytics.models import PageStatus
from core.storage.replica import stale, stale_connection
from dashboard.models import Page
from dashboard.statuses.intervals import ORIGIN, align

# From the hours of pages, and where they are out of date from the heat of each instance. What is
# not mapped yet, of the last minutes, is missing: a list over all samples would take seconds.
# Locks: none.
PAGES = """
with outdated as materialized (
    select distinct page_id, since from analytics_dirtypage
    where length_ms = %(hour_ms)s and since >= %(since)s and since < %(until)s
), dwell as materialized (
    select page_id, sum(dwell_us)::bigint as dwell_us, sum(events)::bigint as events
    from (
        select page_id, dwell_us, events from analytics_pagestatus
        where time >= %(since)s and time < %(until)s
            and (page_id, time) not in (select page_id, since from outdated)
        union all
        select heat.page_id, heat.dwell_us, heat.events
        from outdated join analytics_heatstatus heat
            on heat.page_id = outdated.page_id and heat.time >= outdated.since
            and heat.time < outdated.since + interval '1 hour'
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
    parameters: dict[str, Any] = {
        "since": align(max(since, ORIGIN), HOUR_MS),
        "until": align(max(until, ORIGIN), HOUR_MS),
        "hour_ms": HOUR_MS,
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
