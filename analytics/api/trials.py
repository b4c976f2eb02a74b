"""The API of trials and their paths."""

from typing import Any, ClassVar

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import IsAdminUser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from analytics.api import trial_examples as examples
from analytics.api.trial_answers import (
    PathAnswer,
    PathsAnswer,
    TrialAnswer,
    TrialsAnswer,
)
from analytics.models import Trial
from analytics.studies.exclusion import Exclusion, parse_exclusion
from analytics.studies.normalised import STEPS
from analytics.studies.path_list import COLUMNS as PATH_COLUMNS
from analytics.studies.path_list import STEP_COLUMNS, TrialPath, list_paths, page_paths
from analytics.studies.trial_list import (
    COLUMNS,
    TrialFilters,
    list_trials,
    page_trials,
    path_of,
)
from core.api.file_formats import Kind
from core.api.problems import NoSuchTrial
from core.api.queries import TimeField, read_query
from core.api.rendering import FILE_ANSWERS, JSON_OR_FILE, JsonRenderer, answer_file
from core.api.schema import STAFF_ONLY
from core.values.times import name_range, to_rfc3339
from core.web.costs import costly, or_file
from core.web.methods import KnownMethods
from dashboard.instances.throttles import ReadThrottle

PAGE_SIZE = 1000
# Paths are long.
MOST_PATHS = 100
MOST_STEPS = 1001
KEY = OpenApiParameter(
    "trial_id", OpenApiTypes.INT, OpenApiParameter.PATH, description="the trial's id"
)


@extend_schema_field(OpenApiTypes.STR)
class ExclusionField(serializers.Field):
    """Rules and ids of trials to leave out; empty for none."""

    default_error_messages: ClassVar = {"exclusion": "{why}"}

    def to_internal_value(self, data: Any) -> Any:
        try:
            return parse_exclusion(str(data))
        except ValueError as error:
            self.fail("exclusion", why=str(error))

    def to_representation(self, value: Exclusion) -> str:
        return ",".join([*value.rules, *map(str, value.trials)])


class TrialFields(serializers.Serializer):
    """Which trials: the fields of TrialFilters."""

    study = serializers.CharField(
        required=False, max_length=1024, allow_blank=True, help_text="exact; empty: of no study"
    )
    condition = serializers.CharField(
        required=False, max_length=1024, allow_blank=True, help_text="exact"
    )
    since = TimeField(required=False)
    until = TimeField(required=False)
    exclude = ExclusionField(
        required=False,
        help_text="leave these out: `slow`, `gaps`, `coarse`, `resized`, `abandoned`, `wrong`, and "
        "up to 1,000 ids, between commas",
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        # `label` is an attribute of every field, so it cannot be a name in the class.
        label = serializers.CharField(
            default="",
            max_length=100,
            allow_blank=True,
            help_text="only of instances whose label begins with it",
        )
        return {**super().get_fields(), "label": label}


class TrialsQuery(TrialFields):
    """Filters of the list of trials, and a page of it."""

    cursor = serializers.IntegerField(
        required=False, default=None, min_value=0, max_value=2**63 - 1
    )
    limit = serializers.IntegerField(min_value=1, max_value=PAGE_SIZE, default=PAGE_SIZE)


class PathsQuery(TrialsQuery):
    """Filters of the trials whose paths are read, and a page of them."""

    limit = serializers.IntegerField(min_value=1, max_value=MOST_PATHS, default=MOST_PATHS)


class PathQuery(serializers.Serializer):
    """How many steps a path has."""

    steps = serializers.IntegerField(min_value=2, max_value=MOST_STEPS, default=STEPS)


class TrialViewSet(KnownMethods, ViewSet):
    """Trials and their paths, for staff."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = dict.fromkeys(("list", "path", "paths"), or_file(costly))
    lookup_field = "trial_id"
    lookup_value_converter = "int"

    def get_renderers(self) -> list[BaseRenderer]:
        return list(JSON_OR_FILE)

    @extend_schema(
        tags=["studies"],
        parameters=[TrialsQuery],
        responses={(200, "application/json"): TrialsAnswer, **FILE_ANSWERS},
        auth=STAFF_ONLY,
        examples=examples.TRIALS,
        summary="Read trials",
    )
    def list(self, request: Request) -> HttpResponseBase:
        """The trials that start in a range, by id: pages of JSON, or a file of all of them."""
        query = read_query(request, TrialsQuery)
        after, limit = query.pop("cursor"), query.pop("limit")
        filters = TrialFilters(**query)
        if request.accepted_renderer.format != JsonRenderer.format:
            name = f"pointerscope-trials-{name_range(filters.since, filters.until)}"
            pages = page_trials(filters=filters)
            return answer_file(request, columns=COLUMNS, pages=pages, name=name)
        rows, after = list_trials(filters=filters, after=after, limit=limit)
        cursor = None if after is None else str(after)
        return Response(TrialsAnswer(list(map(_to_answer, rows)), cursor))

    @extend_schema(
        tags=["studies"],
        parameters=[KEY, PathQuery],
        responses={(200, "application/json"): PathAnswer, **FILE_ANSWERS},
        auth=STAFF_ONLY,
        examples=examples.PATH,
        summary="Read a trial's path",
    )
    @action(detail=True, methods=["get"])
    def path(self, request: Request, trial_id: int) -> HttpResponseBase:
        """Return a trial's time-normalised path, from its start to its end."""
        query = read_query(request, PathQuery)
        trial = Trial.objects.filter(pk=trial_id).first() if trial_id < 2**63 else None
        if trial is None:
            raise NoSuchTrial
        steps = path_of(trial, steps=query["steps"])
        if request.accepted_renderer.format == JsonRenderer.format:
            found = [[step.time, step.x, step.y] for step in steps]
            return Response(PathAnswer(trial.pk, trial.study, trial.condition, found))
        rows = [(number, *step) for number, step in enumerate(steps, start=1)]
        name = f"pointerscope-trial-{trial.pk}-path"
        return answer_file(request, columns=STEP_COLUMNS, pages=iter([rows]), name=name)

    @extend_schema(
        tags=["studies"],
        parameters=[PathsQuery],
        responses={(200, "application/json"): PathsAnswer, **FILE_ANSWERS},
        auth=STAFF_ONLY,
        examples=examples.PATHS,
        summary="Read the paths of many trials",
    )
    @action(detail=False, methods=["get"])
    def paths(self, request: Request) -> HttpResponseBase:
        """The time-normalised paths of the trials that start in a range, by the trials' ids.

        Pages of JSON, or a file of all of them with a row for each of the 101 steps.
        """
        query = read_query(request, PathsQuery)
        after, limit = query.pop("cursor"), query.pop("limit")
        filters = TrialFilters(**query)
        if request.accepted_renderer.format != JsonRenderer.format:
            name = f"pointerscope-paths-{name_range(filters.since, filters.until)}"
            pages = page_paths(filters=filters)
            return answer_file(request, columns=PATH_COLUMNS, pages=pages, name=name)
        found, after = list_paths(filters=filters, after=after, limit=limit)
        cursor = None if after is None else str(after)
        return Response(PathsAnswer(list(map(_to_path, found)), cursor))


def _to_path(path: TrialPath) -> PathAnswer:
    _, _, study, _, _, condition = path.names
    return PathAnswer(path.trial_id, study, condition, [list(step) for step in path.steps])


def _to_answer(row: tuple[Any, ...]) -> TrialAnswer:
    cells: list[Any] = [
        to_rfc3339(cell) if column.kind is Kind.TIME else cell
        for column, cell in zip(COLUMNS, row, strict=True)
    ]
    return TrialAnswer(*cells)
