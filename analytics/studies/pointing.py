"""The formula of throughput: pointing at targets by ISO 9241-411.

docs/metrics.md (Pointing at targets) defines each number and names its source. Lengths are CSS px,
times s, y grows downwards.
"""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev
from typing import NamedTuple

# The width that holds 96 % of a normal distribution's end points: 4.133 SD.
WIDTH_SDS = math.sqrt(2 * math.pi * math.e)
# Centres that are closer (px) belong to the same target, because browsers round rectangles.
SAME_PLACE = 1.0


class Point(NamedTuple):
    """A place in px."""

    x: float
    y: float


class Pointing(NamedTuple):
    """One movement from target to target: their centres, where it ended, and its time in s.

    `width` is that of the target: its diameter, or in a one-dimensional task its length along the
    axis. Movements of different blocks do not follow each other.
    """

    source: Point
    target: Point
    width: float
    selected: Point
    time: float
    block: str = ""


class EndPoint(NamedTuple):
    """Where a movement ended, from its target's centre, in px.

    `overshoot` is along the axis from source to target, `aside` positive on the right of travel;
    `distance` is that of the two centres.
    """

    distance: float
    overshoot: float
    aside: float


class Throughput(NamedTuple):
    """The numbers of one sequence; None where they are not defined.

    `amplitude` and `width` are the effective ones (px), `difficulty` is in bits, `movement_time` in
    s, `throughput` in bit/s; `error_rate` is a share, 0 to 1.
    """

    trials: int
    errors: int
    error_rate: float
    movement_time: float
    amplitude: float
    width: float | None
    difficulty: float | None
    throughput: float | None


def end_point(pointing: Pointing) -> EndPoint:
    """Return where a movement ended. ValueError if its targets have one centre."""
    source, target, selected = pointing.source, pointing.target, pointing.selected
    across, down = target.x - source.x, target.y - source.y
    distance = math.hypot(across, down)
    if distance == 0:
        raise ValueError("the two targets of a movement need different centres")
    over_x, over_y = selected.x - target.x, selected.y - target.y
    return EndPoint(
        distance,
        (over_x * across + over_y * down) / distance,
        (over_y * across - over_x * down) / distance,
    )


def is_error(pointing: Pointing, *, one_dimensional: bool = False) -> bool:
    """Return whether a movement ended outside its target: a disc, or a strip of its width."""
    end = end_point(pointing)
    miss = abs(end.overshoot) if one_dimensional else math.hypot(end.overshoot, end.aside)
    return miss > pointing.width / 2


def measure_sequence(
    movements: Sequence[Pointing],
    *,
    serial: bool,
    one_dimensional: bool = False,
    bivariate: bool = False,
) -> Throughput:
    """Return the throughput of one participant's movements in one condition, in their order.

    In a `serial` task a movement from the last one's target begins where that one ended, so the
    last overshoot adds to the amplitude. `bivariate` takes the spread of end points in both
    dimensions, not along the axis alone. ValueError for no movements, or if two targets have one
    centre.
    """
    if not movements:
        raise ValueError("a sequence needs a movement")
    ends = [end_point(one) for one in movements]
    amplitude = fmean(_amplitudes(movements, ends, serial=serial))
    time = fmean(one.time for one in movements)
    errors = sum(is_error(one, one_dimensional=one_dimensional) for one in movements)
    width = _effective_width(ends, bivariate=bivariate)
    difficulty = _difficulty(amplitude, width)
    return Throughput(
        len(movements),
        errors,
        errors / len(movements),
        time,
        amplitude,
        width,
        difficulty,
        None if difficulty is None or time <= 0 else difficulty / time,
    )


def mean_throughput(sequences: Iterable[Throughput]) -> float | None:
    """Return the mean of the sequences' throughputs that are defined; movements are not pooled."""
    defined = [one.throughput for one in sequences if one.throughput is not None]
    return fmean(defined) if defined else None


def _amplitudes(
    movements: Sequence[Pointing], ends: Sequence[EndPoint], *, serial: bool
) -> list[float]:
    own = [end.distance + end.overshoot for end in ends]
    if not serial:
        return own
    carried = [
        before_end.overshoot if _follows(one, before) else 0.0
        for before, before_end, one in zip(movements, ends, movements[1:], strict=False)
    ]
    return [amplitude + last for amplitude, last in zip(own, [0.0, *carried], strict=True)]


def _follows(one: Pointing, before: Pointing) -> bool:
    is_there = math.dist(before.target, one.source) < SAME_PLACE
    return is_there and before.block == one.block


def _effective_width(ends: Sequence[EndPoint], *, bivariate: bool) -> float | None:
    if len(ends) < 2:
        return None
    spread = stdev(end.overshoot for end in ends)
    if bivariate:
        spread = math.hypot(spread, stdev(end.aside for end in ends))
    return WIDTH_SDS * spread


def _difficulty(amplitude: float, width: float | None) -> float | None:
    if not width or amplitude <= 0:
        return None
    return math.log2(amplitude / width + 1)
