"""The page that lists the studies."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.http import require_safe
from msgspec import Struct
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.studies.study_list import Study, StudySort, list_studies
from core.api.queries import read_query
from core.values.times import to_rfc3339
from core.web.costs import costly
from dashboard.instances.embedding import tracker_tag
from dashboard.instances.throttles import ReadThrottle
from dashboard.pages.access import for_staff

PAGE_SIZE = 50
# Far above the number of studies that anybody lists.
MOST = 1_000_000
SORTS = {
    StudySort.LAST_TRIAL: "Last trial",
    StudySort.TRIALS: "Trials",
    StudySort.INSTANCES: "Participants",
    StudySort.NAME: "Name",
}


@require_safe
@for_staff
def show_studies(request: HttpRequest) -> HttpResponse:
    """All studies, for staff; the page fetches its rows from StudyRows."""
    study_url = request.build_absolute_uri(static("analytics/study.js"))
    context = {
        # The default order has no name in the address.
        "sorts": {
            "" if sort is StudySort.LAST_TRIAL else sort.value: SORTS[sort] for sort in SORTS
        },
        "tags": f'{tracker_tag(request)}\n<script src="{study_url}" defer></script>',
    }
    return render(request, "analytics/studies.html", context)


class StudiesQuery(serializers.Serializer):
    """A part of the studies' names, an order, and how many studies earlier pages had."""

    q = serializers.CharField(default="", max_length=200, allow_blank=True)
    sort = serializers.ChoiceField([sort.value for sort in StudySort], default="last_trial")
    cursor = serializers.IntegerField(min_value=0, max_value=MOST, default=0)


class ListedStudy(Struct):
    """A row of the list; `instances` are the participants."""

    study: str
    instances: int
    trials: int
    abandoned: int
    conditions: list[str]
    last_at: str


class ListedStudies(Struct):
    """A page of studies; the cursor is the number of those before the next one."""

    studies: list[ListedStudy]
    next_cursor: int | None


class StudyRows(APIView):
    """The rows of `/studies/`."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"get": costly}
    schema = None

    def get(self, request: Request) -> Response:
        query = read_query(request, StudiesQuery)
        first = query["cursor"]
        found = list_studies(
            text=query["q"], sort=StudySort(query["sort"]), first=first, limit=PAGE_SIZE + 1
        )
        after = first + PAGE_SIZE if len(found) > PAGE_SIZE else None
        return Response(ListedStudies(list(map(_to_listed, found[:PAGE_SIZE])), after))


def _to_listed(study: Study) -> ListedStudy:
    return ListedStudy(
        study=study.study,
        instances=study.instances,
        trials=study.trials,
        abandoned=study.abandoned,
        conditions=study.conditions,
        last_at=to_rfc3339(study.last_at),
    )
