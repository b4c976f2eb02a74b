"""Query parameters, read and checked by serializers."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from core.api.problems import Invalid, to_field_errors
from core.values.times import parse_time


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "format": "date-time"},
            {"type": "number", "description": "epoch milliseconds"},
        ],
        "examples": ["2026-11-23T12:00:00Z", 1795305600000],
    }
)
class TimeField(serializers.Field):
    """A time on the wire: RFC 3339, or a number of epoch milliseconds."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            return parse_time(str(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error), "invalid") from None

    def to_representation(self, value: datetime) -> str:
        raise NotImplementedError("core.values.times writes the times of answers")


def read_query(request: Request, serializer: type[serializers.Serializer], **context: Any) -> Any:
    """Return the checked parameters; Invalid (400) with `?name` as pointer for a bad one."""
    # A plain dict: in a QueryDict a missing boolean would be read as an unticked box.
    query = serializer(data=request.query_params.dict(), context=context)
    if query.is_valid():
        return query.validated_data
    raise Invalid(
        "Some query parameters are not allowed.", errors=to_field_errors(query.errors, "?")
    )
