"""How fast a drain works off a large backlog, against the bare roll-up statement on the same rows.

The bare statement computes and inserts all statuses from all samples at once: no marks, no claims,
no locks, nothing stored before, nothing marked for the rung above.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from tqdm import tqdm

from analytics.rollups import drain
from benchmarks.database import START, fill, mark_all, own_database, run
from core.durations import FIRST_RUNG_MS

TO_REACH = 0.5

BARE = """
with segment as (
    select browser_id, time, seq, x, y, time_bucket('1 second', time) as bucket,
           case when enter then 0 else coalesce(sqrt((x::float8 - lag(x) over run) ^ 2
                                                   + (y::float8 - lag(y) over run) ^ 2), 0)
           end as distance,
           date_part('epoch', time - lag(time) over run) as seconds
    from analytics_pointerpositionevent
    window run as (partition by browser_id order by time, seq)
), slice as (
    select browser_id, bucket, time_bucket('100 ms', time) as start, count(*) as events,
           sum(distance) as distance,
           sum(least(seconds, 0.25)) filter (where distance > 0) as moving,
           first(x, time) as start_x, first(y, time) as start_y,
           last(x, time) as end_x, last(y, time) as end_y
    from segment group by browser_id, bucket, start
)
insert into dashboard_pointerstatus (
    browser_id, interval_ms, time, events, traversed_distance, avg_velocity, peak_velocity,
    moving_time, start_x, start_y, end_x, end_y)
select browser_id, 1000, bucket, sum(events), sum(distance), sum(distance),
       max(distance) / 0.1, coalesce(sum(moving), 0), first(start_x, start), first(start_y, start),
       last(end_x, start), last(end_y, start)
from slice group by browser_id, bucket
"""
SUMS = "select count(*), sum(events), round(sum(traversed_distance)::numeric, 3) from {}"


class Figures(NamedTuple):
    """How many samples there were, and how many were rolled up a second, at best, either way."""

    samples: int
    bare: float
    drained: float

    @property
    def ratio(self) -> float:
        return self.drained / self.bare


def measure(*, rows: int = 1_000_000, browsers: int = 200, rounds: int = 3) -> Figures:
    """Roll the same samples up by the bare statement and by the drain, by turns.

    Of each way the best round counts: what else the machine does only ever makes it slower.
    """
    with own_database():
        fill(rows=rows, browsers=browsers)
        samples = run("select count(*) from analytics_pointerpositionevent")[0][0]
        bare, drained, sums = [], [], set()
        for _ in tqdm(range(rounds), desc="rounds", disable=None):
            for times, work in ((bare, lambda: run(BARE)), (drained, drain_all)):
                run("truncate dashboard_pointerstatus")
                mark_all()
                times.append(_seconds(work))
                sums.add(run(SUMS.format("dashboard_pointerstatus"))[0])
        if len(sums) != 1:
            raise AssertionError(f"the two do not give the same statuses: {sums}")
    return Figures(samples, samples / min(bare), samples / min(drained))


def drain_all() -> None:
    for shard in range(settings.ROLLUP_SHARDS):
        drain(rung=FIRST_RUNG_MS, shard=shard, now=START + timedelta(hours=1))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="samples (default: 1,000,000)")
    parser.add_argument("--browsers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    figures = measure(**vars(parser.parse_args()))
    print(
        f"{figures.samples:,} samples: bare statement {figures.bare:,.0f} samples/s,"
        f" drain {figures.drained:,.0f} samples/s"
    )
    print(f"drain / bare statement (to reach: {TO_REACH}): {figures.ratio:.2f}")
    return 0 if figures.ratio >= TO_REACH else 1


if __name__ == "__main__":
    sys.exit(main())
