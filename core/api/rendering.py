"""Answers: JSON written by msgspec, whose types define it, and files that are streamed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Annotated, Any

import msgspec
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from msgspec import Meta
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from core.api.file_formats import FORMATS, Column, Page

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


class FileRenderer(BaseRenderer):
    """Tells content negotiation of a file format; the answer is streamed, never rendered."""

    def __init__(self, format: str) -> None:  # noqa: A002
        self.format = format
        self.media_type = FORMATS[format].media_type

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        raise NotImplementedError("files are streamed")


# The renderers of a call that gives JSON or any file format, and the responses it documents.
JSON_OR_FILE = (JsonRenderer(), *map(FileRenderer, FORMATS))
FILE_ANSWERS: dict[tuple[int, str], Any] = {
    (200, kind.media_type): OpenApiTypes.STR if kind.is_text else OpenApiTypes.BINARY
    for kind in FORMATS.values()
}


def answer_file(
    request: Request, *, columns: Sequence[Column], pages: Iterator[Page], name: str
) -> StreamingHttpResponse:
    """Stream pages as a file in the negotiated format; `name` is the file's, without its ending.

    The first page is read before the answer begins, so that an error there is still a problem.
    """
    pages = chain(list(islice(pages, 1)), pages)
    ending = request.accepted_renderer.format
    kind = FORMATS[ending]
    # JSON is always UTF-8.
    charset = "; charset=utf-8" if ending == "csv" else ""
    return StreamingHttpResponse(
        _or_torn(kind.write(columns, pages), kind.torn),
        content_type=kind.media_type + charset,
        headers={"Content-Disposition": f'attachment; filename="{name}.{ending}"'},
    )


def _or_torn(chunks: Iterator[bytes], torn: bytes) -> Iterator[bytes]:
    """Mark a file that breaks off: not every server then breaks off the connection."""
    try:
        yield from chunks
    except Exception:
        yield torn
        raise


class Negotiation(DefaultContentNegotiation):
    """Refuses an unavailable `?format=` as it refuses such an Accept header: 406.

    OPTIONS describes a call in JSON alone, because there is nothing to stream.
    A media type with a parameter in a charset that does not exist (RFC 2231) counts as unknown.
    """

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        # An empty format is invalid, and differs from none.
        if request.query_params.get("format") == "":
            raise NotAcceptable
        if request.method == "OPTIONS":
            renderers = [one for one in renderers if not isinstance(one, FileRenderer)]
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except ValueError:
            raise NotAcceptable from None

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        try:
            return super().select_parser(request, parsers)
        except ValueError:
            return None

    def filter_renderers(
        self,
        renderers: Iterable[BaseRenderer],
        format: str,  # noqa: A002
    ) -> list[BaseRenderer]:
        if fitting := [renderer for renderer in renderers if renderer.format == format]:
            return fitting
        raise NotAcceptable
