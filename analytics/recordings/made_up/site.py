"""The made-up shop: five pages, their layouts by the width of the viewport, and what draws people.

A page is a stack of rows. A row has columns side by side, as many as the viewport has room for,
and a column has parts below each other. So the same page is longer on a phone than on a desktop.
"""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from analytics.recordings.made_up.motion import Point

SITE = "shop.example"
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


def cards(count: int) -> tuple[Part, ...]:
    """Return cards of products; people look at the first ones most."""
    return tuple(
        Part(f"card {n + 1}", 300, aims=4 / (n + 1) ** 0.7, rest=1.0, lines=1) for n in range(count)
    )


NAVIGATION = row(
    Part("logo", 44, aims=0.2),
    Part("products", 44, aims=1.0),
    Part("help", 44, aims=0.3),
    Part("basket", 44, aims=0.4),
    kept=True,
)
FOOTER = row(Part("footer", 180, aims=0.1))
PAGES: dict[str, Page] = {
    "/": Page(
        (
            NAVIGATION,
            row(Part("headline", 320, aims=3.0, rest=1.2, lines=2, widest=760)),
            row(
                Part("lamps", 260, aims=3.0, rest=0.9),
                Part("chairs", 260, aims=1.6, rest=0.8),
                Part("shelves", 260, aims=0.8, rest=0.7),
            ),
            row(Part("story", 420, aims=0.8, lines=5, widest=640)),
            row(Part("newsletter", 44, aims=0.3, doubts=0.5, widest=420)),
            FOOTER,
        ),
        leads={"/products": 6, "/products/lamp": 2, "/help": 1},
        looks=(3, 6),
    ),
    "/products": Page(
        (
            NAVIGATION,
            row(Part("title", 60, aims=0.2)),
            row(
                Part("search", 44, aims=1.5, rest=1.6, mark="search"),
                Part("price filter", 44, aims=2.0, rest=1.0),
                Part("colour filter", 44, aims=1.2, rest=0.9),
            ),
            row(*cards(12)),
            FOOTER,
        ),
        leads={"/products/lamp": 7, "/": 1, "/help": 1},
    ),
    "/products/lamp": Page(
        (
            NAVIGATION,
            Row(
                (
                    (Part("gallery", 460, aims=4.0, rest=1.4, drags=True),),
                    (
                        Part("name", 60, aims=0.5, lines=1),
                        Part("price", 44, aims=2.5, rest=1.8),
                        Part("size", 44, aims=1.5, rest=1.0),
                        Part(
                            "buy",
                            52,
                            aims=5.0,
                            rest=1.2,
                            doubts=0.5,
                            mark="add to basket",
                            widest=240,
                        ),
                        Part("delivery", 120, aims=0.8, lines=2),
                    ),
                )
            ),
            row(Part("description", 360, aims=1.5, lines=5, widest=720)),
            row(Part("reviews", 900, aims=2.0, lines=6, widest=900)),
            FOOTER,
        ),
        leads={"/checkout": 4, "/products": 3, "/help": 1},
    ),
    "/checkout": Page(
        (
            row(Part("logo", 44)),
            row(Part("steps", 40)),
            row(Part("e-mail", 44, aims=0.95, rest=3.0, widest=520)),
            row(Part("address", 44, aims=0.95, rest=5.0, widest=520)),
            row(
                Part("postcode", 44, aims=0.9, rest=1.8, widest=220),
                Part("city", 44, aims=0.9, rest=2.0, widest=280),
            ),
            row(Part("card number", 44, aims=0.85, rest=4.0, doubts=0.4, widest=520)),
            # Until the shop changed, it was shown as if everybody had one.
            row(Part("coupon", 44, aims=0.1, before=0.95, rest=4.5, doubts=0.9, widest=320)),
            row(Part("summary", 240, aims=0.5, lines=3, widest=520)),
            row(
                Part("order", 56, aims=0.8, rest=1.5, doubts=0.3, mark="order", widest=260),
            ),
            FOOTER,
        ),
        leads={"/": 3, "/help": 1},
        filled_in=True,
    ),
    "/help": Page(
        (
            NAVIGATION,
            row(Part("question", 64, aims=1.5, rest=1.2, mark="search", widest=640)),
            *(row(Part(f"answer {n}", 340, aims=3 / n, lines=7, widest=720)) for n in range(1, 8)),
            FOOTER,
        ),
        leads={"/": 2, "/products": 2, "/checkout": 1},
        looks=(3, 6),
    ),
}


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
