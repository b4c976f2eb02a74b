"""Throughput of stored trials, by sequence: one participant in one condition.

The formula is in analytics/studies/pointing.py.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import TextField
from django.db.models.functions import Cast

from analytics.studies.pointing import Point, Pointing, Throughput, measure_sequence
from analytics.studies.trial_list import TrialFilters, select_trials
from analytics.studies.trial_targets import find_press, find_targets
from core.api.file_formats import Column, Kind, Page

# Instances whose trials are read at once.
TOGETHER = 100
FIELDS = (
    "browser_id", "instance", "browser__label", "study", "condition", "block",
    "start_target", "targets", "response", "path_x__100", "path_y__100", "rt",
)  # fmt: skip


class ThroughputOptions(NamedTuple):
    """How sequences are made and measured; docs/metrics.md (Pointing at targets) explains each."""

    serial: bool = True
    one_dimensional: bool = False
    bivariate: bool = False
    by_block: bool = False


DEFAULTS = ThroughputOptions()


class Sequence(NamedTuple):
    """The trials of one instance in one condition, or in one block of it, and their throughput.

    `block` is empty unless sequences are made by block. `left_out` counts its ended trials without
    two targets or an end point; `throughput` does not include them.
    """

    instance_id: str
    label: str
    study: str
    condition: str
    block: str
    left_out: int
    throughput: Throughput


COLUMNS = (
    Column("instance_id", Kind.TEXT, "", "the browser instance, a UUID"),
    Column("label", Kind.TEXT, "", "the instance's name for people; empty by default"),
    Column("study", Kind.TEXT, "", "the study's name"),
    Column("condition", Kind.TEXT, "", "the condition's name"),
    Column("block", Kind.TEXT, "", "the block's; empty unless `by_block` is set"),
    Column("left_out", Kind.INT32, "", "ended trials without two targets or an end point"),
    Column("trials", Kind.INT32, "", "ended trials that are measured, errors included"),
    Column("errors", Kind.INT32, "", "those that ended outside their target"),
    Column("error_rate", Kind.FLOAT64, "", "their share, 0 to 1"),
    Column("movement_time", Kind.FLOAT64, "s", "the mean time from start to end"),
    Column("amplitude", Kind.FLOAT64, "px", "the effective amplitude"),
    Column("width", Kind.FLOAT64, "px", "the effective width"),
    Column("difficulty", Kind.FLOAT64, "bit", "the effective index of difficulty"),
    Column("throughput", Kind.FLOAT64, "bit/s", "difficulty / movement time"),
)


def throughput_by_sequence(
    *, filters: TrialFilters, options: ThroughputOptions = DEFAULTS
) -> list[Sequence]:
    """Return the throughput of each sequence of these trials, by instance, study, condition, block.

    Only ended trials with two targets count, if they have a press or a sample. A movement ends at
    its trial's press, or else at its last sample, and takes the trial's time. `mean_throughput`
    averages the results. They may lag behind by the replica's delay.
    """
    blocks = ("block",) if options.by_block else ()
    trials = select_trials(filters).filter(state="ended")
    rows = trials.annotate(instance=Cast("browser__instance_id", TextField())).order_by(
        "browser_id", "study", "condition", *blocks, "started_at", "start_seq"
    )
    wanted = rows.values_list(*FIELDS, named=True)
    found = (
        _measure(key, list(same), options)
        for key, same in groupby(wanted, key=lambda row: _key(row, options))
    )
    return [sequence for sequence in found if sequence]


def page_throughput(*, filters: TrialFilters, options: ThroughputOptions) -> Iterator[Page]:
    """Yield pages of all rows of COLUMNS, a few instances at a time."""
    after: int | None = None
    while True:
        rows, after = list_throughput(filters=filters, options=options, after=after, limit=TOGETHER)
        yield [to_row(one) for one in rows]
        if after is None:
            return


def list_throughput(
    *, filters: TrialFilters, options: ThroughputOptions, after: int | None, limit: int
) -> tuple[list[Sequence], int | None]:
    """Return the sequences of the next `limit` instances, and the cursor of the page after them."""
    trials = select_trials(filters)
    if after is not None:
        trials = trials.filter(browser_id__gt=after)
    ids = list(
        trials.order_by("browser_id").values_list("browser_id", flat=True).distinct()[: limit + 1]
    )
    few = filters._replace(browser_ids=ids[:limit])
    found = throughput_by_sequence(filters=few, options=options)
    return found, ids[limit - 1] if len(ids) > limit else None


def to_row(sequence: Sequence) -> tuple[Any, ...]:
    """Return a row of COLUMNS."""
    return (*sequence[:-1], *sequence.throughput)


def _key(row: Any, options: ThroughputOptions) -> tuple[Any, ...]:
    block = row.block if options.by_block else ""
    return row.instance, row.browser__label, row.study, row.condition, block


def _measure(key: tuple[Any, ...], rows: list[Any], options: ThroughputOptions) -> Sequence | None:
    movements = [one for row in rows if (one := _movement(row, options.one_dimensional))]
    if not movements:
        return None
    numbers = measure_sequence(
        movements,
        serial=options.serial,
        one_dimensional=options.one_dimensional,
        bivariate=options.bivariate,
    )
    instance_id, label, study, condition, block = key
    left_out = len(rows) - len(movements)
    return Sequence(instance_id, label, study, condition, block, left_out, numbers)


def _movement(row: Any, one_dimensional: bool) -> Pointing | None:
    targets = find_targets(row.start_target, row.targets)
    selected = find_press(row.response)
    if selected is None and row.path_x__100 is not None:
        selected = Point(row.path_x__100, row.path_y__100)
    if targets is None or selected is None:
        return None
    width = targets.length if one_dimensional else targets.side
    return Pointing(targets.source, targets.target, width, selected, row.rt, row.block)
