"""The pace of one trial's path: rests, hovers, velocities, accelerations.

Browsers send nothing while a pointer rests. So a rest is a gap without samples, as well as a
position that is sent again. docs/metrics.md (Measures of a trial) defines each number.
"""

import math
from itertools import groupby, pairwise
from typing import NamedTuple

from analytics.studies.trajectory import Path

# Six frames of a screen of 60 Hz. A moving pointer sends in each.
GAP_S = 0.1
HOVER_S = 0.1


class Rest(NamedTuple):
    """A period of rest, as long as it is unbroken: s."""

    start: float
    end: float


class Rate(NamedTuple):
    """A velocity (px/s) or acceleration (px/s²), at the middle of the time that it is about (s)."""

    time: float
    value: float


def rests(path: Path, *, start: float, end: float, gap: float = GAP_S) -> list[Rest]:
    """Return when the pointer rested between `start` and `end`, between which the path lies.

    An interval longer than `gap` without a sample is a rest, and so is one between two samples at
    the same position. Before the first sample and after the last, only a gap is a rest.
    """
    intervals = [
        (start, path[0].time, _time(start, path[0].time) > gap),
        *(
            (a.time, b.time, b[1:] == a[1:] or _time(a.time, b.time) > gap)
            for a, b in pairwise(path)
        ),
        (path[-1].time, end, _time(path[-1].time, end) > gap),
    ]
    found = []
    for is_rest, run in groupby(intervals, key=lambda interval: interval[2]):
        if is_rest:
            whole = list(run)
            found.append(Rest(whole[0][0], whole[-1][1]))
    return found


def hovers(resting: list[Rest], *, threshold: float = HOVER_S) -> list[Rest]:
    """Return the rests that are longer than a threshold (s)."""
    return [rest for rest in resting if _time(*rest) > threshold]


def initiation(path: Path, *, end: float, gap: float = GAP_S, threshold: float = 0) -> float:
    """Return when the pointer began to leave its first position by more than `threshold` px.

    That is the sample before the first one which is further away. If a gap lies between the two,
    it is the later one, because the pointer rested in the gap. `end` if it never left.
    """
    first = path[0]
    for before, after in pairwise(path):
        if math.hypot(after.x - first.x, after.y - first.y) > threshold:
            return after.time if _time(before.time, after.time) > gap else before.time
    return end


def total_distance(path: Path) -> float:
    """Return the length of the path in px."""
    return sum(math.hypot(b.x - a.x, b.y - a.y) for a, b in pairwise(path))


def velocities(path: Path) -> list[Rate]:
    """Return the velocity of each step; of samples with the same time the last counts."""
    return [
        Rate((a.time + b.time) / 2, math.hypot(b.x - a.x, b.y - a.y) / (b.time - a.time))
        for a, b in pairwise(_last_of_each_time(path))
    ]


def accelerations(path: Path) -> list[Rate]:
    """Return each change of velocity, divided by the time between the two steps' middles."""
    return [
        Rate((a.time + b.time) / 2, (b.value - a.value) / (b.time - a.time))
        for a, b in pairwise(velocities(path))
    ]


def _last_of_each_time(path: Path) -> Path:
    return [list(same)[-1] for _, same in groupby(path, key=lambda sample: sample.time)]


def _time(start: float, end: float) -> float:
    """Return the time between two moments, which are whole microseconds, without float's error."""
    return round(end - start, 6)
