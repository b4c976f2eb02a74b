"""The speed of a drain with a large backlog, against the bare roll-up statement on the same rows.

The bare statement computes and inserts all statuses from all samples at once: without marks, claims
or locks, into an empty table, and without marks for the rung above.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from tqdm import tqdm

from analytics.rollups.drain import drain
from benchmarks.database import ROLL_UP, START, fill, mark_all, own_database, run
from core.values.durations import FIRST_RUNG_MS

TO_REACH = 0.5

SUMS = "select count(*), sum(events), round(sum(traversed_distance)::numeric, 3) from {}"


class Figures(NamedTuple):
    """The number of samples, and the best samples per second by the statement and by the drain."""

    samples: int
    bare: float
    drained: float

    @property
    def ratio(self) -> float:
        return self.drained / self.bare


def measure(*, rows: int = 1_000_000, browsers: int = 200, rounds: int = 5) -> Figures:
    """Roll the same samples up by the bare statement and by the drain, in turn.

    The best round of each counts, because other load can only make a round slower.
    """
    with own_database():
        fill(rows=rows, browsers=browsers)
        samples = run("select count(*) from analytics_pointerpositionevent")[0][0]
        bare, drained, sums = [], [], set()
        for _ in tqdm(range(rounds), desc="rounds", disable=None):
            for times, work in (
                (bare, lambda: run(ROLL_UP.format(where=""))),
                (drained, drain_all),
            ):
                run("truncate dashboard_pointerstatus")
                mark_all()
                times.append(_seconds(work))
                sums.add(run(SUMS.format("dashboard_pointerstatus"))[0])
        if len(sums) != 1:
            raise AssertionError(f"the two give different statuses: {sums}")
    return Figures(samples, samples / min(bare), samples / min(drained))


def roll_up_bare() -> None:
    run(ROLL_UP.format(where=""))


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
    parser.add_argument("--rounds", type=int, default=5)
    figures = measure(**vars(parser.parse_args()))
    print(
        f"{figures.samples:,} samples: bare statement {figures.bare:,.0f} samples/s,"
        f" drain {figures.drained:,.0f} samples/s"
    )
    print(f"drain / bare statement (to reach: {TO_REACH}): {figures.ratio:.2f}")
    return 0 if figures.ratio >= TO_REACH else 1


if __name__ == "__main__":
    sys.exit(main())
