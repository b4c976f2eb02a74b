"""How large a page's document was when pointers were last on it."""

from bisect import bisect
from typing import NamedTuple

from analytics.maps.page_map import WIDTHS
from analytics.models import PointerScene
from core.storage.replica import stale_connection

# Locks: none. A page of a much visited site has thousands of visits, so only the newest are read.
NEWEST_SCENES = """
select viewport_width, document_width, document_height
from (
    select browser_id, first_at, last_at from dashboard_pagevisit
    where page_id = %(page)s order by last_at desc limit %(visits)s
) visit cross join lateral (
    select time, viewport_width, document_width, document_height from analytics_pointerscene scene
    where scene.browser_id = visit.browser_id and page_id = %(page)s
        and time >= first_at and time <= last_at
    order by time desc, seq desc limit 1
) scene
order by time desc
"""
VISITS = 100


class Size(NamedTuple):
    """The size of a document, in CSS px."""

    width: float
    height: float


def read_document_sizes(*, page_id: int) -> dict[int, Size]:
    """Return the page's document size in the newest scene of each width class.

    A class is missing if no scene of it is among those of the newest visits, or kept.
    """
    with stale_connection(PointerScene).cursor() as cursor:
        cursor.execute(NEWEST_SCENES, {"page": page_id, "visits": VISITS})
        rows = cursor.fetchall()
    sizes: dict[int, Size] = {}
    for viewport_width, width, height in rows:
        sizes.setdefault(WIDTHS[bisect(WIDTHS, viewport_width) - 1], Size(width, height))
    return sizes
