"""The JSON of answers about pages and their maps, and the columns of their files."""

from typing import Annotated

from msgspec import Meta, Struct

from analytics.wire import NextCursor, PointerName, Seconds
from core.api.file_formats import Column, Kind
from core.api.rendering import TimeText
from dashboard.wire import Pixels

Width = Annotated[int, Meta(description="CSS px: the least viewport width of its class")]
Instances = Annotated[
    int, Meta(description="each instance counts once a day (UTC) and pointer type")
]
Cell = Annotated[
    tuple[int, int, float],
    Meta(description="column, row, value; column 0 is at the page's left, row 0 at its top"),
]


class ListedPage(Struct):
    """A page, and what was on it in the range."""

    id: int
    site: str
    name: str
    instances: Annotated[int, Meta(description="those that were on the page")]
    samples: int
    dwell: Seconds
    last_visit: Annotated[
        TimeText | None,
        Meta(
            description="the newest visit of these instances, which may be later than the range;"
            " null: they were erased"
        ),
    ]


class Pages(Struct):
    """A page of pages, in the order that `sort` names."""

    pages: list[ListedPage]
    next_cursor: NextCursor


class NamedPage(Struct):
    """Which page it is."""

    id: int
    site: str
    name: str


class WidthClass(Struct):
    """What the page has in the range at viewports of this width class."""

    width: Width
    instances: Instances
    samples: int
    dwell: Seconds


class MapAnswer(Struct):
    """A map of one width class, and what it is of.

    The classes in `widths` that are not `width` are left out of `cells`.
    """

    page: NamedPage
    since: Annotated[TimeText, Meta(description="the map's own, a start of five minutes or a day")]
    until: Annotated[TimeText, Meta(description="the map's own, a start of five minutes or a day")]
    width: Annotated[Width | None, Meta(description="null without any heat")]
    pointer: Annotated[str | None, Meta(description="null: all pointer types together")]
    label: str
    weight: str
    cell: Annotated[int, Meta(description="CSS px: the side of a cell")]
    total: Annotated[float, Meta(description="the sum of all cells' values")]
    instances: Instances
    samples: int
    widths: list[WidthClass]
    cells: list[Cell]


class StatusOfPage(Struct):
    """An hour of a page, at one width class and pointer type."""

    time: TimeText
    width: Width
    pointer: PointerName
    instances: Annotated[int, Meta(description="distinct in this hour")]
    events: int
    distance: Pixels
    moving_time: Seconds
    dwell: Seconds


class StatusesOfPage(Struct):
    """The hours of a page that have samples, earliest first."""

    page: NamedPage
    since: TimeText
    until: TimeText
    statuses: list[StatusOfPage]


CELL_COLUMNS = (
    Column("width", Kind.INT32, "px", "the least viewport width of the map's class"),
    Column("column", Kind.INT32, "", "the cell's column; 0 is at the page's left edge"),
    Column("row", Kind.INT32, "", "the cell's row; 0 is at the page's top"),
    Column("x", Kind.INT32, "px", "the cell's left edge on the page"),
    Column("y", Kind.INT32, "px", "the cell's top edge on the page"),
    Column("value", Kind.FLOAT64, "", "dwell in s, or a number of samples or instances"),
)
STATUS_COLUMNS = (
    Column("time", Kind.TIME, "", "the hour's start, UTC"),
    Column("width", Kind.INT32, "px", "the least viewport width of the class"),
    Column("pointer", Kind.TEXT, "", "mouse, pen or touch"),
    Column("instances", Kind.INT64, "", "distinct instances in the hour"),
    Column("events", Kind.INT64, "", "number of samples"),
    Column("distance", Kind.FLOAT64, "px", "length of the paths"),
    Column("moving_time", Kind.FLOAT64, "s", "time in movement"),
    Column("dwell", Kind.FLOAT64, "s", "how long pointers were on the page"),
)
