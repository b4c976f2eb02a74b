"""How accurate the path to a target was, by MacKenzie, Kauppinen and Silfverberg (2001).

docs/metrics.md (Accuracy of the path) defines each number.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from statistics import fmean, stdev
from typing import NamedTuple

from analytics.studies.pointing import Point
from analytics.studies.trajectory import Path

# Less than this (px) comes from rounding: such a sample is on the axis, or has not changed.
ROUNDING = 1e-6


class PathAccuracy(NamedTuple):
    """The accuracy of one path: counts, and px. `variability` is None for a single sample."""

    target_reentries: int
    axis_crossings: int
    direction_changes: int
    orthogonal_changes: int
    variability: float | None
    error: float
    offset: float


def measure_accuracy(path: Path, *, source: Point, target: Point, width: float) -> PathAccuracy:
    """Measure a path by the axis between its targets' centres.

    `offset` is positive on the right of travel, as it is seen on the screen. ValueError for an
    empty path, or if the targets have one centre.
    """
    across, down = target.x - source.x, target.y - source.y
    length = math.hypot(across, down)
    if not path or length == 0:
        raise ValueError("an accuracy needs a sample, and targets with different centres")
    across, down = across / length, down / length
    along = [(one.x - source.x) * across + (one.y - source.y) * down for one in path]
    aside = [(one.y - source.y) * across - (one.x - source.x) * down for one in path]
    inside = [math.hypot(one.x - target.x, one.y - target.y) < width / 2 for one in path]
    return PathAccuracy(
        max(sum(is_in for is_in, _ in groupby(inside)) - 1, 0),
        _sign_changes(aside),
        _sign_changes(_steps(aside)),
        _sign_changes(_steps(along)),
        stdev(aside) if len(aside) > 1 else None,
        fmean(map(abs, aside)),
        fmean(aside),
    )


def _steps(values: Sequence[float]) -> list[float]:
    return [b - a for a, b in pairwise(values)]


def _sign_changes(values: Iterable[float]) -> int:
    signs = [value > 0 for value in values if abs(value) > ROUNDING]
    return sum(a != b for a, b in pairwise(signs))
