"""Stored trials, filtered, as rows of one table."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from analytics.models import Trial
from analytics.studies.exclusion import NOTHING, Exclusion, leave_out
from analytics.studies.normalised import STEPS, normalise
from analytics.studies.trajectory import Path, Position
from analytics.studies.trial_aim import Aim
from analytics.studies.trial_marks import FoundTrial
from analytics.studies.trial_measures import TrialMeasures
from analytics.studies.trial_paths import read_paths
from core.api.file_formats import PAGE_ROWS, Column, Kind, Page
from core.storage.replica import stale

# For each the kind of its column, its unit, and what it is.
MEASURES = {
    "rt": (Kind.FLOAT64, "s", "from the start to the end"),
    "mad": (Kind.FLOAT64, "px", "the largest deviation from the ideal line, positive above it"),
    "mad_time": (Kind.FLOAT64, "s", "when that was, since the start"),
    "md_above": (Kind.FLOAT64, "px", "the largest deviation above the line"),
    "md_below": (Kind.FLOAT64, "px", "the largest deviation below the line, negative"),
    "ad": (Kind.FLOAT64, "px", "the mean deviation over the samples"),
    "auc": (Kind.FLOAT64, "px²", "the area between the path and the line, positive above it"),
    "x_flips": (Kind.INT32, "", "changes of direction along x"),
    "y_flips": (Kind.INT32, "", "changes of direction along y"),
    "x_reversals": (Kind.INT32, "", "crossings of the vertical line through the start"),
    "y_reversals": (Kind.INT32, "", "crossings of the horizontal line through the start"),
    "initiation_time": (Kind.FLOAT64, "s", "when the movement began, since the start"),
    "idle_time": (Kind.FLOAT64, "s", "time at rest"),
    "hovers": (Kind.INT32, "", "rests of more than 0.1 s"),
    "hover_time": (Kind.FLOAT64, "s", "time in these rests"),
    "total_distance": (Kind.FLOAT64, "px", "length of the path"),
    "velocity_max": (Kind.FLOAT64, "px/s", "the fastest step"),
    "velocity_max_time": (Kind.FLOAT64, "s", "the middle of that step, since the start"),
    "acceleration_max": (Kind.FLOAT64, "px/s²", "the largest change of velocity, step to step"),
    "sample_entropy": (Kind.FLOAT64, "", "of the time-normalised x"),
    "target_distance": (Kind.FLOAT64, "px", "from the centre of one target to that of the other"),
    "overshoot": (
        Kind.FLOAT64,
        "px",
        "where it ended, from the target's centre along the way; negative: before it",
    ),
    "overshoot_aside": (
        Kind.FLOAT64,
        "px",
        "the same across the way, positive on the right of travel",
    ),
    "target_reentries": (Kind.INT32, "", "entries into the target after the first"),
    "axis_crossings": (Kind.INT32, "", "crossings of the line between the two centres"),
    "direction_changes": (Kind.INT32, "", "changes of direction across that line"),
    "orthogonal_changes": (Kind.INT32, "", "changes of direction along that line"),
    "movement_variability": (
        Kind.FLOAT64,
        "px",
        "the standard deviation of the distance from that line",
    ),
    "movement_error": (Kind.FLOAT64, "px", "the mean distance from that line"),
    "movement_offset": (
        Kind.FLOAT64,
        "px",
        "the mean signed distance, positive on the right of travel",
    ),
}
QUALITY = {
    "sample_rate": (Kind.FLOAT64, "Hz", "of the median interval between samples"),
    "longest_gap": (Kind.FLOAT64, "s", "the longest interval in which it moved 10 px or more"),
    "same_times": (Kind.INT32, "", "samples with the time of the sample before"),
    "resized": (Kind.BOOL, "", "whether the viewport changed its size"),
}
COLUMNS = (
    Column("id", Kind.INT64, "", "the trial, as in the API"),
    Column("instance_id", Kind.TEXT, "", "the browser instance, a UUID"),
    Column("label", Kind.TEXT, "", "the instance's name for people; empty by default"),
    Column("study", Kind.TEXT, "", "the study's name, as the site's code gave it"),
    Column("trial", Kind.TEXT, "", "its number or name in the study"),
    Column("block", Kind.TEXT, "", "the block's number or name"),
    Column("condition", Kind.TEXT, "", "the condition's name"),
    Column("response", Kind.TEXT, "", "the answer, as the site's code gave it"),
    Column("correct", Kind.BOOL, "", "whether the answer was right; empty: not said"),
    Column("state", Kind.TEXT, "", "ended, or abandoned by the next start"),
    Column("started_at", Kind.TIME, "", "the start, in the server's time, UTC"),
    Column("ended_at", Kind.TIME, "", "the end, in the server's time, UTC"),
    Column("start_target", Kind.JSON, "px", "where the movement starts: x, y, width, height"),
    Column("targets", Kind.JSON, "px", "by name: x, y, width, height in the viewport"),
    Column("samples", Kind.INT32, "", "number of samples; empty: too many to be measured"),
    *(Column(name, *MEASURES[name]) for name in (*TrialMeasures._fields, *Aim._fields)),
    *(Column(name, *QUALITY[name]) for name in QUALITY),
)
LOOKUPS = {"instance_id": "instance", "label": "browser__label"}
FIELDS = tuple(LOOKUPS.get(column.name, column.name) for column in COLUMNS)


class TrialFilters(NamedTuple):
    """Which trials: of a study and a condition, with since <= start < until; None for any.

    `label` and `block` are the beginnings of the instance's label and of the block's name.
    `exclude` leaves some trials out.
    """

    study: str | None = None
    condition: str | None = None
    label: str = ""
    since: datetime | None = None
    until: datetime | None = None
    browser_ids: list[int] | None = None
    exclude: Exclusion = NOTHING
    block: str = ""


def list_trials(
    *, filters: TrialFilters, after: int | None, limit: int
) -> tuple[list[tuple[Any, ...]], int | None]:
    """Return up to `limit` rows of COLUMNS in the order of ids, and the cursor of the next page.

    The result may lag behind by the replica's delay.
    """
    rows = list(_rows(filters, after)[: limit + 1])
    return rows[:limit], rows[limit - 1][0] if len(rows) > limit else None


def page_trials(*, filters: TrialFilters) -> Iterator[Page]:
    """Yield pages of all rows of COLUMNS, in the order of ids."""
    after = None
    while rows := list(_rows(filters, after)[:PAGE_ROWS]):
        yield rows
        after = rows[-1][0]


def path_of(trial: Trial, *, steps: int) -> list[Position]:
    """Return a trial's time-normalised path, in s since its start and px; empty without samples.

    It comes from the samples, or from the 101 stored steps if those were dropped.
    """
    stored = to_steps(rt=trial.rt, xs=trial.path_x, ys=trial.path_y)
    if not stored:
        return []
    if steps == STEPS:
        return stored
    path = _kept_path(trial)
    return normalise(stored if path is None else path, steps=steps, start=0.0, end=trial.rt)


def to_steps(*, rt: float, xs: list[float] | None, ys: list[float] | None) -> list[Position]:
    """Return the stored steps of a trial of this length (s); none without samples."""
    return list(map(Position, to_times(rt), xs or (), ys or ()))


def to_times(rt: float) -> list[float]:
    """Return when each step of a trial of this length is, both in s."""
    return [rt * step / (STEPS - 1) for step in range(STEPS)]


def _kept_path(trial: Trial) -> Path | None:
    key = (trial.started_at, trial.start_seq, trial.ended_at, trial.end_seq)
    (path,) = read_paths(browser_id=trial.browser_id, trials=[FoundTrial(*key, {})])
    return path if path and len(path) == trial.samples else None


def select_trials(filters: TrialFilters) -> QuerySet[Trial]:
    """Return the trials that pass, unordered; they may lag behind by the replica's delay."""
    wanted: dict[str, Any] = {
        "study": filters.study,
        "condition": filters.condition,
        "browser__label__startswith": filters.label or None,
        "started_at__gte": filters.since,
        "started_at__lt": filters.until,
        "browser_id__in": filters.browser_ids,
        "block__startswith": filters.block or None,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return leave_out(stale(Trial).filter(**given), filters.exclude)


def _rows(filters: TrialFilters, after: int | None) -> QuerySet[Any, tuple[Any, ...]]:
    trials = select_trials(filters).annotate(instance=Cast("browser__instance_id", TextField()))
    if after is not None:
        trials = trials.filter(id__gt=after)
    return trials.order_by("id").values_list(*FIELDS)
