"""The page of one study, for staff, and the numbers that it draws."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from msgspec import Struct
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.api.trials import TrialFields
from analytics.models import Trial
from analytics.studies.study_figures import ConditionFigures, SomeTrial, read_figures
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


class Drawn(Struct):
    """A trial that is drawn; `values` are in the order of `measures`, x and y in px."""

    id: int
    x: list[float] | None
    y: list[float] | None
    values: list[float | None]


class Box(Struct):
    """A measure's distribution in a condition."""

    n: int
    mean: float
    sd: float | None
    least: float
    first_quartile: float
    median: float
    third_quartile: float
    most: float


class Average(Struct):
    """The average of `n` paths by step, and its standard error, in px."""

    n: int
    x: list[float]
    y: list[float]
    x_error: list[float]
    y_error: list[float]


class Condition(Struct):
    """A condition's figures."""

    condition: str
    trials: int
    instances: int
    average: Average
    measures: dict[str, Box]
    drawn: list[Drawn]


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


class Figures(Struct):
    """All that the page shows of the chosen trials."""

    measures: list[str]
    conditions: list[Condition]
    more_conditions: int
    people: list[Person]
    most_people: int
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
        to_rfc3339(totals.last_at) if totals.last_at else None,
        None if stamp == known else _read(filters, totals),
    )


def _read(filters: TrialFilters, totals: Totals) -> Figures:
    conditions, more = read_figures(filters=filters)
    return Figures(
        measures=list(MEASURES),
        conditions=list(map(_to_condition, conditions)),
        more_conditions=more,
        people=_people(filters),
        most_people=MOST_PEOPLE,
        rules=totals.rules,
        unknown=totals.unknown,
        doubts=_doubts(filters),
        most_doubts=MOST_DOUBTS,
    )


def _to_condition(found: ConditionFigures) -> Condition:
    average = found.average
    return Condition(
        found.condition,
        found.trials,
        found.instances,
        Average(average.n, *map(_hundredths, average[1:])),
        {name: Box(*summary) for name, summary in found.measures.items()},
        [_to_drawn(some) for some in found.some],
    )


def _to_drawn(some: SomeTrial) -> Drawn:
    return Drawn(
        some.id, some.x and _hundredths(some.x), some.y and _hundredths(some.y), some.values
    )


def _hundredths(values: Any) -> list[float]:
    """A hundredth of a px is finer than a screen shows; the export has all digits."""
    return [round(value, 2) for value in values]


def _people(filters: TrialFilters) -> list[Person]:
    throughput: dict[str, dict[str, float]] = {}
    for sequence in throughput_by_sequence(filters=filters):
        if sequence.throughput.throughput is not None:
            of_person = throughput.setdefault(sequence.instance_id, {})
            of_person[sequence.condition] = sequence.throughput.throughput
    return [
        Person(
            instance_id=str(person.instance_id),
            label=person.label,
            short_id=person.instance_id.hex[:SHORT_ID_DIGITS],
            trials=person.trials,
            chosen=person.chosen,
            last_at=to_rfc3339(person.last_at),
            throughput=throughput.get(str(person.instance_id), {}),
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
