"""Answers: JSON written by msgspec, whose types say what is in them."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

TimeText = Annotated[
    str,
    Meta(
        description="RFC 3339, UTC, with microseconds",
        examples=["2026-11-23T12:00:00.000000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]


class JsonRenderer(BaseRenderer):
    """Writes msgspec structs and plain data at C speed."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else msgspec.json.encode(data)


class Negotiation(DefaultContentNegotiation):
    """Refuses a `?format=` that a call does not have as it refuses such an Accept header: 406."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        # Nearly every call: whoever takes anything and asks for no format gets the first.
        if not request.META["QUERY_STRING"] and request.META.get("HTTP_ACCEPT", "*/*") == "*/*":
            first = next(iter(renderers))
            return first, first.media_type
        # An empty one is no format either, and not the same as none at all.
        if request.query_params.get("format") == "":
            raise NotAcceptable
        return super().select_renderer(request, renderers, format_suffix)

    def filter_renderers(
        self,
        renderers: Iterable[BaseRenderer],
        format: str,  # noqa: A002
    ) -> list[BaseRenderer]:
        if fitting := [renderer for renderer in renderers if renderer.format == format]:
            return fitting
        raise NotAcceptable
