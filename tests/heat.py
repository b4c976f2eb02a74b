"""Pages with heat for the tests of pages, as rows: what the drains would have stored."""

from typing import NamedTuple

from tests.service import Service

# So that no heat of an earlier test is shown.
TABLES = (
    *("analytics_heatstatus", "analytics_pagestatus", "analytics_pageheat", "analytics_dirtypage"),
    *("dashboard_pagevisit", "dashboard_pointerstatus", "dashboard_coarsestatus"),
    *("analytics_trial", "analytics_dirtyrange"),
    *("dashboard_sharelink", "dashboard_browser", "dashboard_page"),
)
PAGES = """
insert into dashboard_page (site, name)
select site, name from unnest(%s::text[], %s::text[]) one (site, name)
"""
HEAT = """
with instance as (
    insert into dashboard_browser (instance_id, is_active, logged_on_at, logged_off_at,
        token_version, label, site, away_since)
    select gen_random_uuid(), false, now() - interval '3 hours', now() - interval '1 hour', 1,
        left(name, 80) || ' ' || n, site, now() - interval '1 hour'
    from unnest(%s::text[], %s::text[], %s::int[]) page (site, name, count),
        generate_series(1, count) n
    returning id, label, site
), visit as (
    insert into dashboard_pagevisit (first_at, last_at, browser_id, page_id)
    select now() - interval '3 hours', now() - interval '2 hours', instance.id, page.id
    from instance join dashboard_page page
        on page.site = instance.site and starts_with(label, left(name, 80) || ' ')
    returning browser_id, page_id
)
insert into analytics_heatstatus (browser_id, time, page_id, width_class, pointer, distance,
    moving_us, dwell_us, events, cells, dwells, samples)
select browser_id, time_bucket('5 minutes', now()) - interval '2 hours', page_id, 1024, 'mouse',
    0, 0, browser_id * 1000000, 9, '{}', '{}', '{}'
from visit
"""
HOURS = """
insert into analytics_pagestatus (page_id, time, width_class, pointer, instances, events, distance,
    moving_us, dwell_us)
select id, time_bucket('1 hour', now()) - interval '2 hours', 1024, 'mouse', 1, 9, 0, 0,
    dwell * 1000000::bigint
from unnest(%s::text[], %s::text[], %s::int[]) one (site, name, dwell)
join dashboard_page page using (site, name)
"""


class Seen(NamedTuple):
    """A page with dwell in s, and the number of instances that were on it."""

    name: str
    dwell: int
    instances: int = 1
    site: str = "shop.example"


def clear(service: Service) -> None:
    """Remove all pages, instances and trials."""
    for table in TABLES:
        service.sql(f"delete from {table}")


def show_pages(service: Service, pages: list[Seen]) -> None:
    """Replace all pages and instances; the instance of a page with the last number leads it."""
    clear(service)
    sites, names = [page.site for page in pages], [page.name for page in pages]
    service.sql(PAGES, (sites, names))
    service.sql(HEAT, (sites, names, [page.instances for page in pages]))
    service.sql(HOURS, (sites, names, [page.dwell for page in pages]))
