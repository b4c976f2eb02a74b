"""Who took part in a study, and how far its trials can be trusted."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import BooleanField as Boolean
from django.db.models import Case, Count, Max, Min, Q, Value, When

from analytics.studies.exclusion import NOTHING, RULES, leave_out
from analytics.studies.trial_list import TrialFilters, select_trials

MOST_PEOPLE = 500
MOST_DOUBTS = 200
# The rules about samples; the others are about what was answered.
DOUBTS = ("slow", "gaps", "coarse", "resized")


class Participant(NamedTuple):
    """An instance that took part: its trials, those of them that are chosen, and the last one."""

    instance_id: UUID
    label: str
    trials: int
    chosen: int
    last_at: datetime


class Doubt(NamedTuple):
    """A trial that a rule about samples applies to, and these rules."""

    id: int
    instance_id: UUID
    label: str
    trial: str
    condition: str
    started_at: datetime
    ended_at: datetime
    rules: list[str]


class Totals(NamedTuple):
    """A study's trials before any is left out: their number, and those that each rule applies to.

    `instances` took part, and `chosen` trials of `chosen_instances` are not left out. `unknown`
    have too few samples to be judged, or were sealed before they could be.
    """

    trials: int
    instances: int
    chosen: int
    chosen_instances: int
    last_at: datetime | None
    last_id: int | None
    unknown: int
    rules: dict[str, int]


def read_totals(*, filters: TrialFilters) -> Totals:
    """Count the trials that pass all filters but `exclude`."""
    found: dict[str, Any] = _all(filters).aggregate(
        trials=Count("id"),
        instances=Count("browser", distinct=True),
        last_at=Max("ended_at"),
        last_id=Max("id"),
        unknown=Count("id", filter=Q(sample_rate=None)),
        **{f"rule_{name}": Count("id", filter=rule) for name, rule in RULES.items()},
    )
    rules = {name: found.pop(f"rule_{name}") for name in RULES}
    chosen = select_trials(filters).aggregate(
        chosen=Count("id"), chosen_instances=Count("browser", distinct=True)
    )
    return Totals(**found, **chosen, rules=rules)


def list_people(*, filters: TrialFilters) -> list[Participant]:
    """Return the participants in the order of their first trials, MOST_PEOPLE at most.

    So a new participant comes last, and no row moves.
    """
    chosen = leave_out(_all(filters), filters.exclude).values("pk")
    rows = (
        _all(filters)
        .values("browser__instance_id", "browser__label")
        .annotate(
            trials=Count("id"),
            chosen=Count("id", filter=Q(pk__in=chosen)),
            first=Min("id"),
            last=Max("ended_at"),
        )
        .order_by("first")
    )
    names = ("browser__instance_id", "browser__label", "trials", "chosen", "last")
    return [Participant(*(row[name] for name in names)) for row in rows[:MOST_PEOPLE]]


def list_doubts(*, filters: TrialFilters) -> list[Doubt]:
    """Return the newest trials that a rule about samples applies to, MOST_DOUBTS at most.

    The newest comes last, so that no row moves when a trial is added.
    """
    any_of = Q()
    for name in DOUBTS:
        any_of |= RULES[name]
    flags = {
        f"is_{name}": Case(
            When(RULES[name], then=Value(True)), default=Value(False), output_field=Boolean()
        )
        for name in DOUBTS
    }
    rows = _all(filters).filter(any_of).annotate(**flags).order_by("-started_at", "-id")
    fields = ("id", "browser__instance_id", "browser__label", "trial", "condition")
    found = rows.values_list(*fields, "started_at", "ended_at", *flags)[:MOST_DOUBTS]
    doubts = [_to_doubt(row) for row in found]
    return doubts[::-1]


def _to_doubt(row: tuple[Any, ...]) -> Doubt:
    rules = [name for name, applies in zip(DOUBTS, row[7:], strict=True) if applies]
    trial, participant, label, number, condition, start, end = row[:7]
    return Doubt(trial, participant, label, number, condition, start, end, rules)


def _all(filters: TrialFilters) -> Any:
    return select_trials(filters._replace(exclude=NOTHING))
