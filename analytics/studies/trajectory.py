"""The path of one trial, and where it lies: deviations from the ideal line, area, crossings, flips.

A path is samples in order of (time, seq). Times are seconds, of any origin; x and y are CSS px with
y growing downwards. docs/metrics.md (Measures of a trial) defines each number and names its source.
"""

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple


class Position(NamedTuple):
    """One sample of a path: s, px, px."""

    time: float
    x: float
    y: float


class Deviation(NamedTuple):
    """A sample seen from the ideal line, in px: how far along it, and how far to which side."""

    along: float
    aside: float


Path = Sequence[Position]


def deviations(path: Path) -> list[Deviation] | None:
    """Return each sample's place on the infinite line from the first sample to the last.

    `aside` is positive on the side that is higher on the screen, or on the left of a vertical line.
    None if there is no such line: fewer than two samples, or an end at the start.
    """
    if len(path) < 2:
        return None
    _, left, top = path[0]
    across, down = path[-1].x - left, path[-1].y - top
    length = math.hypot(across, down)
    if length == 0:
        return None
    across, down = across / length, down / length
    # The normal of the line that points up the screen; of a vertical one that points left.
    right, below = (down, -across) if across > 0 else (-down, across) if across < 0 else (-1.0, 0.0)
    return [
        Deviation((x - left) * across + (y - top) * down, (x - left) * right + (y - top) * below)
        for _, x, y in path
    ]


def signed_area(places: Sequence[Deviation]) -> float:
    """Return the area (px²) between the path and the line, negative where it lies below.

    Parts on the two sides cancel each other; a loop counts by its winding.
    """
    return sum((a.aside + b.aside) / 2 * (b.along - a.along) for a, b in pairwise(places))


def flips(values: Sequence[float], *, threshold: float = 0) -> int:
    """Return how often the direction along an axis changes.

    Steps in the same direction form a run, even across rests. Runs of at most `threshold` px are
    left out.
    """
    steps = [b - a for a, b in pairwise(values) if a != b]
    runs = [sum(run) for _, run in groupby(steps, key=lambda step: step > 0)]
    kept = [run for run in runs if abs(run) > threshold]
    return sum((a > 0) != (b > 0) for a, b in pairwise(kept))


def reversals(values: Sequence[float]) -> int:
    """Return how often the path crosses its starting value, from one side to the other."""
    sides = [value > values[0] for value in values if value != values[0]]
    return sum(a != b for a, b in pairwise(sides))
