"""What calls about pages ask for: ranges, filters, orders and places in a list."""

import re
from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from analytics.maps.page_list import Place, Sort
from analytics.maps.page_map import WIDTHS, Weight
from core.api.queries import TimeField

PAGE_SIZE = 50
DEFAULT_RANGE = timedelta(days=30)
CURSOR = re.compile("([0-9]{1,18}),([0-9]{1,10})")


class SpanQuery(serializers.Serializer):
    """A range of time; the last thirty days by default."""

    since = TimeField(required=False)
    until = TimeField(required=False)

    def validate(self, query: dict[str, Any]) -> dict[str, Any]:
        now: datetime = self.context["now"]
        until = query.setdefault("until", max(now, query.get("since", now)))
        try:
            since = query.setdefault("since", until - DEFAULT_RANGE)
        except OverflowError:
            raise serializers.ValidationError({"until": "lies too early"}) from None
        if since > until:
            raise serializers.ValidationError({"since": "lies after `until`"})
        # No sample is later. A range of whole days to the year 9999 would have millions of days.
        latest = now + DEFAULT_RANGE
        return {**query, "since": min(since, latest), "until": min(until, latest)}


@extend_schema_field({"type": "string", "pattern": f"^{CURSOR.pattern}$"})
class PlaceField(serializers.Field):
    """The place where a page of the list ends: `{what its order compares},{id of a page}`."""

    default_error_messages = {"invalid": "take the cursor from the `next_cursor` of a page"}

    def to_internal_value(self, data: Any) -> Place:
        match = CURSOR.fullmatch(str(data))
        if not match or int(match[2]) > 2**31 - 1:
            self.fail("invalid")
        return Place(int(match[1]), int(match[2]))

    def to_representation(self, value: Place) -> str:
        return f"{value.value},{value.page_id}"


class PagesQuery(SpanQuery):
    """Filters of the list of pages."""

    site = serializers.CharField(
        required=False, max_length=260, allow_blank=True, help_text="exact; empty: of no site"
    )
    q = serializers.CharField(
        default="", max_length=200, allow_blank=True, help_text="a part of the name, in any case"
    )
    sort = serializers.ChoiceField(
        [one.value for one in Sort],
        default=Sort.DWELL.value,
        help_text="what comes first: the most of it, or the newest visit",
    )
    cursor = PlaceField(required=False, default=None)
    limit = serializers.IntegerField(min_value=1, max_value=PAGE_SIZE, default=PAGE_SIZE)


class LabelField(serializers.CharField):
    """The beginning of a label."""

    def __init__(self) -> None:
        super().__init__(
            default="",
            max_length=100,
            allow_blank=True,
            help_text="only of instances whose label begins with it, in the last"
            " `STATUS_RETENTION_DAYS`",
        )


class PageQuery(SpanQuery):
    """A range of a page's data, of one width class, pointer type or beginning of labels."""

    width = serializers.ChoiceField(
        WIDTHS, required=False, default=None, help_text="a class: its least viewport width, CSS px"
    )
    pointer = serializers.ChoiceField(["mouse", "pen", "touch"], required=False, default=None)

    def get_fields(self) -> dict[str, serializers.Field]:
        # `label` is an attribute of every field, so it cannot be a name in the class.
        return {**super().get_fields(), "label": LabelField()}


class MapQuery(PageQuery):
    """What a map shows; without a width, it shows the class with the most dwell."""

    weight = serializers.ChoiceField(
        [one.value for one in Weight],
        default=Weight.DWELL.value,
        help_text="seconds, samples, or instances, each once a day (UTC) and pointer type",
    )
