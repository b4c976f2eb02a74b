"""Time-normalised paths: their steps, their average, and the sample entropy of a trial.

docs/metrics.md (Measures of a trial) defines each number and names its source.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from statistics import fmean, stdev
from typing import NamedTuple

from analytics.studies.trajectory import Path, Position

STEPS = 101
WINDOW = 3
TOLERANCE_SDS = 0.2


class AverageStep(NamedTuple):
    """A step of an average path: s and px, and their standard errors, None for a single path."""

    time: float
    x: float
    y: float
    time_error: float | None
    x_error: float | None
    y_error: float | None


class AveragePath(NamedTuple):
    """The average of `paths` time-normalised paths, step by step."""

    paths: int
    steps: list[AverageStep]


def normalise(
    path: Path, *, steps: int = STEPS, start: float | None = None, end: float | None = None
) -> list[Position]:
    """Return positions at `steps` equally spaced times from `start` to `end`, counted from `start`.

    They default to the first sample's time and the last one's. Positions between two samples are
    linear in time; before the first sample and after the last the pointer rests. Samples with the
    same time count as their mean. ValueError for an empty path or fewer than two steps.
    """
    if not path or steps < 2:
        raise ValueError("a normalised path needs a sample and two steps")
    since = path[0].time if start is None else start
    until = path[-1].time if end is None else end
    moments = [_mean_of(list(same)) for _, same in groupby(path, key=lambda one: one.time)]
    found, i = [], 0
    for step in range(steps):
        offset = (until - since) * step / (steps - 1)
        at = since + offset
        while i < len(moments) - 2 and moments[i + 1].time <= at:
            i += 1
        found.append(
            Position(offset, *_between(moments[i], moments[min(i + 1, len(moments) - 1)], at))
        )
    return found


def average_paths(*, paths: Iterable[tuple[str, Path]]) -> dict[str, AveragePath]:
    """Return the average of the normalised paths of each condition, with its standard error.

    The standard error is that of the paths: SD (n - 1) / √n. ValueError if the paths of a
    condition differ in their number of steps.
    """
    grouped = defaultdict(list)
    for condition, path in paths:
        grouped[condition].append(path)
    return {condition: _average(several) for condition, several in sorted(grouped.items())}


def sample_entropy(
    values: Sequence[float], *, m: int = WINDOW, tolerance: float | None = None
) -> float | None:
    """Return the sample entropy of the differences of time-normalised values along an axis.

    `tolerance` is in px, 0.2 SD (n - 1) of the differences unless given. None where nothing moves
    along the axis, or no two windows are alike.
    """
    differences = [b - a for a, b in pairwise(values)]
    if len(differences) < m + 2 or not any(differences):
        return None
    if tolerance is None:
        tolerance = TOLERANCE_SDS * stdev(differences)
    alike = longer = 0
    for lag in range(1, len(differences) - m):
        # `run` neighbouring pairs before this one are alike. If that makes a window, this pair is
        # what follows it.
        run = 0
        for a, b in zip(differences, differences[lag:], strict=False):
            longer += run >= m and abs(a - b) <= tolerance
            alike += run >= m
            run = run + 1 if abs(a - b) <= tolerance else 0
    return math.log(alike / longer) if longer else None


def _mean_of(same: Path) -> Position:
    return Position(same[0].time, fmean(one.x for one in same), fmean(one.y for one in same))


def _between(a: Position, b: Position, at: float) -> tuple[float, float]:
    if at <= a.time or a.time == b.time:
        return a.x, a.y
    if at >= b.time:
        return b.x, b.y
    share = (at - a.time) / (b.time - a.time)
    return a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share


def _average(paths: list[Path]) -> AveragePath:
    steps = []
    for same in zip(*paths, strict=True):
        columns = [[position[axis] for position in same] for axis in range(3)]
        steps.append(AverageStep(*map(fmean, columns), *map(_standard_error, columns)))
    return AveragePath(len(paths), steps)


def _standard_error(values: list[float]) -> float | None:
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
