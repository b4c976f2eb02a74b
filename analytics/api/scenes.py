"""The API of scenes and marks. Batches add them (analytics/api/views.py)."""

from uuid import UUID

from django.db.models import Q
from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from analytics.api import examples
from analytics.api.ranges import RangeQuery, RangeViewSet, Shown, answer_range
from analytics.reading.scenes import MARKS, SCENES, WILDCARD, named
from analytics.wire import MarkPage, ScenePage, StoredMark, StoredScene
from core.api.queries import read_query
from core.api.rendering import FILE_ANSWERS

SCENES_SHOWN = Shown(SCENES, "scenes", StoredScene, ScenePage)
MARKS_SHOWN = Shown(MARKS, "marks", StoredMark, MarkPage)


class SceneViewSet(RangeViewSet):
    """An instance's scenes."""

    @extend_schema(
        tags=["scenes"],
        parameters=[RangeQuery],
        responses={(200, "application/json"): ScenePage, **FILE_ANSWERS},
        examples=examples.SCENES,
        summary="Read scenes",
    )
    def list(self, request: Request, instance_id: UUID) -> HttpResponseBase:
        """The scenes that begin in a range, by (time, seq): pages of JSON, or a file of all."""
        return answer_range(request, instance_id, read_query(request, RangeQuery), SCENES_SHOWN)


class MarkQuery(RangeQuery):
    """A range of an instance's marks, of any name or of some."""

    name = serializers.CharField(
        required=False,
        default=None,
        max_length=64 + len(WILDCARD),
        trim_whitespace=False,
        help_text=f"a name, or the beginning of names: `trial:{WILDCARD}`",
    )


class MarkViewSet(RangeViewSet):
    """An instance's marks."""

    @extend_schema(
        tags=["scenes"],
        parameters=[MarkQuery],
        responses={(200, "application/json"): MarkPage, **FILE_ANSWERS},
        examples=examples.MARKS,
        summary="Read marks",
    )
    def list(self, request: Request, instance_id: UUID) -> HttpResponseBase:
        """The marks of a range, by (time, seq): pages of JSON, or a file of all of them."""
        query = read_query(request, MarkQuery)
        where = named(query["name"]) if query["name"] else Q()
        return answer_range(request, instance_id, query, MARKS_SHOWN, where)
