"""The CPU time of reading a rung fresh, against reading what is stored, by turns.

Fifty browsers have moved for eight hours of each of thirty days, and move now. The stored statuses
are read by Django's ORM, as they were before what waits was computed. The marks are those just
before each rung climbs, when there are most.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Max, Sum
from timescale.db.models.aggregates import First, Last
from timescale.db.models.expressions import TimeBucket
from tqdm import tqdm

from benchmarks.database import BROWSERS, START, own_database, run
from core.values.times import to_rfc3339
from dashboard.api.queries import DEFAULT_POINTS
from dashboard.statuses.intervals import align, choose_interval
from dashboard.statuses.ladder import model_of, rung_for
from dashboard.statuses.ranges import CHOICES
from dashboard.statuses.series import Range, list_statuses, list_total_statuses
from dashboard.wire import Status, TotalStatus

TO_REACH = 1.3
OTHERS, DAYS, ROUNDS = 50, 30, 5
# The kernel counts CPU time in steps of 10 ms, which is two reads of one browser.
READS_OF_ONE, READS_OF_ALL = 50, 8
END = START + timedelta(days=DAYS)
SHOWN = ("1h", "24h", "7d", "30d")
KEPT = {1000: timedelta(hours=2), 10_000: timedelta(days=1)}
STATUSES = """
insert into {table} (
    browser_id, interval_ms, time, events, traversed_distance, avg_velocity, peak_velocity,
    moving_time, start_x, start_y, end_x, end_y)
select b.id, %(rung)s, t, 50, 1000 * random(), 100 * random(), 3000 * random(), 0.5, 1, 2, 3, 4
from dashboard_browser b
cross join generate_series(%(since)s, %(end)s - interval '1 second', %(interval)s) t
where extract(hour from t) < 8 or t >= %(end)s - interval '2 hours' order by b.id, t
"""
# For each rung: for how long a drain leaves marks before it climbs, and how often.
MARKS = """
insert into analytics_dirtyrange (browser_id, since, until, rung, events)
select b.id, t, t, climb.rung, 2 from dashboard_browser b
cross join (values (10000, 5, 0.25), (60000, 30, 5), (3600000, 300, 30)) climb (rung, s, step)
cross join lateral generate_series(
    %(end)s - climb.s * interval '1 second', %(end)s - interval '1 ms',
    climb.step * interval '1 second'
) t
"""
SUMS = {
    "events": Sum("events"),
    "traversed_distance": Sum("traversed_distance"),
    "peak_velocity": Max("peak_velocity"),
    "moving_time": Sum("moving_time"),
}
ENDS = {
    "start_x": First("start_x", "time"),
    "start_y": First("start_y", "time"),
    "end_x": Last("end_x", "time"),
    "end_y": Last("end_y", "time"),
}


def fill() -> None:
    run(BROWSERS, {"start": START, "browsers": OTHERS})
    for rung in settings.RUNGS_MS:
        words = {"rung": rung, "interval": timedelta(milliseconds=rung), "end": END}
        since = END - KEPT.get(rung, timedelta(days=DAYS))
        table = model_of(rung)._meta.db_table
        run(STATUSES.format(table=table), {**words, "since": since})
    run("vacuum analyze")


def read_stored(browser_id: int | None, span: Range) -> int:
    rung = rung_for(span.interval_ms)
    since, until = (align(moment, span.interval_ms) for moment in (span.since, span.until))
    rows = model_of(rung).objects.filter(interval_ms=rung, time__gte=since, time__lt=until)
    sums = SUMS if browser_id is None else SUMS | ENDS
    if browser_id is not None:
        rows = rows.filter(browser_id=browser_id)
    bucket = TimeBucket("time", f"{span.interval_ms} milliseconds")
    kind = TotalStatus if browser_id is None else Status
    found = [
        kind(
            time=to_rfc3339(row.pop("bucket")),
            interval_ms=span.interval_ms,
            avg_velocity=row["traversed_distance"] / (span.interval_ms / 1000),
            **row,
        )
        for row in rows.values(bucket=bucket).annotate(**sums).order_by("bucket")
    ]
    return len(found)


def read_fresh(browser_id: int | None, span: Range) -> int:
    if browser_id is None:
        return len(list_total_statuses(span=span))
    return len(list_statuses(browser_id=browser_id, span=span))


def ratio(browser_id: int | None, key: str) -> float:
    """Return the median ratio of CPU time, of this process and its database session together."""
    since = END - timedelta(seconds=CHOICES[key].seconds or 0)
    interval = choose_interval(
        since=since, until=END, max_points=DEFAULT_POINTS, rung_ms=settings.RUNGS_MS[0]
    )
    span = Range(since, END, interval, False)
    reads = READS_OF_ALL if browser_id is None else READS_OF_ONE
    ratios = []
    for _ in range(ROUNDS):
        fresh, stored = (
            cpu_seconds(lambda read=read: read(browser_id, span), reads)
            for read in (read_fresh, read_stored)
        )
        ratios.append(fresh / stored)
    return statistics.median(ratios)


def cpu_seconds(read: Callable[[], object], reads: int) -> float:
    """Return the CPU time of so many reads, of this process and its database session together."""
    if not read():
        raise AssertionError("the range is empty")
    session = Path(f"/proc/{run('select pg_backend_pid()')[0][0]}/stat")
    began = time.process_time() + _session_seconds(session)
    for _ in range(reads):
        read()
    return time.process_time() + _session_seconds(session) - began


def _session_seconds(stat: Path) -> float:
    user, system = stat.read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    worst = 0.0
    with own_database():
        fill()
        # A worker process of PostgreSQL would not be counted.
        run("set max_parallel_workers_per_gather = 0")
        one = run("select min(id) from dashboard_browser")[0][0]
        for said in ("nothing waits", "all browsers move"):
            if said != "nothing waits":
                run(MARKS, {"end": END})
                run("analyze analytics_dirtyrange")
            for whose, browser_id in (("one browser", one), ("all browsers", None)):
                for key in tqdm(SHOWN, desc=whose, disable=None):
                    worst = max(worst, found := ratio(browser_id, key))
                    print(f"{said}, {whose}, {CHOICES[key].words}: {found:.2f}")
    print(f"fresh / stored, the worst (to reach: at most {TO_REACH}): {worst:.2f}")
    return 0 if worst <= TO_REACH else 1


if __name__ == "__main__":
    sys.exit(main())
