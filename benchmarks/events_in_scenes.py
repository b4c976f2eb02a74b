"""The CPU time of reading samples with their scenes, against reading the samples alone, by turns.

A browser has moved for ten minutes of each of thirty days, with a new scene each second: so there
are thirty chunks of samples, and of scenes.
"""

import statistics
import sys
from collections.abc import Callable
from datetime import timedelta

from analytics.reading.events import EVENTS
from analytics.reading.events_in_scenes import EVENTS_IN_SCENES
from analytics.reading.ranges import Selection, Source, list_rows, page_rows
from benchmarks.database import BROWSERS, HZ, START, own_database, run
from benchmarks.fresh import cpu_seconds

DAYS, SECONDS, ROUNDS = 30, 600, 5
PAGE, READS = 1000, 40
SAMPLES = """
insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
select b.id, %(start)s + day * interval '1 day' + i * interval '1 second' / %(hz)s,
       i %% 1000, i %% 700, i, i = 0
from dashboard_browser b, generate_series(0, %(days)s - 1) day,
     generate_series(0, %(seconds)s * %(hz)s - 1) i
"""
SCENES = """
insert into analytics_pointerscene (browser_id, time, seq, viewport_width, viewport_height,
    document_width, document_height, scroll_x, scroll_y, pixel_ratio, pointer)
select browser_id, time, seq, 1280, 720, 1280, 5200, 0, seq, 2, 'mouse'
from analytics_pointerpositionevent where seq %% %(hz)s = 0
"""
VIEWS = "select count(*), sum(x) from {} where time >= %s and time < %s"


def fill() -> None:
    run(BROWSERS, {"start": START, "browsers": 1})
    run(SAMPLES, {"start": START, "days": DAYS, "seconds": SECONDS, "hz": HZ})
    run(SCENES, {"hz": HZ})
    run("vacuum analyze")


def compare(ways: dict[str, Callable[[], object]], reads: int) -> float:
    """Return the median ratio of the first way's CPU time to the second's."""
    ratios = []
    for _ in range(ROUNDS):
        first, second = (cpu_seconds(way, reads) for way in ways.values())
        ratios.append(first / second)
    return statistics.median(ratios)


def main() -> int:
    with own_database():
        fill()
        run("set max_parallel_workers_per_gather = 0")
        browser = run("select id from dashboard_browser")[0][0]
        middle = START + timedelta(days=DAYS // 2)
        selection = Selection(browser, since=middle)

        def a_page(source: Source) -> Callable[[], object]:
            return lambda: list_rows(source=source, selection=selection, limit=PAGE)[0]

        def a_file(source: Source) -> Callable[[], object]:
            return lambda: sum(len(page) for page in page_rows(source=source, selection=selection))

        def a_view(name: str) -> Callable[[], object]:
            span = [middle, middle + timedelta(days=1)]
            return lambda: run(VIEWS.format(name), span)

        for said, way, reads in (("a page of 1,000", a_page, READS), ("a file", a_file, 1)):
            found = compare({"with": way(EVENTS_IN_SCENES), "without": way(EVENTS)}, reads)
            print(f"{said}, with scenes / without: {found:.2f}")
        names = {"with": "pointer_events_in_scenes", "without": "pointer_events"}
        found = compare({name: a_view(view) for name, view in names.items()}, 1)
        print(f"a day of the view, with scenes / without: {found:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
