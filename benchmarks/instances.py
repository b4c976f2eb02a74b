"""The time of the list of instances among many instances, against among few.

In both databases some of the newest are present, and the others are gone or logged off. The job
that finds departures has run. All have a label, a site, and three pages that they were on.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.utils import timezone
from tqdm import tqdm

from benchmarks.database import own_database, run, use
from benchmarks.table import Row
from dashboard.instances.browsers import list_browsers
from dashboard.instances.finding import ALL, Filters
from dashboard.statuses.departures import note_departures
from dashboard.statuses.overview import Part, Place, Sort, View, list_glimpses
from dashboard.statuses.presence import movements
from dashboard.statuses.shared_glimpses import forget, refresh_glimpses

MOST = 50  # ms
PAGE = 50

BROWSERS = """
insert into dashboard_browser (instance_id, is_active, logged_on_at, logged_off_at, token_version)
select gen_random_uuid(), n %% 100 < 60, now() - interval '2 days',
       case when n %% 100 >= 97 then now() - interval '1 minute'
            when n %% 100 >= 60 then now() - interval '1 day' end, 1
from generate_series(1, %(instances)s) n order by md5(n::text)
"""
# Each moved two days ago. Of the newest 300 a quarter moves now, and a quarter moved lately.
STATUSES = """
insert into dashboard_pointerstatus (browser_id, interval_ms, time, events, traversed_distance,
    avg_velocity, peak_velocity, moving_time, start_x, start_y, end_x, end_y)
select id, 1000, date_trunc('second', now()) - ago.seconds * interval '1 second' - back.seconds
    * interval '1 second', 60, 1, 1, 1, 1, 1, 1, 1, 1
from dashboard_browser cross join generate_series(0, 19) back (seconds)
cross join lateral (values (170000), (case when id % 4 = 0 then 0 end),
    (case when id % 4 = 2 then 900 end)) ago (seconds)
where ago.seconds = 170000
    or ago.seconds < 1000 and id > (select max(id) - 300 from dashboard_browser) and is_active
"""
NAMES = """
update dashboard_browser set site = 'shop' || id % 30 || '.example', label = case
    when id % 3 = 0 then 'participant ' || id else 'kiosk in hall ' || id % 40 end
"""
PAGES = """
insert into dashboard_page (site, name)
select 'shop' || n % 30 || '.example', '/section-' || n % 7 || '/article-' || n
from generate_series(1, 3000) n
"""
VISITS = """
insert into dashboard_pagevisit (first_at, last_at, browser_id, page_id)
select now(), now(), browser.id, first.id + (browser.id * 7 + number * 997) % 3000
from dashboard_browser browser cross join generate_series(0, 2) number
cross join (select min(id) as id from dashboard_page) first
"""
# They would have been found over two days.
LONG_GONE = """
update dashboard_browser set away_since = last_known_at + interval '1 hour'
where is_active and away_since is not null
"""


class Figures(NamedTuple):
    """Milliseconds of each read, among few instances and among many."""

    milliseconds: dict[str, tuple[float, float]]

    @property
    def ratio(self) -> float:
        """The ratio of the worst read."""
        return max(many / few for few, many in self.milliseconds.values())


def measure(*, few: int = 500, many: int = 50_000, rounds: int = 20) -> Figures:
    """Time the reads in a database of each size, in turn; the best of each counts."""
    times: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with own_database() as small:
        fill(instances=few)
        with own_database() as large:
            fill(instances=many)
            for _ in tqdm(range(rounds), desc="rounds", disable=None):
                for name in (small, large):
                    use(name)
                    note_departures(now=timezone.now())
                    for what, read in reads().items():
                        began = time.perf_counter()
                        read()
                        times[what][name].append(1000 * (time.perf_counter() - began))
    return Figures({what: (min(one[small]), min(one[large])) for what, one in times.items()})


def fill(*, instances: int) -> None:
    run(BROWSERS, {"instances": instances})
    run(STATUSES)
    for statement in (NAMES, PAGES, VISITS):
        run(statement)
    note_departures(now=timezone.now())
    run(LONG_GONE)
    run("vacuum analyze")


def reads() -> dict[str, Callable[[], object]]:
    """Return what the page of the list and the API read."""
    now = timezone.now()
    first = list_glimpses(place=None, limit=PAGE, now=now)
    ids, newest = [one.instance_id for one in first.instances], int(first.newest)
    middle = Place(now - timedelta(minutes=1), newest, is_here=False, pk=newest // 2)
    forget()
    return {
        "first page": lambda: list_glimpses(place=None, limit=PAGE, now=now),
        "a page in the middle": lambda: list_glimpses(place=middle, limit=PAGE, now=now),
        "cells": lambda: refresh_glimpses(instance_ids=ids, newest=newest, now=now),
        "API": partial(_read_api, now),
        "API, logged off": partial(_read_api, now, is_active=False, before=newest // 2),
        "page, logged off": partial(_read_page, now, View(part=Part.OFF)),
        "page, by label": partial(_read_page, now, View(sort=Sort.LABEL)),
        "page, by label, gone": partial(_read_page, now, View(part=Part.GONE, sort=Sort.LABEL)),
        **{
            f"{where}, {name}": partial(read, now, wanted)
            for name, filters in filters_at(now).items()
            for where, read, wanted in (
                ("API", _read_api, filters),
                ("page", _read_page, View(filters)),
            )
        },
    }


def filters_at(now: datetime) -> dict[str, Filters]:
    """Return each filter alone, text that many, few and none have, and all together."""
    day = timedelta(days=1)
    return {
        "site": Filters(site="shop7.example"),
        "label": Filters(label="participant 1"),
        "page": Filters(page="/section-3/article-17"),
        "time": Filters(since=now - 2 * day, until=now - day),
        "text of all": Filters(q="shop"),
        "text of all pages": Filters(q="article"),
        "text of few pages": Filters(q="article-2999"),
        "text of few": Filters(q="participant 333"),
        "text of none": Filters(q="nothing like this"),
        "all": Filters("shop7.example", "part", "arti", "/section-3/article-17", now - day, now),
    }


def _read_api(now: datetime, filters: Filters = ALL, **wanted: Any) -> None:
    browsers, _ = list_browsers(filters=filters, limit=100, now=now, **wanted)
    movements([browser.pk for browser in browsers])


def _read_page(now: datetime, view: View) -> None:
    list_glimpses(place=None, limit=PAGE, view=view, now=now)


def measure_rows() -> list[Row]:
    figures = measure()
    slowest = max(many for _, many in figures.milliseconds.values())
    each = ", ".join(
        f"{what} {few:.0f} and {many:.0f}" for what, (few, many) in figures.milliseconds.items()
    )
    return [
        Row(
            "instances",
            "the slowest read of the list of instances, page or API, with any filter, among 50,000",
            f"{MOST} ms",
            slowest / MOST,
            1.0,
            low=True,
            note=f"ms among 500 and 50,000: {each}",
        )
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--few", type=int, default=500)
    parser.add_argument("--many", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    figures = measure(**vars(asked))
    for what, (few, many) in figures.milliseconds.items():
        print(f"{what}: {few:.1f} ms of {asked.few:,}, {many:.1f} ms of {asked.many:,}")
    print(f"many / few, the worst: {figures.ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
