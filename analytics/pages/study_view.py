"""The page of one study, for staff, and the numbers that it draws."""

from statistics import fmean
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from msgspec import Struct
from msgspec.structs import astuple, replace
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.api.trials import TrialFields
from analytics.models import Trial
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
from core.api.queries import read_query
from core.storage.replica import stale
from core.values.times import to_rfc3339
from core.web.aliases import OWN_API_URL
from core.web.costs import costly
from dashboard.access.shared_sessions import shared_link, thing_of_study
from dashboard.instances.names import SHORT_ID_DIGITS
from dashboard.instances.throttles import ReadThrottle
from dashboard.models import LONGEST_STUDY, ShareLink
from dashboard.pages.access import for_staff
from dashboard.pages.views import OpenShare, is_staff_member

RANGES = {"": "All time", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days"}
RULES = {
    "slow": ("Under 60 Hz", "the median interval between samples is over 16.8 ms"),
    "gaps": ("Gaps", "the pointer moved 10 px or more within over 0.1 s without a sample"),
    "coarse": ("Coarse clock", "over a tenth of the samples have the time of the one before"),
    "resized": ("Resized window", "the viewport changed its size within the trial"),
    "abandoned": ("Abandoned", "the next trial began before this one had ended"),
    "wrong": ("Wrong answers", "the site's code said that the answer was not correct"),
}


@cache_control(private=True, no_store=True)
@require_safe
def show_study(request: HttpRequest, name: str | None = None) -> HttpResponse:
    """One study; without a name in the path it is the query's. The page fetches its figures.

    It is for staff, and for readers of the study's share link.
    """
    study = request.GET.get("study", "") if name is None else name
    share = None if is_staff_member(request) else _share_of(request, study)
    return _show(request, study, share) if share else _show_staff(request, study)


@cache_control(private=True, no_store=True)
@require_safe
def show_shared_study(request: HttpRequest) -> HttpResponse:
    """The address of a share link, whose ticket only the browser has: the page opens the link.

    Who may see the study is led to it.
    """
    study = request.GET.get("study", "")
    if is_staff_member(request) or _share_of(request, study):
        return redirect(f"{reverse('any-study')}?{request.GET.urlencode()}")
    return render(request, "analytics/study_closed.html", {"study": study})


def _share_of(request: HttpRequest, study: str) -> ShareLink | None:
    return shared_link(request.session, thing_of_study(study), now=timezone.now())


def _show(request: HttpRequest, study: str, share: ShareLink | None = None) -> HttpResponse:
    is_known = len(study) <= LONGEST_STUDY and stale(Trial).filter(study=study).exists()
    if not is_known:
        return render(request, "analytics/no_study.html", status=404)
    context = {
        "study": study,
        "share": share,
        "rules": RULES,
        "measures": {key: [about, unit] for key, (_, unit, about) in MEASURES.items()},
        "ranges": RANGES,
        "api_url": OWN_API_URL,
    }
    return render(request, "analytics/study.html", context)


_show_staff = for_staff(_show)


class FiguresQuery(TrialFields):
    """The trials of a study, and the stamp of the figures that the page has."""

    study = serializers.CharField(max_length=LONGEST_STUDY, allow_blank=True)
    stamp = serializers.CharField(default="", max_length=100, allow_blank=True)


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


class MayReadStudy(IsAdminUser):
    """Staff, and readers of the study's share link."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        study = request.query_params.get("study", "")
        return super().has_permission(request, view) or bool(_share_of(request._request, study))


class OpenStudyShare(OpenShare):
    """Opens the share link of the study in the query."""

    def thing(self, request: Request) -> str | None:
        return thing_of_study(request.query_params.get("study", ""))


class StudyFigures(APIView):
    """The numbers of `/studies/{name}/`."""

    permission_classes = [MayReadStudy]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"get": costly}
    schema = None

    def get(self, request: Request) -> Response:
        query = read_query(request, FiguresQuery)
        known = query.pop("stamp")
        return Response(read_study(filters=TrialFilters(**query), known=known))


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
