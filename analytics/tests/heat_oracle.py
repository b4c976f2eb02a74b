"""The expected heat: docs/metrics.md (Heat) in plain Python, from raw samples and scenes.

It follows the definitions alone, with dictionaries and loops, and shares no code with the drain.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analytics.tests.oracle import IDLE_GAP_US, Sample, distance_to
from analytics.tests.scenery import Scene, scene_of

BUCKET_US = 300_000_000
WIDTHS = (1920, 1440, 1024, 768, 480, 0)


class Key(NamedTuple):
    """A row of heat of one browser: its bucket's start in epoch microseconds, and what it is of."""

    time: int
    page: str
    width_class: int
    pointer: str


class Heat(NamedTuple):
    """The numbers of a row; `cells` has (dwell in µs, samples) by (column, row)."""

    events: int
    distance: float
    moving_us: int
    dwell_us: int
    cells: dict[tuple[int, int], tuple[int, int]]


def dwell_of(samples: Sequence[Sample], i: int) -> int:
    """Return how long the pointer stayed at sample i, in µs; samples are in order."""
    if i + 1 == len(samples):
        return 0
    return min(
        samples[i + 1].time - samples[i].time, 250_000 if samples[i + 1].enter else 5_000_000
    )


def cell_of(sample: Sample, scene: Scene) -> tuple[int, int]:
    return tuple(
        max(min(math.floor((position + scroll) / 16), 32767), -32768)
        for position, scroll in ((sample.x, scene.scroll_x), (sample.y, scene.scroll_y))
    )


def expected_heat(samples: Iterable[Sample], scenes: Sequence[Scene]) -> dict[Key, Heat]:
    """Return the rows of one browser's samples; those without a page are in none."""
    ordered = sorted(samples, key=lambda sample: (sample.time, sample.seq))
    members: dict[Key, list[int]] = defaultdict(list)
    scene = {i: scene_of(sample, scenes) for i, sample in enumerate(ordered)}
    for i, sample in enumerate(ordered):
        under = scene[i]
        if under and under.page is not None:
            width = next(width for width in WIDTHS if under.viewport_width >= width)
            bucket = sample.time // BUCKET_US * BUCKET_US
            members[Key(bucket, under.page, width, under.pointer)].append(i)
    return {key: _heat(ordered, places, scene) for key, places in members.items()}


def _heat(samples: Sequence[Sample], places: Sequence[int], scene: dict[int, Scene | None]) -> Heat:
    cells: dict[tuple[int, int], tuple[int, int]] = {}
    distances, moving = [], 0
    for i in places:
        cell = cell_of(samples[i], scene[i])
        dwell, count = cells.get(cell, (0, 0))
        cells[cell] = dwell + dwell_of(samples, i), count + 1
        distances.append(distance_to(list(samples), i))
        if distances[-1] > 0:
            moving += min(samples[i].time - samples[i - 1].time, IDLE_GAP_US)
    total = sum(dwell for dwell, _ in cells.values())
    return Heat(len(places), math.fsum(distances), moving, total, cells)
