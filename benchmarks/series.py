"""The time of the series of a dashboard's range over many stored samples, against over few.

Both databases have thirty days of fifty browsers and the same last day of the shown browser. In the
larger one all browsers move for longer on each earlier day.
"""

import argparse
import sys
import time
from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from tqdm import tqdm

from benchmarks.database import BROWSERS, HZ, ROLL_UP, START, own_database, run, use
from dashboard.api.queries import DEFAULT_POINTS
from dashboard.statuses.intervals import choose_interval
from dashboard.statuses.ladder import level_below, model_of
from dashboard.statuses.ranges import CHOICES
from dashboard.statuses.series import Range, list_statuses

TO_REACH = 1.3
DAYS, OTHERS = 30, 50
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
END = START + DAYS * DAY
ACTIVE_SECONDS = 300  # Of each hour of the last day, at its end.
SHOWN = ("2m", "1h", "24h")

# One stretch of movement per browser, in the order of the key.
EVENTS = """
insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
select b.id, %(since)s + b.id * %(apart)s + i * interval '1 second' / %(hz)s,
       960 + 800 * sin(i / 37.0 + b.id), 540 + 500 * cos(i / 23.0 + b.id), i, i = 0
from (select id from dashboard_browser where id <= %(browsers)s order by id) b
cross join lateral generate_series(0, %(events)s - 1 + 0 * b.id) i
"""
WHERE = "where time >= %(since)s and time < %(until)s"
CLIMB = """
insert into dashboard_coarsestatus (
    browser_id, interval_ms, time, events, traversed_distance, avg_velocity, peak_velocity,
    moving_time, start_x, start_y, end_x, end_y)
select browser_id, %(rung)s, time_bucket(%(interval)s, time) as bucket, sum(events),
       sum(traversed_distance), sum(traversed_distance) / %(rung)s * 1000, max(peak_velocity),
       sum(moving_time), first(start_x, time), first(start_y, time), last(end_x, time),
       last(end_y, time)
from {below} where interval_ms = %(level)s group by browser_id, bucket
"""


class Figures(NamedTuple):
    """Milliseconds of the series of each page range, over few samples and over many."""

    small_rows: int
    rows: int
    milliseconds: dict[str, tuple[float, float]]

    @property
    def ratio(self) -> float:
        """The ratio of the worst range."""
        return max(many / few for few, many in self.milliseconds.values())


def measure(*, rows: int = 50_000_000, small_rows: int = 1_000_000, rounds: int = 20) -> Figures:
    """Time the series in a database of each size, in turn; the best of each counts.

    It uses about 100 bytes of disk per sample.
    """
    with own_database() as few:
        stored_few = fill(rows=small_rows)
        with own_database() as many:
            stored_many = fill(rows=rows)
            best: dict[str, dict[str, float]] = defaultdict(dict)
            for _ in tqdm(range(rounds), desc="rounds", disable=None):
                for name in (few, many):
                    use(name)
                    for key in SHOWN:
                        best[key][name] = min(_time(key), best[key].get(name, 1e9))
    times = {key: (best[key][few], best[key][many]) for key in SHOWN}
    return Figures(stored_few, stored_many, times)


def fill(*, rows: int) -> int:
    """Store about `rows` samples, and their statuses on every rung; return the exact number."""
    run("set work_mem = '256MB'")
    run(BROWSERS, {"start": START, "browsers": OTHERS})
    shown = 24 * ACTIVE_SECONDS * HZ
    events = max((rows - shown) // (OTHERS * (DAYS - 1)), 1)
    with tqdm(total=DAYS, desc=f"{rows:,} samples", unit=" days", disable=None) as bar:
        for day in range(DAYS - 1):
            since = START + day * DAY
            _store(since, browsers=OTHERS, events=events, apart=timedelta(seconds=1000))
            _roll_up(since, since + DAY)
            bar.update()
        for hour in range(1, 25):
            since = END - DAY + hour * HOUR - timedelta(seconds=ACTIVE_SECONDS)
            _store(since, browsers=1, events=ACTIVE_SECONDS * HZ, apart=timedelta(0))
        _roll_up(END - DAY, END)
        bar.update()
    for rung in settings.RUNGS_MS[1:]:
        level = level_below(rung)
        climb = CLIMB.format(below=model_of(level)._meta.db_table)
        run(climb, {"rung": rung, "level": level, "interval": timedelta(milliseconds=rung)})
    run("vacuum analyze")
    return run("select sum(events) from dashboard_pointerstatus")[0][0]


def _store(since: object, **parameters: object) -> None:
    run(EVENTS, {"since": since, "hz": HZ, **parameters})


def _roll_up(since: object, until: object) -> None:
    run(ROLL_UP.format(where=WHERE), {"since": since, "until": until})


def _time(key: str) -> float:
    """Return the milliseconds of one series of a page's range, on a warm connection."""
    since = END - timedelta(seconds=CHOICES[key].seconds or 0)
    span = {"since": since, "until": END}
    interval = choose_interval(**span, max_points=DEFAULT_POINTS, rung_ms=settings.RUNGS_MS[0])
    browser_id = run("select min(id) from dashboard_browser")[0][0]
    started = time.perf_counter()
    statuses = list_statuses(browser_id=browser_id, span=Range(since, END, interval, False))
    elapsed = time.perf_counter() - started
    if not statuses:
        raise AssertionError(f"the range {key} is empty")
    return elapsed * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000_000, help="default: 50 million")
    parser.add_argument("--small-rows", type=int, default=1_000_000, help="to compare with")
    parser.add_argument("--rounds", type=int, default=20)
    figures = measure(**vars(parser.parse_args()))
    for key, (few, many) in figures.milliseconds.items():
        print(
            f"{CHOICES[key].words}: {few:.1f} ms of {figures.small_rows:,} samples,"
            f" {many:.1f} ms of {figures.rows:,}, ratio {many / few:.2f}"
        )
    print(f"many / few, the worst (to reach: at most {TO_REACH}): {figures.ratio:.2f}")
    return 0 if figures.ratio <= TO_REACH else 1


if __name__ == "__main__":
    sys.exit(main())
