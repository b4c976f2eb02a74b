"""All measures of one trial together. docs/metrics.md (Measures of a trial) defines each number."""

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from analytics.studies.normalised import normalise, sample_entropy
from analytics.studies.pace import (
    Rate,
    accelerations,
    hovers,
    initiation,
    rests,
    total_distance,
    velocities,
)
from analytics.studies.trajectory import Path, deviations, flips, reversals, signed_area


class TrialMeasures(NamedTuple):
    """The measures of a trial: times in s since its start, lengths in px; None: nothing to measure.

    `velocity_max` is in px/s, `acceleration_max` in px/s², `auc` in px².
    """

    rt: float | None = None
    mad: float | None = None
    mad_time: float | None = None
    md_above: float | None = None
    md_below: float | None = None
    ad: float | None = None
    auc: float | None = None
    x_flips: int | None = None
    y_flips: int | None = None
    x_reversals: int | None = None
    y_reversals: int | None = None
    initiation_time: float | None = None
    idle_time: float | None = None
    hovers: int | None = None
    hover_time: float | None = None
    total_distance: float | None = None
    velocity_max: float | None = None
    velocity_max_time: float | None = None
    acceleration_max: float | None = None
    sample_entropy: float | None = None


def measure_trial(
    path: Path, *, start: float | None = None, end: float | None = None
) -> TrialMeasures:
    """Measure a path between a trial's start and end (s), by default its first and last sample.

    A path of fewer than two samples has only `rt`, and that only if start and end are given.
    """
    if start is None or end is None:
        if len(path) < 2:
            return TrialMeasures()
        start, end = path[0].time, path[-1].time
    measures = TrialMeasures(rt=end - start)
    if len(path) < 2:
        return measures
    measures = _where(measures, path, start, end)
    return _how_fast(measures, path, start, end)


def _where(measures: TrialMeasures, path: Path, start: float, end: float) -> TrialMeasures:
    xs, ys = [sample.x for sample in path], [sample.y for sample in path]
    measures = measures._replace(
        x_flips=flips(xs),
        y_flips=flips(ys),
        x_reversals=reversals(xs),
        y_reversals=reversals(ys),
        sample_entropy=sample_entropy([one.x for one in normalise(path, start=start, end=end)]),
    )
    places = deviations(path)
    if places is None:
        return measures
    aside = [place.aside for place in places]
    furthest = max(range(len(aside)), key=lambda i: abs(aside[i]))
    return measures._replace(
        mad=aside[furthest],
        mad_time=path[furthest].time - start,
        md_above=max(aside),
        md_below=min(aside),
        ad=fmean(aside),
        auc=signed_area(places),
    )


def _how_fast(measures: TrialMeasures, path: Path, start: float, end: float) -> TrialMeasures:
    resting = rests(path, start=start, end=end)
    hovering = hovers(resting)
    fastest = _largest(velocities(path))
    hardest = _largest(accelerations(path))
    return measures._replace(
        initiation_time=initiation(path, end=end) - start,
        idle_time=sum(rest.end - rest.start for rest in resting),
        hovers=len(hovering),
        hover_time=sum(rest.end - rest.start for rest in hovering),
        total_distance=total_distance(path),
        velocity_max=fastest and fastest.value,
        velocity_max_time=fastest and fastest.time - start,
        acceleration_max=hardest and hardest.value,
    )


def _largest(rates: Sequence[Rate]) -> Rate | None:
    return max(rates, key=lambda rate: rate.value, default=None)
