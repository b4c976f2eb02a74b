"""The studies that the stored trials belong to."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Min, Q

from analytics.models import Trial
from core.storage.replica import stale


class Study(NamedTuple):
    """A study: who took part, their trials, those abandoned among them, and when."""

    study: str
    instances: int
    trials: int
    abandoned: int
    conditions: list[str]
    first_at: datetime
    last_at: datetime


class StudySort(StrEnum):
    """The order of a list of studies: the most or the newest first, names from A to Z."""

    LAST_TRIAL = "last_trial"
    TRIALS = "trials"
    INSTANCES = "instances"
    NAME = "name"


# The name makes each order a whole one.
ORDERS = {
    StudySort.LAST_TRIAL: ("-last_at", "study"),
    StudySort.TRIALS: ("-trials", "study"),
    StudySort.INSTANCES: ("-instances", "study"),
    StudySort.NAME: ("study",),
}


def list_studies(
    *,
    text: str = "",
    sort: StudySort = StudySort.NAME,
    first: int = 0,
    limit: int | None = None,
) -> list[Study]:
    """Return the studies with `text` in their name, in any case, from number `first` on.

    Trials without a study are of the study with an empty name. The result may lag behind by the
    replica's delay.
    """
    studies = stale(Trial).filter(study__icontains=text).values("study")
    rows = studies.annotate(
        instances=Count("browser", distinct=True),
        trials=Count("id"),
        abandoned=Count("id", filter=Q(state="abandoned")),
        conditions=ArrayAgg("condition", distinct=True, order_by="condition"),
        first_at=Min("started_at"),
        last_at=Max("ended_at"),
    ).order_by(*ORDERS[sort])
    return [Study(**row) for row in rows[first : None if limit is None else first + limit]]
