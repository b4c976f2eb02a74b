"""What a service has stored, and the rule that gives each sample its scene, in plain Python."""

from collections import defaultdict
from typing import Any, NamedTuple

from tests.service import Service

# Time in epoch microseconds, and seq.
Key = tuple[int, int]
Fields = dict[str, Any]

SAMPLES = """
select instance_id::text, (extract(epoch from time) * 1000000)::bigint, seq, x, y, enter
from analytics_pointerpositionevent join dashboard_browser b on b.id = browser_id
"""
SCENES = """
select instance_id::text, (extract(epoch from time) * 1000000)::bigint, seq,
       viewport_width, viewport_height, document_width, document_height, scroll_x, scroll_y,
       pixel_ratio, pointer, name
from analytics_pointerscene join dashboard_browser b on b.id = browser_id
     left join dashboard_page p on p.id = page_id
"""
MARKS = """
select instance_id::text, (extract(epoch from time) * 1000000)::bigint, seq, name, data
from analytics_pointermark join dashboard_browser b on b.id = browser_id
"""


class Stored(NamedTuple):
    """Samples, scenes and marks of each instance."""

    samples: dict[str, dict[Key, Fields]]
    scenes: dict[str, dict[Key, Fields]]
    marks: dict[str, dict[Key, Fields]]

    def joined(self, instance: str) -> dict[Key, Fields | None]:
        """Return the scene of each sample of an instance, in the order of time."""
        scenes = self.scenes[instance]
        return {key: scene_of(scenes, key) for key in sorted(self.samples[instance])}


def scene_of(scenes: dict[Key, Fields], at: Key) -> Fields | None:
    """Return the latest scene with (time, seq) up to this one."""
    earlier = [key for key in scenes if key <= at]
    return scenes[max(earlier)] if earlier else None


def read_stored(service: Service) -> Stored:
    found = Stored(defaultdict(dict), defaultdict(dict), defaultdict(dict))
    for instance, us, seq, x, y, enter in service.sql(SAMPLES):
        found.samples[instance][us, seq] = {"x": x, "y": y, "enter": enter}
    for instance, us, seq, *numbers, ratio, pointer, page in service.sql(SCENES):
        viewport, document, scroll = (numbers[place : place + 2] for place in (0, 2, 4))
        scene = {"viewport": viewport, "document": document, "scroll": scroll}
        scene |= {"pixel_ratio": ratio, "pointer": pointer}
        found.scenes[instance][us, seq] = scene if page is None else {**scene, "page": page}
    for instance, us, seq, name, data in service.sql(MARKS):
        found.marks[instance][us, seq] = {"name": name, "data": data}
    return found
