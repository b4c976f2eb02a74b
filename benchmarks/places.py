"""The time of the pages that say where pointers were, among many instances, against among few.

Instances came at any time of thirty days. Each was on one page that all were on and on up to two of
3,000 others, of which a few have most visits, for ten minutes. Its heat has thirty cells in each
five of them.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.utils import timezone
from tqdm import tqdm

from analytics.maps.document_sizes import read_document_sizes
from analytics.maps.page_list import Sort, list_pages
from analytics.maps.page_map import Weight, read_map
from analytics.maps.page_visitors import VisitorSort, list_visitors
from analytics.maps.selection import Selection
from analytics.pages.overview_view import RANGES, read_together
from benchmarks.database import own_database, run, use
from benchmarks.table import Row

MOST = 50  # ms
DAY = timedelta(days=1)

BROWSERS = """
insert into dashboard_browser (instance_id, is_active, logged_on_at, logged_off_at, token_version,
    label, site)
select gen_random_uuid(), false, came, came + interval '10 minutes', 1, 'participant ' || n,
       'shop' || n %% 30 || '.example'
from (
    select n, now() - interval '1 hour' - interval '29 days' * random() as came
    from generate_series(1, %(instances)s) n
) one order by came
"""
PAGES = """
insert into dashboard_page (site, name)
select 'shop' || n % 30 || '.example', '/section-' || n % 7 || '/article-' || n
from generate_series(1, 3000) n
"""
VISITS = """
insert into dashboard_pagevisit (first_at, last_at, browser_id, page_id)
select logged_on_at, logged_off_at, browser.id,
       first.id + case when number > 0 then floor(3000 * random() ^ 3)::int else 0 end
from dashboard_browser browser cross join generate_series(0, 2) number
cross join (select min(id) as id from dashboard_page) first
on conflict do nothing
"""
HEAT = """
insert into analytics_heatstatus (browser_id, time, page_id, width_class, pointer, distance,
    moving_us, dwell_us, events, cells, dwells, samples)
select browser_id, time_bucket('5 minutes', first_at) + part * interval '5 minutes', page_id,
       (array[0, 768, 1024, 1440])[1 + browser_id % 4],
       case when browser_id % 4 = 0 then 'touch' else 'mouse' end, 9000, 60000000,
       30 * (1000000 + browser_id % 97), 900,
       array(select (n * 7 + browser_id % 40) * 65536 + 32768 + (n * 11 + browser_id) % 80
             from generate_series(1, 30) n),
       array_fill((1000000 + browser_id % 97)::int, array[30]), array_fill(30, array[30])
from dashboard_pagevisit cross join generate_series(0, 1) part
order by 2, 1
"""
HOURS = """
insert into analytics_pagestatus (page_id, time, width_class, pointer, instances, events, distance,
    moving_us, dwell_us)
select page_id, time_bucket('1 hour', time), width_class, pointer, count(distinct browser_id),
       sum(events), sum(distance), sum(moving_us), sum(dwell_us)
from analytics_heatstatus group by 1, 2, 3, 4
"""
# The cells of the page with the most visits; the lists read none.
DAYS = """
with busiest as (
    select page_id as id from dashboard_pagevisit group by 1 order by count(*) desc limit 1
), total as (
    select page_id, time_bucket('1 day', time) as day, width_class, pointer,
           count(distinct browser_id) as instances, sum(events) as events,
           sum(dwell_us) as dwell_us
    from analytics_heatstatus where time < time_bucket('1 day', now()) group by 1, 2, 3, 4
), cell as (
    select time_bucket('1 day', time) as day, width_class, pointer, cell, sum(dwell) as dwell,
           sum(count) as samples, count(distinct browser_id) as visitors
    from analytics_heatstatus cross join lateral unnest(cells, dwells, samples)
        one (cell, dwell, count)
    where page_id = (select id from busiest) group by 1, 2, 3, 4
), packed as (
    select (select id from busiest) as page_id, day, width_class, pointer,
           array_agg(cell order by cell) as cells, array_agg(dwell order by cell) as dwells,
           array_agg(samples order by cell) as samples,
           array_agg(visitors order by cell) as visitors
    from cell group by day, width_class, pointer
)
insert into analytics_pageheat (page_id, time, width_class, pointer, instances, events, dwell_us,
    cells, dwells, samples, visitors)
select page_id, day, width_class, pointer, instances, events, dwell_us, coalesce(cells, '{}'),
       coalesce(dwells, '{}'), coalesce(samples, '{}'), coalesce(visitors, '{}')
from total left join packed using (page_id, day, width_class, pointer)
"""
# What the drains leave for a day that is not over.
DIRTY = """
insert into analytics_dirtypage (page_id, since, length_ms)
select distinct page_id, time_bucket('1 day', now()), 86400000 from analytics_heatstatus
where time >= time_bucket('1 day', now())
"""
# Of an instance: ten minutes, in one or two hours. Of the last week the minutes too.
STATUSES = """
insert into dashboard_coarsestatus (browser_id, interval_ms, time, events, traversed_distance,
    avg_velocity, peak_velocity, moving_time, start_x, start_y, end_x, end_y)
select id, 3600000, time_bucket('1 hour', logged_on_at), 9000, 90000, 25, 3000, 300, 1, 1, 1, 1
from dashboard_browser
union all
select id, 60000, time_bucket('1 minute', logged_on_at) + minute * interval '1 minute', 900, 9000,
       150, 3000, 30, 1, 1, 1, 1
from dashboard_browser cross join generate_series(0, 9) minute
where logged_on_at > now() - interval '8 days'
"""

Reads = dict[str, Callable[[], object]]


class Figures(NamedTuple):
    """Milliseconds of each read, among few instances and among many."""

    milliseconds: dict[str, tuple[float, float]]

    def slowest(self, kind: str) -> float:
        """The slowest read among many, of those whose names begin like this."""
        return max(many for what, (_, many) in self.milliseconds.items() if what.startswith(kind))


def measure(*, few: int = 500, many: int = 50_000, rounds: int = 10) -> Figures:
    """Time the reads in a database of each size, in turn; the best of each counts."""
    times: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with own_database() as small:
        fill(instances=few)
        with own_database() as large:
            fill(instances=many)
            for _ in tqdm(range(rounds), desc="rounds", disable=None):
                for name in (small, large):
                    use(name)
                    for what, read in reads(timezone.now()).items():
                        began = time.perf_counter()
                        read()
                        times[what][name].append(1000 * (time.perf_counter() - began))
    return Figures({what: (min(one[small]), min(one[large])) for what, one in times.items()})


def fill(*, instances: int) -> None:
    run(BROWSERS, {"instances": instances})
    for statement in (PAGES, VISITS, HEAT, HOURS, DAYS, DIRTY, STATUSES):
        run(statement)
    run("vacuum analyze")


def reads(now: datetime) -> Reads:
    """Return what the pages read; their names begin with that of the page."""
    ((page,),) = run(
        "select page_id from dashboard_pagevisit group by 1 order by count(*) desc limit 1"
    )
    return {**_lists(now, page), **_maps(now, page), **_overview(now)}


def _lists(now: datetime, page: int) -> Reads:
    month = {"since": now - 30 * DAY, "until": now}
    pages = partial(list_pages, **month)
    visitors = partial(list_visitors, page_id=page, **month)
    return {
        "pages of a day": partial(pages, since=now - DAY),
        "pages of a week": partial(pages, since=now - 7 * DAY),
        "pages of a month": pages,
        "pages of a quarter": partial(pages, since=now - 90 * DAY),
        "pages by last visit": partial(pages, sort=Sort.LAST_VISIT),
        "pages of a site": partial(pages, site="shop7.example", q="article"),
        "visitors of a day": partial(visitors, since=now - DAY),
        "visitors of a month": visitors,
        "visitors by latest": partial(visitors, sort=VisitorSort.LATEST),
        "visitors found": partial(visitors, q="participant 33"),
    }


def _maps(now: datetime, page: int) -> Reads:
    month = Selection(page, now - 30 * DAY, now)
    return {
        "map of a day": partial(read_map, selection=month._replace(since=now - DAY)),
        "map of a month": partial(read_map, selection=month),
        "map of instances": partial(read_map, selection=month, weight=Weight.INSTANCES),
        "map's sizes": partial(read_document_sizes, page_id=page),
    }


def _overview(now: datetime) -> Reads:
    return {f"overview, {key}": partial(read_together, key=key, now=now) for key in RANGES}


def measure_rows() -> list[Row]:
    figures = measure()
    each = ", ".join(
        f"{what} {few:.0f} and {many:.0f}" for what, (few, many) in figures.milliseconds.items()
    )
    return [
        Row(
            "places",
            "the slowest read of the list of pages, in any order, among 50,000 instances",
            f"{MOST} ms",
            figures.slowest("pages") / MOST,
            1.0,
            low=True,
            note=f"ms among 500 and 50,000: {each}",
        )
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--few", type=int, default=500)
    parser.add_argument("--many", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=10)
    asked = parser.parse_args()
    figures = measure(**vars(asked))
    for what, (few, many) in figures.milliseconds.items():
        print(f"{what}: {few:.1f} ms of {asked.few:,}, {many:.1f} ms of {asked.many:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
