"""What a study's figures are drawn from: averages and distributions by condition, and some trials.

The trials that are drawn one by one are a part of each condition, the same on every reading.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connections
from msgspec import Struct

from analytics.studies.trial_list import MEASURES, TrialFilters, select_trials

# Conditions come from a site's code, so there may be any number of them.
MOST_CONDITIONS = 12
# Of all conditions together.
MOST_DRAWN = 240
NAMES = tuple(MEASURES)

# `{trials}` is the statement of the chosen trials. Locks: none.
CONDITIONS = """
select condition, count(*), count(distinct browser_id), count(path_x) from ({trials}) trial
group by condition order by count(*) desc, condition
"""
SUMMARY = """array[count({name}), avg({name}), stddev_samp({name}), min({name})]::float8[]
    || percentile_cont(array[0.25, 0.5, 0.75]) within group (order by {name}::float8)
    || max({name})::float8"""
SUMMARIES = """
select condition, {summaries} from ({trials}) trial where condition = any(%s) group by condition
""".replace("{summaries}", ", ".join(SUMMARY.replace("{name}", name) for name in NAMES))
# The standard error is that of the paths: SD (n - 1) / √n.
AVERAGES = """
select condition, avg(x), avg(y), stddev_samp(x) / sqrt(count(*)), stddev_samp(y) / sqrt(count(*))
from ({trials}) trial cross join lateral unnest(path_x, path_y) with ordinality as step (x, y, no)
where condition = any(%s) group by condition, no order by condition, no
"""
# Every n-th trial of a condition, by id.
SOME = """
select condition, id, path_x, path_y, {names} from (
    select trial.*, row_number() over (partition by condition order by id) - 1 as place,
        count(*) over (partition by condition) as most
    from ({trials}) trial where condition = any(%s)
) numbered where place %% ((most + %s - 1) / %s) = 0 order by condition, id
""".replace("{names}", ", ".join(NAMES))


class Summary(Struct):
    """A measure's distribution over the trials that have it."""

    n: int
    mean: float
    sd: float | None
    least: float
    first_quartile: float
    median: float
    third_quartile: float
    most: float


class AverageSteps(Struct):
    """The average of `n` paths by step, in px, and its standard error; empty for a single path."""

    n: int
    x: list[float]
    y: list[float]
    x_error: list[float]
    y_error: list[float]


class DrawnTrial(Struct):
    """A trial that is drawn: its path, None without samples, and its measures as in NAMES."""

    id: int
    x: list[float] | None
    y: list[float] | None
    values: list[float | None]


class ConditionFigures(Struct):
    """A condition: its size, its average path, its measures' distributions, some of its trials."""

    condition: str
    trials: int
    instances: int
    average: AverageSteps
    measures: dict[str, Summary]
    drawn: list[DrawnTrial]


def read_figures(*, filters: TrialFilters) -> tuple[list[ConditionFigures], int]:
    """Return the largest conditions of the trials by name, and how many others are left out."""
    counted = list(_read(CONDITIONS, filters))
    shown = sorted(row[0] for row in counted[:MOST_CONDITIONS])
    averages: dict[str, list[tuple[Any, ...]]] = {name: [] for name in shown}
    drawn: dict[str, list[DrawnTrial]] = {name: [] for name in shown}
    for condition, *step in _read(AVERAGES, filters, shown):
        averages[condition].append(tuple(step))
    most = MOST_DRAWN // max(len(shown), 1)
    for condition, pk, x, y, *values in _read(SOME, filters, shown, most, most):
        drawn[condition].append(DrawnTrial(pk, x, y, values))
    summaries = {condition: rows for condition, *rows in _read(SUMMARIES, filters, shown)}
    found = [
        ConditionFigures(
            name,
            trials,
            instances,
            _average(paths, averages[name]),
            {
                measure: Summary(int(row[0]), *row[1:])
                for measure, row in zip(NAMES, summaries[name], strict=True)
                if row[0]
            },
            drawn[name],
        )
        for name, trials, instances, paths in sorted(counted[:MOST_CONDITIONS])
    ]
    return found, len(counted) - len(found)


def _average(paths: int, steps: list[tuple[Any, ...]]) -> AverageSteps:
    x, y, x_error, y_error = map(list, zip(*steps, strict=True)) if steps else ([], [], [], [])
    return AverageSteps(paths, x, y, *((x_error, y_error) if paths > 1 else ([], [])))


def _read(statement: str, filters: TrialFilters, *more: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a statement; `more` are its parameters after those of the trials."""
    chosen = select_trials(filters)
    trials, parameters = chosen.query.sql_with_params()
    with connections[chosen.db].cursor() as cursor:
        cursor.execute(statement.replace("{trials}", trials), (*parameters, *more))
        yield from cursor.fetchall()
