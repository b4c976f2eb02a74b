"""The layouts of the made-up shop's pages, by the width of the viewport.

A page is a stack of rows. A row has columns side by side, as many as the viewport has room for,
and a column has parts below each other. So the same page is longer on a phone than on a desktop.
"""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from analytics.recordings.made_up.motion import Point

WIDEST_PX, MARGIN_PX, GAP_PX = 1200, 32, 24
# How many columns fit beside each other, by the least width of the viewport.
COLUMNS = ((1024, 4), (600, 2), (0, 1))


class Part(NamedTuple):
    """A part of a page, and how people treat it.

    `aims` is how often they go there: a weight, or on a page that is filled in a probability.
    `rest` is the median of their rest there, in s. They read so many `lines`. With the probability
    `doubts` they go away and come back. `before` replaces `aims` for visits before the shop
    changed.
    """

    name: str
    height: int
    aims: float = 0
    rest: float = 0.6
    lines: int = 0
    doubts: float = 0
    mark: str = ""
    drags: bool = False  # a finger draws it sideways
    widest: int = WIDEST_PX
    before: float | None = None

    def aims_at(self, *, was: bool) -> float:
        """Return how often people go there, or went there before the shop changed."""
        return self.before if was and self.before is not None else self.aims


class Row(NamedTuple):
    """Columns of parts; `kept`: they stay beside each other on a narrow viewport."""

    columns: tuple[tuple[Part, ...], ...]
    kept: bool = False


class Page(NamedTuple):
    """A page: its rows, the pages that people go to next, and how many parts they go to.

    On a page that is `filled_in` they go to its parts from top to bottom.
    """

    rows: tuple[Row, ...]
    leads: dict[str, float]
    looks: tuple[int, int] = (5, 9)
    filled_in: bool = False


class Element(NamedTuple):
    """A part in its place, in CSS px of the page."""

    part: Part
    left: float
    top: float
    width: float
    height: float

    def holds(self, point: Point, margin: float = 0) -> bool:
        """Return whether a position on the page is in it, or at most `margin` px beside it."""
        return (
            self.left - margin <= point.x <= self.left + self.width + margin
            and self.top - margin <= point.y <= self.top + self.height + margin
        )


class Layout(NamedTuple):
    """A page as laid out for a width of the viewport: its size in CSS px, and its elements."""

    width: float
    height: float
    elements: tuple[Element, ...]


def row(*parts: Part, kept: bool = False) -> Row:
    """Return a row of columns of one part each."""
    return Row(tuple((part,) for part in parts), kept)


def lay_out(page: Page, width: float) -> Layout:
    """Lay a page out for a viewport of this width."""
    inner = min(width - 2 * MARGIN_PX, WIDEST_PX)
    left, top = (width - inner) / 2, float(GAP_PX)
    elements: list[Element] = []
    most = next(columns for least, columns in COLUMNS if width >= least)
    for one in page.rows:
        count = len(one.columns) if one.kept else min(len(one.columns), most)
        for first in range(0, len(one.columns), count):
            line = one.columns[first : first + count]
            placed = [
                list(_column(column, left + n * inner / count, top, inner / count - GAP_PX))
                for n, column in enumerate(line)
            ]
            elements += chain.from_iterable(placed)
            top = max(column[-1].top + column[-1].height for column in placed) + GAP_PX
    return Layout(width, top, tuple(elements))


def _column(parts: tuple[Part, ...], left: float, top: float, width: float) -> Iterator[Element]:
    for part in parts:
        yield Element(part, left, top, min(width, part.widest), part.height)
        top += part.height + GAP_PX / 2
