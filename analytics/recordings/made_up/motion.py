"""Movements like people's: aimed, with the bell-shaped speed of a minimum jerk.

A correction follows a movement that missed. Between movements the hand rests.

Sources: Flash and Hogan 1985 (minimum jerk), MacKenzie 1992 (Fitts's law, Shannon's form), Meyer et
al. 1988 (a first movement that misses by a share of its distance, then a correction).
"""

import math
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

FITTS_START_SECONDS, FITTS_SECONDS_PER_BIT = 0.12, 0.15
# The end of a first movement, as a share of its distance: mean and spread.
REACH, REACH_SPREAD = 0.99, 0.07
CORRECTION_DELAY_SECONDS = 0.1
# The widths of targets, from a small icon to a wide button.
TARGET_PX = (16.0, 120.0)
# Rests are log-normal: the spread of the logarithm, and an end.
LOG_SPREAD, LONGEST_SECONDS = 0.8, 30.0


class View(NamedTuple):
    """A page's viewport in CSS px; x lies in [0, width], y in [0, height]."""

    width: float
    height: float


class Point(NamedTuple):
    """A position in CSS px."""

    x: float
    y: float


class Stroke(NamedTuple):
    """One movement from a point to another, `begin` seconds after the pointer's start."""

    begin: float
    seconds: float
    origin: Point
    goal: Point
    bow: float  # px: the distance of the path's middle from the straight line
    enter: bool  # the pointer enters the page here

    @property
    def end(self) -> float:
        return self.begin + self.seconds


def aim(
    random: Random, *, begin: float, origin: Point, goal: Point, enter: bool, view: View
) -> list[Stroke]:
    """Return the movement to a goal, and its correction if the first movement missed."""
    width = random.uniform(*TARGET_PX)
    reach = random.gauss(REACH, REACH_SPREAD)
    landing = within(
        Point(
            origin.x + (goal.x - origin.x) * reach,
            origin.y + (goal.y - origin.y) * reach,
        ),
        view,
    )
    first = _stroke(random, begin, origin, landing, width, enter=enter)
    if math.dist(landing, goal) <= width / 2:
        return [first]
    again = first.end + CORRECTION_DELAY_SECONDS
    return [first, _stroke(random, again, landing, goal, width, enter=False)]


def _stroke(
    random: Random, begin: float, origin: Point, goal: Point, width: float, *, enter: bool
) -> Stroke:
    distance = math.dist(origin, goal)
    seconds = movement_seconds(distance, width) * random.lognormvariate(0, 0.15)
    return Stroke(begin, seconds, origin, goal, distance * random.gauss(0, 0.03), enter)


def movement_seconds(distance: float, width: float) -> float:
    """Return the mean time to reach a target `width` px wide and `distance` px away."""
    return FITTS_START_SECONDS + FITTS_SECONDS_PER_BIT * math.log2(distance / width + 1)


def sample_stroke(stroke: Stroke, *, rate: float, view: View) -> Iterator[tuple[int, Point]]:
    """Yield positions in whole px, at the multiples of 1/rate s within a movement.

    Times are microseconds from the pointer's start.
    """
    for tick in range(math.ceil(stroke.begin * rate), math.floor(stroke.end * rate) + 1):
        at = within(position(stroke, tick / rate), view)
        yield round(tick / rate * 1e6), Point(float(round(at.x)), float(round(at.y)))


def position(stroke: Stroke, seconds: float) -> Point:
    """Return the pointer's position at a time within the stroke."""
    share = (seconds - stroke.begin) / stroke.seconds
    way = minimum_jerk(share)
    along_x, along_y = stroke.goal.x - stroke.origin.x, stroke.goal.y - stroke.origin.y
    # Zero speed at both ends, and `bow` px beside the line in the middle.
    beside = 16 * share**2 * (1 - share) ** 2 * stroke.bow / (math.hypot(along_x, along_y) or 1)
    return Point(
        stroke.origin.x + along_x * way - along_y * beside,
        stroke.origin.y + along_y * way + along_x * beside,
    )


def minimum_jerk(share: float) -> float:
    """Return the share of the path covered after a share of the time (Flash and Hogan 1985)."""
    return share**3 * (10 - 15 * share + 6 * share**2)


def within(point: Point, view: View) -> Point:
    """Return the nearest point of the viewport."""
    return Point(min(max(point.x, 0), view.width), min(max(point.y, 0), view.height))


def at_edge(random: Random, view: View) -> Point:
    """Return a position at an edge of the viewport."""
    x, y = random.uniform(0, view.width), random.uniform(0, view.height)
    return random.choice((Point(x, 0), Point(x, view.height), Point(0, y), Point(view.width, y)))


def rest_seconds(random: Random, median: float) -> float:
    """Return how long a hand rests."""
    return min(random.lognormvariate(math.log(median), LOG_SPREAD), LONGEST_SECONDS)
