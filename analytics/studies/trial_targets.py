"""The two targets of a pointing trial, and where it was pressed, from what its marks say."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from analytics.studies.pointing import Point

FROM, TO = "from", "to"
PLACE = re.compile(r"(-?\d{1,6}(?:\.\d{1,6})?) (-?\d{1,6}(?:\.\d{1,6})?)")


class Targets(NamedTuple):
    """Where a movement begins and where it should end: two centres, and the second's size (px).

    A round target is as wide as the smaller `side` of its rectangle; a strip has its `length` along
    the axis, which is a side of its rectangle too: the one that the axis is nearer to.
    """

    source: Point
    target: Point
    side: float
    length: float


def find_targets(
    start: Sequence[float] | None, targets: Mapping[str, Sequence[float]]
) -> Targets | None:
    """Return the two targets of a trial; None if it has no two, or both have one centre.

    They are the rectangles named `from` and `to`. Without `from` it is the one where the movement
    starts, without `to` the only other one.
    """
    others = [name for name in targets if name != FROM]
    source = targets.get(FROM) or start
    target = targets.get(TO) or (targets[others[0]] if len(others) == 1 else None)
    if source is None or target is None or _centre(source) == _centre(target):
        return None
    _, _, width, height = target
    begin, aim = _centre(source), _centre(target)
    is_level = abs(aim.x - begin.x) >= abs(aim.y - begin.y)
    return Targets(begin, aim, min(width, height), width if is_level else height)


def find_press(response: str) -> Point | None:
    """Return the place that a response names (`x y` in viewport px); None if it names none.

    A tap of a finger leaves no sample, so only the page knows where it was.
    """
    place = PLACE.fullmatch(response)
    return Point(*map(float, place.groups())) if place else None


def _centre(rectangle: Sequence[float]) -> Point:
    x, y, width, height = rectangle
    return Point(x + width / 2, y + height / 2)
