"""Examples of pages and maps for the OpenAPI description, built from the wire's types."""

from analytics.api.page_answers import (
    ListedPage,
    MapAnswer,
    NamedPage,
    Pages,
    StatusesOfPage,
    StatusOfPage,
    WidthClass,
)
from dashboard.api.examples import answer_example

SITE, NAME = "shop.example", "/pricing"
SINCE, UNTIL = "2026-11-23T00:00:00.000000Z", "2026-11-24T00:00:00.000000Z"
VISITED = "2026-11-23T16:20:31.250000Z"
PAGES = [
    answer_example(
        "a page of one",
        Pages([ListedPage(7, SITE, NAME, 2, 5321, 84.25, VISITED)], "84250000,7"),
        "200",
    )
]
MAP = [
    answer_example(
        "two cells",
        MapAnswer(
            page=NamedPage(7, SITE, NAME),
            since=SINCE,
            until=UNTIL,
            width=1024,
            pointer=None,
            label="",
            weight="dwell",
            cell=16,
            total=1.75,
            instances=1,
            samples=3,
            widths=[WidthClass(480, 1, 1, 0.5), WidthClass(1024, 1, 3, 1.75)],
            cells=[(50, 42, 1.5), (51, 42, 0.25)],
        ),
        "200",
    )
]
PAGE_STATUSES = [
    answer_example(
        "an hour",
        StatusesOfPage(
            NamedPage(7, SITE, NAME),
            SINCE,
            UNTIL,
            [StatusOfPage("2026-11-23T12:00:00.000000Z", 1024, "mouse", 1, 3, 60.0, 0.5, 1.75)],
        ),
        "200",
    )
]
