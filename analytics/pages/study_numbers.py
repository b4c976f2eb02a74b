"""All numbers of the page of one study, of the trials that its filters choose."""

from statistics import fmean
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple, replace

from analytics.studies.study_figures import AverageSteps, ConditionFigures, read_figures
from analytics.studies.study_people import (
    MOST_DOUBTS,
    MOST_PEOPLE,
    Totals,
    list_doubts,
    list_people,
    read_totals,
)
from analytics.studies.throughput import throughput_by_sequence
from analytics.studies.trial_list import MEASURES, TrialFilters
from core.values.times import to_rfc3339
from dashboard.instances.names import SHORT_ID_DIGITS


class Person(Struct):
    """A participant; `throughput` in bit/s by condition, where its trials have two targets."""

    instance_id: str
    label: str
    short_id: str
    trials: int
    chosen: int
    last_at: str
    throughput: dict[str, float]


class Doubted(Struct):
    """A trial that a rule about samples applies to."""

    id: int
    instance_id: str
    name: str
    trial: str
    condition: str
    started_at: str
    ended_at: str
    rules: list[str]


class MeanThroughput(Struct):
    """The mean throughput of `n` participants in a condition, in bit/s."""

    n: int
    mean: float


class Figures(Struct):
    """All that the page shows of the chosen trials; `throughput` is by condition."""

    measures: list[str]
    conditions: list[ConditionFigures]
    more_conditions: int
    people: list[Person]
    most_people: int
    throughput: dict[str, MeanThroughput]
    rules: dict[str, int]
    unknown: int
    doubts: list[Doubted]
    most_doubts: int


class StudyAnswer(Struct):
    """The totals, and the figures; null if they are those of the stamp that was given."""

    stamp: str
    trials: int
    chosen: int
    instances: int
    chosen_instances: int
    last_at: str | None
    figures: Figures | None


def read_study(*, filters: TrialFilters, known: str) -> StudyAnswer:
    """Return the totals and figures of the trials that pass; no figures if `known` is the stamp."""
    totals = read_totals(filters=filters)
    stamp = f"{totals.trials},{totals.chosen},{totals.last_id},{totals.last_at}"
    return StudyAnswer(
        stamp,
        totals.trials,
        totals.chosen,
        totals.instances,
        totals.chosen_instances,
        to_rfc3339(totals.last_at) if totals.last_at else None,
        None if stamp == known else _read(filters, totals),
    )


def _read(filters: TrialFilters, totals: Totals) -> Figures:
    conditions, more = read_figures(filters=filters)
    rates = _throughput(filters)
    return Figures(
        measures=list(MEASURES),
        conditions=list(map(_rounded, conditions)),
        more_conditions=more,
        people=_people(filters, rates),
        most_people=MOST_PEOPLE,
        throughput=_means(rates),
        rules=totals.rules,
        unknown=totals.unknown,
        doubts=_doubts(filters),
        most_doubts=MOST_DOUBTS,
    )


def _rounded(found: ConditionFigures) -> ConditionFigures:
    n, *axes = astuple(found.average)
    drawn = [
        replace(one, x=one.x and _hundredths(one.x), y=one.y and _hundredths(one.y))
        for one in found.drawn
    ]
    return replace(found, average=AverageSteps(n, *map(_hundredths, axes)), drawn=drawn)


def _hundredths(values: Any) -> list[float]:
    """A hundredth of a px is finer than a screen shows; the export has all digits."""
    return [round(value, 2) for value in values]


def _throughput(filters: TrialFilters) -> dict[str, dict[str, float]]:
    """Return the throughput of each instance by condition, where it is defined."""
    rates: dict[str, dict[str, float]] = {}
    for sequence in throughput_by_sequence(filters=filters):
        if sequence.throughput.throughput is not None:
            of_person = rates.setdefault(sequence.instance_id, {})
            of_person[sequence.condition] = sequence.throughput.throughput
    return rates


def _means(rates: dict[str, dict[str, float]]) -> dict[str, MeanThroughput]:
    """Return the mean of all participants, also of those that the page does not list."""
    by_condition: dict[str, list[float]] = {}
    for of_person in rates.values():
        for condition, rate in of_person.items():
            by_condition.setdefault(condition, []).append(rate)
    return {name: MeanThroughput(len(some), fmean(some)) for name, some in by_condition.items()}


def _people(filters: TrialFilters, rates: dict[str, dict[str, float]]) -> list[Person]:
    return [
        Person(
            instance_id=str(person.instance_id),
            label=person.label,
            short_id=person.instance_id.hex[:SHORT_ID_DIGITS],
            trials=person.trials,
            chosen=person.chosen,
            last_at=to_rfc3339(person.last_at),
            throughput=rates.get(str(person.instance_id), {}),
        )
        for person in list_people(filters=filters)
    ]


def _doubts(filters: TrialFilters) -> list[Doubted]:
    return [
        Doubted(
            id=doubt.id,
            instance_id=str(doubt.instance_id),
            name=doubt.label or doubt.instance_id.hex[:SHORT_ID_DIGITS],
            trial=doubt.trial,
            condition=doubt.condition,
            started_at=to_rfc3339(doubt.started_at),
            ended_at=to_rfc3339(doubt.ended_at),
            rules=doubt.rules,
        )
        for doubt in list_doubts(filters=filters)
    ]
