"""Trials in plain Python: from all samples, scenes and marks of a browser, in any order."""

import math
import statistics
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from analytics.studies.normalised import normalise
from analytics.studies.trajectory import Position
from analytics.studies.trial_aim import Aim, measure_aim
from analytics.studies.trial_measures import measure_trial
from analytics.tests.oracle import Sample
from analytics.tests.scenery import Mark, Scene, scene_of

HOUR_US = 3_600_000_000
GIVEN = ("study", "trial", "block", "condition")

Numbers = dict[str, Any]


def expected_trials(
    samples: Iterable[Sample], scenes: Sequence[Scene], marks: Iterable[Mark]
) -> dict[tuple[int, int], Numbers]:
    """Return each trial by the (time, seq) of its start."""
    of_trials = sorted(
        (mark for mark in marks if mark.name in ("trial:start", "trial:end")),
        key=lambda mark: mark[:2],
    )
    found = {}
    opened = None
    for mark in of_trials:
        if opened is not None and mark.time - opened.time <= HOUR_US:
            found[opened[:2]] = _expected(samples, scenes, opened, mark)
        opened = mark if mark.name == "trial:start" else None
    return found


def _expected(
    samples: Iterable[Sample], scenes: Sequence[Scene], start: Mark, close: Mark
) -> Numbers:
    is_ended = close.name == "trial:end"
    said = {name: start.data.get(name, "") for name in GIVEN}
    answered = close.data if is_ended else {}
    inside = sorted(one for one in samples if start[:2] <= one[:2] <= close[:2])
    first = scene_of(Sample(*start[:2], 0, 0, False), scenes) or min(
        (one for one in scenes if start[:2] <= one[:2] <= close[:2]), default=None
    )
    path = []
    for one in inside:
        scene = scene_of(one, scenes) or first
        right, down = (
            (scene.scroll_x - first.scroll_x, scene.scroll_y - first.scroll_y)
            if scene and first
            else (0, 0)
        )
        path.append(Position((one.time - start.time) / 1e6, one.x + right, one.y + down))
    end = (close.time - start.time) / 1e6
    steps = normalise(path, start=0, end=end) if path else None
    return {
        "ended_at": close.time,
        "end_seq": close.seq,
        "state": "ended" if is_ended else "abandoned",
        **{name: str(value) for name, value in said.items()},
        "response": answered.get("response", ""),
        "correct": answered.get("correct"),
        "samples": len(path),
        **measure_trial(path, start=0, end=end)._asdict(),
        **(_aim(path, steps[-1], start) if path else Aim())._asdict(),
        **_quality(path),
        "resized": _resized(first, [s for s in scenes if start[:2] <= s[:2] <= close[:2]]),
        "path_x": steps and [step.x for step in steps],
        "path_y": steps and [step.y for step in steps],
    }


def _aim(path: list[Position], end: Position, start: Mark) -> Aim:
    targets = start.data.get("targets", {})
    return measure_aim(path, end=end, start_target=start.data.get("start"), targets=targets)


def _quality(path: Sequence[Position]) -> Numbers:
    gaps = [(b.time - a.time, math.hypot(b.x - a.x, b.y - a.y)) for a, b in pairwise(path)]
    lasting = sorted(gap for gap, _ in gaps if gap > 0)
    few = len(path) < 2
    return {
        "sample_rate": 1 / statistics.median(lasting) if lasting else None,
        "longest_gap": None if few else max([gap for gap, far in gaps if far >= 10] or [0]),
        "same_times": None if few else sum(gap == 0 for gap, _ in gaps),
    }


def _resized(first: Scene | None, inside: Sequence[Scene]) -> bool | None:
    sizes = {(s.viewport_width, s.viewport_height) for s in (first, *inside) if s}
    return len(sizes) > 1 if sizes else None
