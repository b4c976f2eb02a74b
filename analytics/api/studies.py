"""The API of studies: which there are, and the throughput of pointing in them."""

from typing import ClassVar

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import IsAdminUser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from analytics.api import trial_examples as examples
from analytics.api.trial_answers import (
    SequenceAnswer,
    StudiesAnswer,
    StudyAnswer,
    ThroughputAnswer,
)
from analytics.api.trials import PAGE_SIZE, TrialsQuery
from analytics.studies.study_list import Study, list_studies
from analytics.studies.throughput import (
    COLUMNS,
    ThroughputOptions,
    list_throughput,
    page_throughput,
    to_row,
)
from analytics.studies.trial_list import TrialFilters
from core.api.queries import read_query
from core.api.rendering import FILE_ANSWERS, JSON_OR_FILE, JsonRenderer, answer_file
from core.api.schema import STAFF_ONLY
from core.values.times import name_range, to_rfc3339
from core.web.costs import costly, or_file
from core.web.methods import KnownMethods
from dashboard.instances.throttles import ReadThrottle


class ThroughputQuery(TrialsQuery):
    """Which trials make up the sequences, and how these are measured."""

    limit = serializers.IntegerField(
        min_value=1, max_value=PAGE_SIZE, default=PAGE_SIZE, help_text="instances"
    )
    serial = serializers.BooleanField(
        default=True, help_text="add the last overshoot, if a movement begins at the last target"
    )
    one_dimensional = serializers.BooleanField(
        default=False, help_text="targets are strips across the way, not discs"
    )
    bivariate = serializers.BooleanField(
        default=False, help_text="width from the spread in both dimensions"
    )
    by_block = serializers.BooleanField(
        default=False, help_text="a sequence for each block, not for all of a condition"
    )


class StudyViewSet(KnownMethods, ViewSet):
    """Studies, for staff."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"list": costly, "throughput": or_file(costly)}

    def get_renderers(self) -> list[BaseRenderer]:
        return list(JSON_OR_FILE) if self.action == "throughput" else [JsonRenderer()]

    @extend_schema(
        tags=["studies"],
        responses={200: StudiesAnswer},
        auth=STAFF_ONLY,
        examples=examples.STUDIES,
        summary="List studies",
    )
    def list(self, request: Request) -> Response:
        """Return all studies, with how many instances took part and how many trials they have."""
        return Response(StudiesAnswer([_to_answer(study) for study in list_studies()]))

    @extend_schema(
        tags=["studies"],
        parameters=[ThroughputQuery],
        responses={(200, "application/json"): ThroughputAnswer, **FILE_ANSWERS},
        auth=STAFF_ONLY,
        examples=examples.THROUGHPUT,
        summary="Read the throughput of pointing",
    )
    @action(detail=False, methods=["get"])
    def throughput(self, request: Request) -> HttpResponseBase:
        """Return the throughput (ISO 9241-411) of each instance in each condition.

        Only trials with two targets count. To summarise sequences, average their throughputs
        instead of pooling their trials.
        """
        query = read_query(request, ThroughputQuery)
        after, limit = query.pop("cursor"), query.pop("limit")
        options = ThroughputOptions(**{name: query.pop(name) for name in ThroughputOptions._fields})
        filters = TrialFilters(**query)
        if request.accepted_renderer.format != JsonRenderer.format:
            name = f"pointerscope-throughput-{name_range(filters.since, filters.until)}"
            pages = page_throughput(filters=filters, options=options)
            return answer_file(request, columns=COLUMNS, pages=pages, name=name)
        found, after = list_throughput(filters=filters, options=options, after=after, limit=limit)
        cursor = None if after is None else str(after)
        sequences = [SequenceAnswer(*to_row(one)) for one in found]
        return Response(ThroughputAnswer(sequences, cursor))


def _to_answer(study: Study) -> StudyAnswer:
    ends = {"first_at": to_rfc3339(study.first_at), "last_at": to_rfc3339(study.last_at)}
    return StudyAnswer(**{**study._asdict(), **ends})
