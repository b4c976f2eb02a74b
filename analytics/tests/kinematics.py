"""The expected research measures: docs/metrics.md in plain Python.

It follows the definitions alone: lists of visits and strokes, exact fractions for times and for all
sums and differences. It shares neither code nor the order of steps with the SQL.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate, groupby, pairwise
from statistics import median
from typing import Any, NamedTuple

from analytics.tests.oracle import Sample

US = 1_000_000
Numbers = dict[str, Any]


class Place(NamedTuple):
    """The pointer's position at a time in seconds."""

    time: Fraction
    x: float
    y: float


def expected_measures(
    samples: Iterable[Sample],
    *,
    since: int | None = None,
    until: int | None = None,
    pause_ms: int = 250,
) -> Numbers:
    """Return every measure of the samples in [since, until), epoch microseconds."""
    ordered = sorted(samples, key=lambda sample: (sample.time, sample.seq))
    before = [s for s in ordered if since is not None and s.time < since]
    inside = [s for s in ordered[len(before) :] if until is None or s.time < until]
    visits = split_into_visits(before[-1:], inside)
    pause = Fraction(pause_ms, 1000)
    traces = [places_of(visit) for visit in visits]
    strokes = [stroke for trace in traces for stroke in strokes_of(trace, pause)]
    pauses = [b.time - a.time for t in traces for a, b in pairwise(t) if b.time - a.time > pause]
    return {
        "events": len(inside),
        "entries": len(visits) - bool(before),
        **measure_paths(visits),
        "pauses": len(pauses),
        "pause_time": float(sum(pauses)),
        **measure_strokes(strokes),
    }


def split_into_visits(before: list[Sample], inside: list[Sample]) -> list[list[Sample]]:
    """Split samples at each entry; the first visit includes the sample before the range."""
    visits = [list(before)] if before else []
    for sample in inside:
        if sample.enter or not visits:
            visits.append([])
        visits[-1].append(sample)
    return visits


def measure_paths(visits: list[list[Sample]]) -> Numbers:
    segments = [pair for visit in visits for pair in pairwise(visit)]
    lengths = [math.dist(a[2:4], b[2:4]) for a, b in segments]
    times = [b.time - a.time for a, b in segments]
    net = [
        float(sum(Fraction(b[axis]) - Fraction(a[axis]) for a, b in segments)) for axis in (2, 3)
    ]
    total = math.fsum(lengths)
    return {
        "tracked_time": sum(times) / US,
        "moving_time": sum(min(t, 250_000) for t, d in zip(times, lengths, strict=True) if d) / US,
        "path_length": total,
        "net_x": net[0],
        "net_y": net[1],
        "net_displacement": math.hypot(*net),
        "straightness": math.hypot(*net) / total if total else None,
        "x_flips": sum(count_flips([s.x for s in visit]) for visit in visits),
        "y_flips": sum(count_flips([s.y for s in visit]) for visit in visits),
    }


def count_flips(values: Sequence[float]) -> int:
    """Count the turns of direction: the inner extremes, where equal neighbours count once."""
    runs = [value for value, _ in groupby(values)]
    return sum((b > a) == (b > c) for a, b, c in zip(runs, runs[1:], runs[2:], strict=False))


def places_of(visit: list[Sample]) -> list[Place]:
    """Return the last sample of each time, without those that repeat the previous position."""
    last = {sample.time: sample for sample in visit}
    places = [Place(Fraction(s.time, US), s.x, s.y) for s in last.values()]
    return [next(same) for _, same in groupby(places, key=lambda place: place[1:])]


def strokes_of(trace: list[Place], pause: Fraction) -> list[list[Place]]:
    strokes: list[list[Place]] = [[]]
    for place in trace:
        if strokes[-1] and place.time - strokes[-1][-1].time > pause:
            strokes.append([])
        strokes[-1].append(place)
    return [stroke for stroke in strokes if len(stroke) > 1]


def measure_strokes(strokes: list[list[Place]]) -> Numbers:
    paces = sorted(
        (speed, b.time - a.time)
        for stroke in strokes
        for (a, b), speed in zip(pairwise(stroke), speeds_of(stroke), strict=True)
    )
    total = sum(time for _, time in paces)
    reached = list(accumulate(time for _, time in paces))
    accelerations = [a for stroke in strokes for a in accelerations_of(stroke)]
    jerks = [jerk for stroke in strokes for jerk in jerks_of(stroke)]
    smooth = [value for stroke in strokes if (value := smoothness(stroke)) is not None]
    return {
        "strokes": len(strokes),
        "stroke_time": float(total),
        "velocity_mean": float(sum(v * t for v, t in paces) / total) if paces else None,
        **{
            f"velocity_p{share}": float(paces[bisect_left(reached, total * share / 100)][0])
            if paces
            else None
            for share in (5, 25, 50, 75, 95)
        },
        "velocity_max": float(paces[-1][0]) if paces else None,
        "acceleration_max": float(max(accelerations)) if accelerations else None,
        "acceleration_min": float(min(accelerations)) if accelerations else None,
        "jerk_rms": math.sqrt(mean_square(jerks)) if jerks else None,
        "log_dimensionless_jerk": median(smooth) if smooth else None,
    }


def speeds_of(stroke: list[Place]) -> list[Fraction]:
    return [Fraction(math.dist(a[1:], b[1:])) / (b.time - a.time) for a, b in pairwise(stroke)]


def accelerations_of(stroke: list[Place]) -> list[Fraction]:
    """Return 2! times the second divided differences of the path length."""
    speeds = speeds_of(stroke)
    return [
        2 * (speeds[i + 1] - speeds[i]) / (stroke[i + 2].time - stroke[i].time)
        for i in range(len(speeds) - 1)
    ]


def jerks_of(stroke: list[Place]) -> list[tuple[Fraction, Fraction]]:
    """Return 3! times the third divided differences, each with the duration of its middle step."""
    turns = accelerations_of(stroke)
    return [
        (
            3 * (turns[i + 1] - turns[i]) / (stroke[i + 3].time - stroke[i].time),
            stroke[i + 2].time - stroke[i + 1].time,
        )
        for i in range(len(turns) - 1)
    ]


def mean_square(jerks: list[tuple[Fraction, Fraction]]) -> Fraction:
    return sum(jerk**2 * time for jerk, time in jerks) / sum(time for _, time in jerks)


def smoothness(stroke: list[Place]) -> float | None:
    jerks = jerks_of(stroke)
    if not jerks:
        return None
    duration = stroke[-1].time - stroke[0].time
    dimensionless = mean_square(jerks) * duration**4 / max(speeds_of(stroke)) ** 2
    return -math.log(dimensionless) if dimensionless > 1e-9 else None
