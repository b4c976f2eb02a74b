"""How far a trial's samples can be trusted. docs/metrics.md (Quality of a trial) defines it."""

from collections.abc import Sequence
from itertools import pairwise
from math import dist
from statistics import median
from typing import Any, NamedTuple

from django.db import connection

from analytics.studies.trajectory import Path
from analytics.studies.trial_marks import FoundTrial

# After a rest, the first sample of a movement is closer to the sample before than this.
GAP_PX = 10

# The sizes of the viewport at the start and within each trial. Locks: none.
RESIZED = """
select trial.no, count(distinct (scene.viewport_width, scene.viewport_height)) > 1 from unnest(
    %(starts)s::timestamptz[], %(start_seqs)s::int[], %(ends)s::timestamptz[], %(end_seqs)s::int[]
) with ordinality as trial (start, start_seq, finish, finish_seq, no) cross join lateral (
    (select viewport_width, viewport_height from analytics_pointerscene
     where browser_id = %(browser)s and time <= trial.start and time <= %(until)s
         and (time, seq) <= (trial.start, trial.start_seq)
     order by time desc, seq desc limit 1)
    union all
    (select viewport_width, viewport_height from analytics_pointerscene
     where browser_id = %(browser)s and time >= %(since)s and time <= %(until)s
         and time >= trial.start and time <= trial.finish
         and (time, seq) > (trial.start, trial.start_seq)
         and (time, seq) <= (trial.finish, trial.finish_seq))
) scene group by trial.no
"""


class SampleQuality(NamedTuple):
    """What the times of a trial's samples tell; None where there are too few.

    `sample_rate` is in Hz, of the median interval; `longest_gap` in s, 0 without one; `same_times`
    is the number of samples with the time of the sample before.
    """

    sample_rate: float | None = None
    longest_gap: float | None = None
    same_times: int | None = None


def judge_samples(path: Path) -> SampleQuality:
    """Judge the samples of a trial; a path of fewer than two has nothing to judge."""
    if len(path) < 2:
        return SampleQuality()
    steps = [(after.time - one.time, dist(one[1:], after[1:])) for one, after in pairwise(path)]
    intervals = [interval for interval, _ in steps if interval > 0]
    return SampleQuality(
        1 / median(intervals) if intervals else None,
        max((interval for interval, moved in steps if moved >= GAP_PX), default=0.0),
        len(steps) - len(intervals),
    )


def find_resized(*, browser_id: int, trials: Sequence[FoundTrial]) -> list[bool | None]:
    """Return for each trial whether its viewport changed its size; None where none is known."""
    if not trials:
        return []
    parameters: dict[str, Any] = {
        "browser": browser_id,
        "starts": [one.started_at for one in trials],
        "start_seqs": [one.start_seq for one in trials],
        "ends": [one.ended_at for one in trials],
        "end_seqs": [one.end_seq for one in trials],
        "since": min(one.started_at for one in trials),
        "until": max(one.ended_at for one in trials),
    }
    with connection.cursor() as cursor:
        cursor.execute(RESIZED, parameters)
        found: dict[int, bool] = dict(cursor.fetchall())
    return [found.get(no) for no in range(1, len(trials) + 1)]
