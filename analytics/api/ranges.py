"""Calls that read a range of an instance's rows: pages of JSON, or all of them as a file."""

import re
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema_field
from msgspec import Struct
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from analytics.reading.ranges import Position, Selection, Source, list_rows, page_rows
from core.api.queries import TimeField
from core.api.rendering import JSON_OR_FILE, JsonRenderer, answer_file
from core.values.times import EPOCH, MICROSECOND, name_range, to_epoch_us, to_rfc3339
from core.web.costs import costly, or_file
from core.web.methods import KnownMethods
from dashboard.instances.permissions import MayRead, visible_browser
from dashboard.instances.throttles import ReadThrottle

PAGE_SIZE = 1000
MAX_SEQ = 2**31 - 1
CURSOR = re.compile("(-?[0-9]{1,18}),([0-9]{1,10})")


@extend_schema_field({"type": "string", "pattern": f"^{CURSOR.pattern}$"})
class CursorField(serializers.Field):
    """The end of a page: `{epoch microseconds},{seq}`."""

    default_error_messages = {"invalid": "take the cursor from the `next_cursor` of a page"}

    def to_internal_value(self, data: Any) -> Position:
        match = CURSOR.fullmatch(str(data))
        if not match or int(match[2]) > MAX_SEQ:
            self.fail("invalid")
        try:
            return Position(EPOCH + int(match[1]) * MICROSECOND, int(match[2]))
        except OverflowError:
            self.fail("invalid")

    def to_representation(self, value: Position) -> str:
        return f"{to_epoch_us(value.time)},{value.seq}"


class RangeQuery(serializers.Serializer):
    """A range of an instance's rows, and a position in it."""

    since = TimeField(required=False, default=None)
    until = TimeField(required=False, default=None)
    cursor = CursorField(required=False, default=None)
    limit = serializers.IntegerField(min_value=1, max_value=PAGE_SIZE, default=PAGE_SIZE)


class RangeViewSet(KnownMethods, ViewSet):
    """An instance's rows of one kind, which its page and staff read by range."""

    permission_classes = [MayRead]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"list": or_file(costly)}

    def get_renderers(self) -> list[BaseRenderer]:
        return list(JSON_OR_FILE)


class Shown(NamedTuple):
    """How a source's rows are answered: what a file is called, and a row and a page as JSON."""

    source: Source
    called: str
    row: Callable[..., Struct]
    page: Callable[..., Struct]


def answer_range(
    request: Request,
    instance_id: UUID,
    query: dict[str, Any],
    shown: Shown,
    where: Q = Q(),  # noqa: B008  # it is never changed
) -> HttpResponseBase:
    """Answer with a page of rows, or with a file of all of them; `where` narrows them."""
    browser = visible_browser(request, instance_id)
    since, until = query["since"], query["until"]
    selection = Selection(browser.pk, since, until, query["cursor"], where)
    source = shown.source
    if request.accepted_renderer.format != JsonRenderer.format:
        name = f"pointerscope-{instance_id}-{shown.called}-{name_range(since, until)}"
        pages = page_rows(source=source, selection=selection)
        return answer_file(request, columns=source.columns, pages=pages, name=name)
    rows, after = list_rows(source=source, selection=selection, limit=query["limit"])
    cursor = CursorField().to_representation(after) if after else None
    found = [shown.row(to_rfc3339(time), *cells) for time, *cells in rows]
    return Response(shown.page(found, cursor))
