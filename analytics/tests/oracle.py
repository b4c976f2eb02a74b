"""The expected statuses: docs/metrics.md in plain Python, from raw samples.

It follows the definitions alone, with dictionaries and loops, and shares no code with the drain.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

IDLE_GAP_US = 250_000
SLICE_US = 100_000


class Sample(NamedTuple):
    """One stored sample: epoch microseconds, seq, px (as float32 stores them), enter."""

    time: int
    seq: int
    x: float
    y: float
    enter: bool = False


class Status(NamedTuple):
    """One bucket: its start in epoch microseconds, and metrics.md's columns."""

    time: int
    events: int
    traversed_distance: float
    avg_velocity: float
    peak_velocity: float
    moving_time: float
    start_x: float
    start_y: float
    end_x: float
    end_y: float


def expected_statuses(samples: Iterable[Sample], *, interval_us: int = 1_000_000) -> list[Status]:
    """Return the statuses of one browser's samples, earliest first."""
    ordered = sorted(samples, key=lambda sample: (sample.time, sample.seq))
    members: dict[int, list[int]] = defaultdict(list)
    for i, sample in enumerate(ordered):
        members[sample.time // interval_us * interval_us].append(i)
    return [_status(bucket, ordered, places, interval_us) for bucket, places in members.items()]


def _status(bucket: int, samples: list[Sample], places: list[int], interval_us: int) -> Status:
    slices: dict[int, float] = defaultdict(float)
    moving_us = 0
    for i in places:
        distance = distance_to(samples, i)
        slices[samples[i].time // SLICE_US] += distance
        if distance > 0:
            moving_us += min(samples[i].time - samples[i - 1].time, IDLE_GAP_US)
    total = math.fsum(slices.values())
    first, last = samples[places[0]], samples[places[-1]]
    return Status(
        time=bucket,
        events=len(places),
        traversed_distance=total,
        avg_velocity=total / (interval_us / 1e6),
        peak_velocity=max(slices.values()) / (SLICE_US / 1e6),
        moving_time=moving_us / 1e6,
        start_x=first.x,
        start_y=first.y,
        end_x=last.x,
        end_y=last.y,
    )


def distance_to(samples: list[Sample], i: int) -> float:
    """Return the length of the segment that ends in sample i; a segment into the page has none."""
    if i == 0 or samples[i].enter:
        return 0.0
    return math.hypot(samples[i].x - samples[i - 1].x, samples[i].y - samples[i - 1].y)
