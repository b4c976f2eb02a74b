"""A hand on a page that is laid out: it moves, touches and scrolls, and says what happened."""

import math
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from analytics.recordings.made_up.layout import Layout
from analytics.recordings.made_up.motion import (
    Point,
    Stroke,
    View,
    aim,
    at_edge,
    rest_seconds,
    sample_stroke,
    within,
)

AWAY_SECONDS = 5.0
# Scrolling puts a target into this part of the viewport's height.
COMFORTABLE = (0.2, 0.7)
SCROLL_PX_PER_SECOND = 2000
TAP_SECONDS, DRAW_SECONDS, DRAW_SHARE = 0.08, 0.4, 0.3
# A browser reports a swipe only until it takes it for scrolling.
SWIPE_SECONDS, SWIPE_PX, SWIPE_SHARE = 0.06, 14.0, 0.6


class Device(NamedTuple):
    """A device: its viewport, its pointer as browsers name it, and its device px per CSS px."""

    name: str
    view: View
    pointer: str
    pixel_ratio: float


class Happening(NamedTuple):
    """A sample, scene or mark: `kind` is its list in a batch, `us` are microseconds from the start.

    `fields` are the rest of its form in the API.
    """

    kind: str
    us: int
    fields: dict[str, Any]


class Hand:
    """A hand with a device, `now` seconds after its start; `here` is the pointer in the viewport.

    Its methods yield what happens, in order of time. `rate` is samples a second.
    """

    def __init__(self, random: Random, device: Device, rate: float) -> None:
        self.random, self.device, self.view, self.rate = random, device, device.view, rate
        self.touches = device.pointer == "touch"
        self.now, self._seq = 0.0, 0
        self.here, self._is_outside = at_edge(random, device.view), True
        self._last: Point | None = None
        self._scene: dict[str, Any] = {}

    def open(self, name: str, layout: Layout) -> None:
        """Begin on a page, at its top; the pointer stays where it is."""
        self._page, self._layout, self.scroll = name, layout, 0
        self._is_outside = True

    def rest(self, median: float) -> None:
        """Rest for about so many seconds."""
        self.now += rest_seconds(self.random, median)

    def point_at(self, place: Point, *, draws: bool = False) -> Iterator[Happening]:
        """Scroll to a place on the page, and go or touch there; a finger may draw on it."""
        yield from self.scroll_to(place.y)
        if self.touches:
            yield from self._touch(self._in_view(place), draws=draws)
        else:
            yield from self.move_to(self._in_view(place))

    def follow(self, start: Point, end: Point, seconds: float) -> Iterator[Happening]:
        """Move along a line of text on the page."""
        yield from self.scroll_to(start.y)
        yield from self.move_to(self._in_view(start))
        yield from self._stroke(self._in_view(end), seconds)

    def move_to(self, goal: Point) -> Iterator[Happening]:
        """Aim at a position in the viewport."""
        now, here, enter = self.now, self.here, self._is_outside
        for stroke in aim(
            self.random, begin=now, origin=here, goal=goal, enter=enter, view=self.view
        ):
            yield from self._sample(stroke)

    def leave(self) -> Iterator[Happening]:
        """Leave the page for a while."""
        yield from self.move_to(at_edge(self.random, self.view))
        self.rest(AWAY_SECONDS)
        self.here, self._is_outside = at_edge(self.random, self.view), True

    def scroll_to(self, y: float) -> Iterator[Happening]:
        """Scroll until a height of the page is comfortable; a finger must swipe for it."""
        low, high = (self.view.height * share for share in COMFORTABLE)
        most = max(0.0, self._layout.height - self.view.height)
        wanted = round(min(max(y - self.random.uniform(low, high), 0), most))
        if low <= y - self.scroll <= high or wanted == self.scroll:
            return
        if self.touches:
            yield from self._swipe_to(wanted)
        else:
            self.now += abs(wanted - self.scroll) / SCROLL_PX_PER_SECOND
            self.rest(0.2)
            self.scroll = wanted

    def mark(self, name: str, data: dict[str, Any]) -> Happening:
        """Say that something happened now."""
        us, seq = round(self.now * 1e6), self._next_seq()
        return Happening("marks", us, {"seq": seq, "name": name, "data": data})

    def _swipe_to(self, wanted: int) -> Iterator[Happening]:
        swipes = math.ceil(abs(wanted - self.scroll) / (SWIPE_SHARE * self.view.height))
        down = 1 if wanted > self.scroll else -1
        for left in range(swipes, 0, -1):
            yield from self._swipe(down)
            self.scroll += round((wanted - self.scroll) / left)
            self.rest(0.5)

    def _swipe(self, down: int) -> Iterator[Happening]:
        start = Point(
            self.view.width * self.random.gauss(0.68, 0.08),
            self.view.height * self.random.gauss(0.5 + 0.2 * down, 0.06),
        )
        self._put(start)
        yield from self._stroke(Point(start.x, start.y - down * SWIPE_PX), SWIPE_SECONDS)

    def _touch(self, at: Point, *, draws: bool) -> Iterator[Happening]:
        self.rest(0.4)
        self._put(at)
        along = self.random.choice((-1, 1)) * DRAW_SHARE * self.view.width if draws else 2.0
        goal = within(Point(at.x + along, at.y + 1), self.view)
        yield from self._stroke(goal, DRAW_SECONDS if draws else TAP_SECONDS)

    def _put(self, at: Point) -> None:
        self.here, self._is_outside = within(at, self.view), True

    def _stroke(self, goal: Point, seconds: float) -> Iterator[Happening]:
        yield from self._sample(Stroke(self.now, seconds, self.here, goal, 0, self._is_outside))

    def _sample(self, stroke: Stroke) -> Iterator[Happening]:
        enter = stroke.enter
        for us, place in sample_stroke(stroke, rate=self.rate, view=self.view):
            if enter or place != self._last:
                yield from self._place(us, place, enter=enter)
                self._last, enter = place, False
        # A stroke between two samples leaves its beginning to the next one.
        self.now, self.here, self._is_outside = stroke.end, stroke.goal, enter

    def _place(self, us: int, place: Point, *, enter: bool) -> Iterator[Happening]:
        seq, scene = self._next_seq(), self._scene_now()
        if scene != self._scene:
            self._scene = scene
            yield Happening("scenes", us, {"seq": seq, **scene})
        sample = {"x": place.x, "y": place.y, "seq": seq}
        yield Happening("events", us, {**sample, "enter": True} if enter else sample)

    def _scene_now(self) -> dict[str, Any]:
        return {
            "viewport": list(self.view),
            "document": [self._layout.width, max(self._layout.height, self.view.height)],
            "scroll": [0, self.scroll],
            "pixel_ratio": self.device.pixel_ratio,
            "pointer": self.device.pointer,
            "page": self._page,
        }

    def _in_view(self, place: Point) -> Point:
        return within(Point(place.x, place.y - self.scroll), self.view)

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq - 1
