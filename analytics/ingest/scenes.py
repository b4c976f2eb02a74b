"""Scenes and marks of a batch: their wire types, and their rows for the database."""

import re
from array import array
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from analytics.ingest.page_names import MAX_LENGTH, normalise
from analytics.ingest.times import EpochMs, Rfc3339, times_of
from core.api.problems import FieldError

MOST = 100
MAX_DATA_BYTES = 1024
# With its numbers as PostgreSQL writes them: `1e300` with all its zeros. 24 such numbers have room.
MAX_WRITTEN_BYTES = 8192
# PostgreSQL has no NUL in text.
NO_NUL = r"^[^\x00]*$"
# The escape of a NUL in JSON, and not an escaped backslash before `u0000`.
NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
EXPONENT = re.compile(rb"[0-9]e([+-]?[0-9]+)")

Seq = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Length = Annotated[float, Meta(ge=0, le=100_000_000, description="CSS px")]
Offset = Annotated[float, Meta(ge=-100_000_000, le=100_000_000, description="CSS px")]


class Pointer(StrEnum):
    """What moved, as browsers say it."""

    MOUSE = "mouse"
    PEN = "pen"
    TOUCH = "touch"


class Scene(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What lies under the pointer from this time and seq until the instance's next scene."""

    time: EpochMs | Rfc3339
    seq: Annotated[Seq, Meta(description="that of the first sample in this scene")]
    viewport: Annotated[tuple[Length, Length], Meta(description="width and height")]
    document: Annotated[tuple[Length, Length], Meta(description="width and height")]
    scroll: Annotated[
        tuple[Offset, Offset], Meta(description="a sample's place in the document - its position")
    ]
    pixel_ratio: Annotated[float, Meta(gt=0, le=100, description="device px per CSS px")]
    pointer: Pointer
    page: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=MAX_LENGTH,
                description="its name; segments that look like an identifier are stored as `*`,"
                " and characters that do not print are dropped",
            ),
        ]
        | UnsetType
    ) = UNSET


class Mark(msgspec.Struct, forbid_unknown_fields=True):
    """Something happened now, as the site's own code says."""

    time: EpochMs | Rfc3339
    name: Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]
    seq: (
        Annotated[Seq, Meta(description="tells marks of one time apart; or its place here")] | None
    ) = None
    data: (
        Annotated[dict[str, Any], Meta(description="at most 1 KiB of JSON without white space")]
        | UnsetType
    ) = UNSET


class SceneRow(msgspec.Struct, gc=False):
    """A scene for the database: its time in epoch microseconds, its numbers as float32.

    The numbers are those of viewport, document and scroll, and the pixel ratio.
    """

    us: int
    seq: int
    numbers: list[float]
    pointer: Pointer
    page: str | None


class MarkRow(msgspec.Struct):
    """A mark for the database: its time in epoch microseconds."""

    us: int
    seq: int
    name: str
    data: dict[str, Any]


def to_scene_rows(scenes: Sequence[Scene]) -> list[SceneRow]:
    """Return the scenes' rows, each with the name of its page as it may be stored."""
    return list(map(_to_row, times_of(scenes), scenes))


def _to_row(us: int, scene: Scene) -> SceneRow:
    # As float32 already here, so that a value too small for it becomes zero and not an error.
    numbers = array("f", [*scene.viewport, *scene.document, *scene.scroll, scene.pixel_ratio])
    page = normalise(scene.page) if scene.page else None
    return SceneRow(us, scene.seq, numbers.tolist(), scene.pointer, page)


def to_mark_rows(marks: Sequence[Mark]) -> list[MarkRow]:
    """Return the marks' rows; a mark without a seq gets its place, one without data no members."""
    return [
        MarkRow(us, i if mark.seq is None else mark.seq, mark.name, mark.data or {})
        for i, (us, mark) in enumerate(zip(times_of(marks), marks, strict=True))
    ]


def data_errors(marks: Sequence[Mark]) -> list[FieldError]:
    """Return the errors of marks' data that msgspec does not find: too long, or with a NUL."""
    errors = []
    for i, mark in enumerate(marks):
        text = msgspec.json.encode(mark.data or {})
        if detail := _data_error(text):
            errors.append(FieldError(f"/marks/{i}/data", "invalid", detail))
    return errors


def _data_error(text: bytes) -> str | None:
    if len(text) > MAX_DATA_BYTES:
        return f"Expected at most {MAX_DATA_BYTES} bytes of JSON without white space"
    if len(text) + _zeros(text) > MAX_WRITTEN_BYTES:
        return f"Expected at most {MAX_WRITTEN_BYTES} bytes with numbers written without exponents"
    return "Expected text without NUL" if NUL_ESCAPE.search(text) else None


def _zeros(text: bytes) -> int:
    """Return how many zeros at most PostgreSQL writes for the exponents in JSON."""
    return sum(abs(int(exponent)) for exponent in EXPONENT.findall(STRING.sub(b"", text)))
