"""The stored paths of many trials, filtered, as rows of one table: a row for each step."""

from collections.abc import Iterator
from itertools import chain, count
from typing import Any, NamedTuple

from django.db.models import TextField
from django.db.models.functions import Cast

from analytics.studies.trajectory import Position
from analytics.studies.trial_list import TrialFilters, select_trials, to_steps, to_times
from core.api.file_formats import Column, Kind, Page

# Trials that are read at once; each has 101 steps.
TOGETHER = 100
NAMES = ("study", "trial", "block", "condition")
STEP_COLUMNS = (
    Column("step", Kind.INT32, "", "from 1 on"),
    Column("time", Kind.FLOAT64, "s", "since the trial's start"),
    Column("x", Kind.FLOAT64, "px", "in the viewport at the trial's start"),
    Column("y", Kind.FLOAT64, "px", "in the viewport at the trial's start"),
)
COLUMNS = (
    Column("trial_id", Kind.INT64, "", "the trial, as in the API"),
    Column("instance_id", Kind.TEXT, "", "the browser instance, a UUID"),
    Column("label", Kind.TEXT, "", "the instance's name for people; empty by default"),
    Column("study", Kind.TEXT, "", "the study's name, as the site's code gave it"),
    Column("trial", Kind.TEXT, "", "its number or name in the study"),
    Column("block", Kind.TEXT, "", "the block's number or name"),
    Column("condition", Kind.TEXT, "", "the condition's name"),
    *STEP_COLUMNS,
)


class TrialPath(NamedTuple):
    """A trial's path of 101 steps, in s since its start and px; empty without samples.

    `names` are its instance's id and label, its study, trial, block and condition.
    """

    trial_id: int
    names: tuple[str, ...]
    steps: list[Position]


def list_paths(
    *, filters: TrialFilters, after: int | None = None, limit: int = TOGETHER
) -> tuple[list[TrialPath], int | None]:
    """Return paths by the ids of their trials, and the cursor of the page after them."""
    rows, after = _read(filters, after, limit)
    return list(map(_to_path, rows)), after


def page_paths(*, filters: TrialFilters) -> Iterator[Page]:
    """Yield pages of all rows of COLUMNS, in the order of trials' ids and steps."""
    after: int | None = None
    while True:
        rows, after = _read(filters, after, TOGETHER)
        yield list(chain.from_iterable(map(_to_rows, rows)))
        if after is None:
            return


def _read(
    filters: TrialFilters, after: int | None, limit: int
) -> tuple[list[tuple[Any, ...]], int | None]:
    trials = select_trials(filters).annotate(instance=Cast("browser__instance_id", TextField()))
    if after is not None:
        trials = trials.filter(id__gt=after)
    fields = ("id", "instance", "browser__label", *NAMES, "rt", "path_x", "path_y")
    rows = list(trials.order_by("id").values_list(*fields)[: limit + 1])
    return rows[:limit], rows[limit - 1][0] if len(rows) > limit else None


def _to_rows(row: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the steps of a trial; there may be a million, so no step is an object of its own."""
    *names, rt, xs, ys = row
    steps = zip(count(1), to_times(rt), xs or (), ys or (), strict=False)
    return ((*names, *step) for step in steps)


def _to_path(row: tuple[Any, ...]) -> TrialPath:
    trial_id, *names, rt, xs, ys = row
    return TrialPath(trial_id, tuple(names), to_steps(rt=rt, xs=xs, ys=ys))
