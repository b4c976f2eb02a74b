"""Where a pointing trial ended, and how accurate its path was, if it has two targets."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from analytics.studies.path_accuracy import measure_accuracy
from analytics.studies.pointing import Point, Pointing, end_point
from analytics.studies.trajectory import Path
from analytics.studies.trial_targets import find_targets


class Aim(NamedTuple):
    """Columns of a trial, in px and counts; all None for a trial without two targets or samples.

    `overshoot` and `overshoot_aside` are where it ended, from the target's centre.
    """

    target_distance: float | None = None
    overshoot: float | None = None
    overshoot_aside: float | None = None
    target_reentries: int | None = None
    axis_crossings: int | None = None
    direction_changes: int | None = None
    orthogonal_changes: int | None = None
    movement_variability: float | None = None
    movement_error: float | None = None
    movement_offset: float | None = None


def measure_aim(
    path: Path,
    *,
    end: Point,
    start_target: Sequence[float] | None,
    targets: Mapping[str, Sequence[float]],
) -> Aim:
    """Measure a trial's path, and where it ended (`end`), by its targets' rectangles."""
    aimed = find_targets(start_target, targets)
    if aimed is None:
        return Aim()
    source, target, width, _ = aimed
    place = end_point(Pointing(source, target, width, end, 0.0))
    accuracy = measure_accuracy(path, source=source, target=target, width=width)
    return Aim(
        place.distance,
        place.overshoot,
        place.aside,
        accuracy.target_reentries,
        accuracy.axis_crossings,
        accuracy.direction_changes,
        accuracy.orthogonal_changes,
        accuracy.variability,
        accuracy.error,
        accuracy.offset,
    )
