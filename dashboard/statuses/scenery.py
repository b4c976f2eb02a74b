"""What lies under an instance's pointer, by its newest scene.

The scenes are tables of `analytics`, and this statement is all that we use of them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from core.storage.replica import stale_connection
from dashboard.models import Browser

# One step down the scenes' key for each instance. Locks: none. Snapshot: its own.
NEWEST = """
select browser.id, scene.pointer, scene.viewport_width, scene.viewport_height
from unnest(%(browsers)s::bigint[]) browser (id)
cross join lateral (
    select pointer, viewport_width, viewport_height from analytics_pointerscene
    where browser_id = browser.id order by time desc, seq desc limit 1
) scene
"""


class Scenery(NamedTuple):
    """The kind of pointer, and the window's inner size in CSS px."""

    pointer: str
    width: float
    height: float


def newest_sceneries(keys: Iterable[int]) -> dict[int, Scenery]:
    """Return the newest scene of each of these instances; one without scenes has no entry.

    The result may lag behind by the replica's delay.
    """
    with stale_connection(Browser).cursor() as cursor:
        cursor.execute(NEWEST, {"browsers": list(keys)})
        return {key: Scenery(*scenery) for key, *scenery in cursor.fetchall()}
