"""A browser's samples with the scene of each: its latest one with (time, seq) <= the sample's."""

from collections.abc import Iterable, Iterator
from typing import Any

from analytics.models import PointerScene
from analytics.reading.events import EVENTS
from analytics.reading.scenes import UNDER_POINTER
from core.api.file_formats import Page
from core.storage.replica import stale_connection
from core.values.times import to_epoch_us

# The scene of the first sample, then those that begin later and not after the last sample, up to as
# many as there are samples. The first is nearly always in the same chunk or the one before, and
# TimescaleDB reads chunks from the newest down.
SCENES_FROM = """
select time, seq, viewport_width, viewport_height, document_width, document_height,
       scroll_x, scroll_y, pixel_ratio, pointer, page.name
from (
    (
        select * from analytics_pointerscene
        where browser_id = %(browser)s and time <= %(first)s
            and (time, seq) <= (%(first)s, %(first_seq)s)
        order by time desc, seq desc limit 1
    )
    union all
    (
        select * from analytics_pointerscene
        where browser_id = %(browser)s and time between %(first)s and %(last)s
            and (time, seq) > (%(first)s, %(first_seq)s)
        order by time, seq limit %(most)s
    )
) scene
left join dashboard_page page on page.id = scene.page_id
order by time, seq
"""
# Each sample's own scene, by one step down the key, for pages with more scenes than samples: a
# sender can place millions of scenes between two samples. The constant bounds let the planner leave
# out the chunks of all other times.
SCENE_OF_EACH = """
select place, viewport_width, viewport_height, document_width, document_height,
       scroll_x, scroll_y, pixel_ratio, pointer, page.name
from unnest(%(times)s::bigint[], %(seqs)s::int[]) with ordinality as sample (us, seq, place)
cross join lateral (
    select * from analytics_pointerscene scene
    where browser_id = %(browser)s and time between %(first)s and %(last)s
        and (time, scene.seq)
            <= (timestamptz 'epoch' + sample.us * interval '1 microsecond', sample.seq)
    order by time desc, scene.seq desc limit 1
) scene
left join dashboard_page page on page.id = scene.page_id
"""
NO_SCENE = (None,) * len(UNDER_POINTER)
SEQ = EVENTS.fields.index("seq")


def add_scenes(browser_id: int, page: Page) -> Page:
    """Add what lies under the pointer to a page of a browser's samples; None without a scene."""
    if not page:
        return page
    keys: dict[str, Any] = {
        "browser": browser_id,
        "first": page[0][0],
        "first_seq": page[0][SEQ],
        "last": page[-1][0],
        "most": len(page),
    }
    with stale_connection(PointerScene).cursor() as cursor:
        cursor.execute(SCENES_FROM, keys)
        scenes = cursor.fetchall()
        if len(scenes) < len(page):
            return list(_merge(page, scenes))
        keys["times"] = _to_array(to_epoch_us(row[0]) for row in page)
        keys["seqs"] = _to_array(row[SEQ] for row in page)
        cursor.execute(SCENE_OF_EACH, keys)
        found = {place: cells for place, *cells in cursor.fetchall()}
    # The scene of the first sample may have begun before the page.
    before = [scene[2:] for scene in scenes if scene[:2] <= (keys["first"], keys["first_seq"])]
    other = before[0] if before else NO_SCENE
    return [(*row, *found.get(place, other)) for place, row in enumerate(page, 1)]


def _merge(page: Page, scenes: Page) -> Iterator[tuple[Any, ...]]:
    """Yield each sample with its scene; both are in the order of their keys."""
    under: tuple[Any, ...] = NO_SCENE
    following = 0
    for row in page:
        while following < len(scenes) and scenes[following][:2] <= (row[0], row[SEQ]):
            under = scenes[following][2:]
            following += 1
        yield (*row, *under)


def _to_array(numbers: Iterable[int]) -> str:
    """Return an array as PostgreSQL writes it, which is read faster than a list of values."""
    return "{" + ",".join(map(str, numbers)) + "}"


EVENTS_IN_SCENES = EVENTS._replace(columns=(*EVENTS.columns, *UNDER_POINTER), complete=add_scenes)
