"""A browser's scenes and marks, and their columns."""

from django.db.models import Q

from analytics.models import PointerMark, PointerScene
from analytics.reading.ranges import Source
from core.api.file_formats import Column, Kind

# What lies under the pointer, in a scene, and beside a sample in it.
UNDER_POINTER = (
    Column("viewport_width", Kind.FLOAT32, "px", "the viewport's width, in CSS pixels"),
    Column("viewport_height", Kind.FLOAT32, "px", "the viewport's height, in CSS pixels"),
    Column("document_width", Kind.FLOAT32, "px", "the document's width, in CSS pixels"),
    Column("document_height", Kind.FLOAT32, "px", "the document's height, in CSS pixels"),
    Column("scroll_x", Kind.FLOAT32, "px", "x + scroll_x is a sample's place in the document"),
    Column("scroll_y", Kind.FLOAT32, "px", "y + scroll_y is a sample's place in the document"),
    Column("pixel_ratio", Kind.FLOAT32, "", "device pixels per CSS pixel"),
    Column("pointer", Kind.TEXT, "", "mouse, pen or touch"),
    Column("page", Kind.TEXT, "", "the page's name; empty unless the site sends it"),
)
SCENE_COLUMNS = (
    Column("time", Kind.TIME, "", "when the scene begins, in the server's time, UTC"),
    Column("seq", Kind.INT32, "", "the scene holds for samples from (time, seq) on"),
    *UNDER_POINTER,
)
MARK_COLUMNS = (
    Column("time", Kind.TIME, "", "when it happened, in the server's time, UTC"),
    Column("seq", Kind.INT32, "", "tells marks and samples of one time apart, in their order"),
    Column("name", Kind.TEXT, "", "the mark's name, as the site's code gave it"),
    Column("data", Kind.JSON, "", "the mark's data, a JSON object"),
)
LOOKUPS = {"page": "page__name"}
SCENES = Source(
    PointerScene, SCENE_COLUMNS, tuple(LOOKUPS.get(c.name, c.name) for c in SCENE_COLUMNS)
)
MARKS = Source(PointerMark, MARK_COLUMNS, tuple(column.name for column in MARK_COLUMNS))
# At the end of a name it stands for any further characters.
WILDCARD = "*"


def named(name: str) -> Q:
    """Return the condition for marks of this name; `trial:*` means names that begin so."""
    if name.endswith(WILDCARD):
        return Q(name__startswith=name.removesuffix(WILDCARD))
    return Q(name=name)
