"""The page of one study, for staff and for readers of its share link."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.api.trials import TrialFields
from analytics.models import Trial
from analytics.pages.study_numbers import read_study
from analytics.studies.trial_list import MEASURES, TrialFilters
from core.api.queries import read_query
from core.storage.replica import stale
from core.web.aliases import OWN_API_URL
from core.web.costs import costly
from dashboard.access.shared_sessions import shared_link, thing_of_study
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
