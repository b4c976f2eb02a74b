"""What heat costs: its drain against the first rung's, its bytes against samples', a large map.

Pointers move as hands do between targets, at 60 Hz, and rest between the movements; a scene comes
whenever the page is scrolled. All are on one page.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings

from analytics.maps.heat_drain import drain_heat
from analytics.maps.page_drain import drain_pages
from analytics.maps.page_map import read_map
from analytics.maps.selection import Selection
from analytics.rollups.drain import drain
from benchmarks.database import START, mark_all, own_database, run
from benchmarks.table import Row

BROWSERS, MINUTES, HZ = 20, 30, 60
END = START + timedelta(minutes=MINUTES)
LATER = START + timedelta(days=2)
DAYS, CELLS = 30, 1_000_000
MAP_SECONDS, ROUNDS = 0.3, 5

FILL = """
insert into dashboard_page (site, name) values ('', '/a');
insert into dashboard_browser (instance_id, is_active, logged_on_at, token_version)
select gen_random_uuid(), true, %(start)s, 1 from generate_series(1, %(browsers)s);
insert into dashboard_pagevisit (browser_id, page_id, first_at, last_at)
select b.id, p.id, %(start)s, %(end)s from dashboard_browser b, dashboard_page p;
"""
# Every two seconds a hand goes to another target, for 0.7 s and with the velocity of a minimum-jerk
# reach, and then rests. Targets are anywhere in the viewport.
EVENTS = """
with target as (
    select b.id, n, 1280 * random() as x, 720 * random() as y
    from dashboard_browser b, generate_series(0, %(minutes)s * 30) n
), reach as (
    select a.id, a.n, a.x as x0, a.y as y0, b.x as x1, b.y as y1
    from target a join target b on b.id = a.id and b.n = a.n + 1
)
insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
select id, %(start)s + (n * 2 + step / %(hz)s::float8) * interval '1 second',
       x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, n * 100 + step, n + step = 0
from reach cross join generate_series(0, %(hz)s * 7 / 10 - 1) step
cross join lateral (select step / (%(hz)s * 0.7) as t) moment
cross join lateral (select 10 * t ^ 3 - 15 * t ^ 4 + 6 * t ^ 5 as share) done
order by n, id, step
"""
SCENES = """
insert into analytics_pointerscene (
    browser_id, time, seq, viewport_width, viewport_height, document_width, document_height,
    scroll_x, scroll_y, pixel_ratio, pointer, page_id)
select b.id, %(start)s + n * interval '6 seconds', n * 300, 1280, 720, 1280, 5200,
       0, 16 * floor(random() * 280), 1, 'mouse', p.id
from dashboard_browser b, dashboard_page p, generate_series(0, %(minutes)s * 10 - 1) n
"""
DAYS_OF_PAGE = """
insert into analytics_pageheat (
    page_id, time, width_class, pointer, instances, events, dwell_us, cells, dwells, samples,
    visitors)
select p.id, %(start)s - day * interval '24 hours', 1024, 'mouse', 50, 100000, 1000,
       array_agg(65536 * (cell / 80) + 32768 + cell %% 80 order by cell),
       array_agg((1000000 * random())::bigint), array_agg((100 * random())::int),
       array_agg((50 * random())::int)
from dashboard_page p, generate_series(1, %(days)s) day, generate_series(1, %(each)s) cell
group by p.id, day
"""
BYTES = """
select hypertable_size('analytics_heatstatus'), hypertable_size('analytics_pageheat'),
       hypertable_size('analytics_pagestatus'),
       (select count(*) from analytics_pointerpositionevent)
"""
# docs/metrics.md (Storage): a packed sample with its key.
RAW_BYTES = 98


class Drains(NamedTuple):
    """The best times of a drain of all samples, in s: of the first rung, and of heat."""

    first: float
    heat: float


class Sizes(NamedTuple):
    """Bytes of heat of instances, of days of pages and of hours of pages; and samples."""

    instances: int
    days: int
    hours: int
    events: int


def measure() -> list[Row]:
    """Return the rows."""
    with own_database():
        run(FILL, {"start": START, "end": END, "browsers": BROWSERS})
        run(EVENTS, {"start": START, "hz": HZ, "minutes": MINUTES})
        run(SCENES, {"start": START, "minutes": MINUTES})
        run("vacuum analyze")
        drains = _time_drains()
        sizes = _measure_sizes()
        seconds = _time_map()
    return [_drain_row(drains, sizes.events), _bytes_row(sizes), _map_row(seconds)]


def _time_drains() -> Drains:
    """Drain all samples several times, the first rung and heat in turn."""
    rounds = []
    for _ in range(ROUNDS):
        run("truncate dashboard_pointerstatus, dashboard_coarsestatus")
        mark_all()
        first = _seconds(lambda: _drain(settings.RUNGS_MS[0]))
        for rung in settings.RUNGS_MS[1:]:
            _drain(rung)
        rounds.append((first, _seconds(_drain_heat)))
    return Drains(*map(min, zip(*rounds, strict=True)))


def _measure_sizes() -> Sizes:
    drain_pages(now=LATER)
    run("vacuum full analytics_heatstatus")
    run("vacuum analyze")
    return Sizes(*run(BYTES)[0])


def _time_map() -> float:
    """Store days of a page with many cells, and return the best time of a map of them, in s."""
    run(DAYS_OF_PAGE, {"start": START, "days": DAYS, "each": CELLS // DAYS})
    run("vacuum analyze analytics_pageheat")
    ((page,),) = run("select id from dashboard_page")
    selection = Selection(page, START - timedelta(days=DAYS), START)
    return min(_seconds(lambda: read_map(selection=selection)) for _ in range(ROUNDS))


def _drain_row(drains: Drains, events: int) -> Row:
    heat, first = (seconds / events * 1e6 for seconds in (drains.heat, drains.first))
    return Row(
        "heat drain",
        "drain of heat, time for a sample",
        "the drain of the first rung",
        drains.heat / drains.first,
        1 / 3,
        low=True,
        note=f"{heat:.1f} µs against {first:.1f} µs",
    )


def _bytes_row(sizes: Sizes) -> Row:
    instances, days, hours = (size / sizes.events for size in sizes[:3])
    return Row(
        "heat bytes",
        "bytes of heat for a sample, index included",
        f"the sample's {RAW_BYTES} B",
        100 * (instances + days + hours) / RAW_BYTES,
        5.0,
        unit="%",
        low=True,
        note=f"{instances:.2f} B of instances, {days:.2f} B of days of pages and {hours:.2f} B of"
        f" hours, with {BROWSERS} instances on the page",
    )


def _map_row(seconds: float) -> Row:
    return Row(
        "heat map",
        f"a map of {DAYS} days over {CELLS:,} stored cells",
        f"{MAP_SECONDS * 1000:.0f} ms",
        seconds * 1000,
        MAP_SECONDS * 1000,
        unit="ms",
        low=True,
    )


def _drain(rung: int) -> None:
    for shard in range(settings.ROLLUP_SHARDS):
        drain(rung=rung, shard=shard, now=LATER)


def _drain_heat() -> None:
    for shard in range(settings.ROLLUP_SHARDS):
        drain_heat(shard=shard, now=LATER)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    from benchmarks.table import to_text

    print(to_text(measure()))
