"""The paths of trials, from samples and their scenes."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from analytics.studies.trajectory import Path, Position
from analytics.studies.trial_marks import FoundTrial

# Some minutes of movement without a rest. More is no single movement, and would delay the others.
MOST_SAMPLES = 10_000
# Trials that are read at once.
TOGETHER = 20

# Locks: none. The bounds let the planner skip chunks.
SAMPLES = """
select trial.no, sample.* from unnest(
    %(starts)s::timestamptz[], %(start_seqs)s::int[], %(ends)s::timestamptz[], %(end_seqs)s::int[]
) with ordinality as trial (start, start_seq, finish, finish_seq, no) cross join lateral (
    select time, seq, x::float8, y::float8 from analytics_pointerpositionevent
    where browser_id = %(browser)s and time >= %(since)s and time <= %(until)s
        and time >= trial.start and time <= trial.finish
        and (time, seq) >= (trial.start, trial.start_seq)
        and (time, seq) <= (trial.finish, trial.finish_seq)
    order by time, seq limit %(most)s + 1
) sample order by trial.no, time, seq
"""
# The scene at the start, then those within the trial.
SCENES = """
select trial.no, scene.* from unnest(
    %(starts)s::timestamptz[], %(start_seqs)s::int[], %(ends)s::timestamptz[], %(end_seqs)s::int[]
) with ordinality as trial (start, start_seq, finish, finish_seq, no) cross join lateral (
    (select time, seq, scroll_x::float8, scroll_y::float8 from analytics_pointerscene
     where browser_id = %(browser)s and time <= trial.start and time <= %(until)s
         and (time, seq) <= (trial.start, trial.start_seq)
     order by time desc, seq desc limit 1)
    union all
    (select time, seq, scroll_x::float8, scroll_y::float8 from analytics_pointerscene
     where browser_id = %(browser)s and time >= %(since)s and time <= %(until)s
         and time >= trial.start and time <= trial.finish
         and (time, seq) > (trial.start, trial.start_seq)
         and (time, seq) <= (trial.finish, trial.finish_seq)
     order by time, seq limit %(most)s + 1)
) scene order by trial.no, time, seq
"""


class Row(NamedTuple):
    """A sample's position, or a scene's scroll, by its key (time, seq)."""

    time: datetime
    seq: int
    x: float
    y: float


def read_paths(*, browser_id: int, trials: Sequence[FoundTrial]) -> list[Path | None]:
    """Return the path of each trial of a browser, in s and viewport px of the trial's start.

    None for a trial with more than MOST_SAMPLES samples or scenes.
    """
    paths: list[Path | None] = []
    for first in range(0, len(trials), TOGETHER):
        few = trials[first : first + TOGETHER]
        parameters = {
            "browser": browser_id,
            "starts": [one.started_at for one in few],
            "start_seqs": [one.start_seq for one in few],
            "ends": [one.ended_at for one in few],
            "end_seqs": [one.end_seq for one in few],
            "since": min(one.started_at for one in few),
            "until": max(one.ended_at for one in few),
            "most": MOST_SAMPLES,
        }
        samples, scenes = _read(SAMPLES, parameters), _read(SCENES, parameters)
        paths += [_to_path(trial, samples[no], scenes[no]) for no, trial in enumerate(few, start=1)]
    return paths


def _read(statement: str, parameters: dict[str, Any]) -> dict[int, list[Row]]:
    found = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        for no, *row in cursor.fetchall():
            found[no].append(Row(*row))
    return found


def _to_path(trial: FoundTrial, samples: list[Row], scenes: list[Row]) -> Path | None:
    """Subtract the scroll since the trial's start; the first scene holds for samples before it."""
    if max(len(samples), len(scenes)) > MOST_SAMPLES:
        return None
    keys = [scene[:2] for scene in scenes]
    path = []
    for time, seq, x, y in samples:
        if scenes:
            scene = scenes[max(bisect_right(keys, (time, seq)) - 1, 0)]
            x, y = x + (scene.x - scenes[0].x), y + (scene.y - scenes[0].y)
        path.append(Position((time - trial.started_at) / timedelta(seconds=1), x, y))
    return path
