"""People who visit the made-up shop: they scroll, aim, read, hesitate and go to the next page.

A mouse or a pen moves to each target and stays there. A finger touches the page only to tap, to
draw and to scroll, so between its touches there is no pointer.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from random import Random

from analytics.recordings.made_up.hand import Device, Hand, Happening
from analytics.recordings.made_up.layout import Element, Page, lay_out
from analytics.recordings.made_up.motion import Point, View, within
from analytics.recordings.made_up.site import PAGES

LANDINGS = {"/": 6, "/products/lamp": 2, "/help": 1}
LOADING_SECONDS = 0.8
LEAVES, READS_DOWN, FOLLOWS_LINES, MARKS = 0.04, 0.7, 0.6, 0.6
LINE_SECONDS = (0.9, 2.2)
PHONE = Device("phone", View(390, 760), "touch", 3)
TABLET = Device("tablet", View(820, 1100), "touch", 2)
LAPTOP = Device("laptop", View(1280, 720), "mouse", 2)
DESKTOP = Device("desktop", View(1536, 864), "mouse", 1.25)
DRAWING = Device("drawing display", View(1920, 1080), "pen", 1)
# Dealt in turn, so that even a few visitors have all of them.
DEVICES = (LAPTOP, PHONE, DESKTOP, PHONE, LAPTOP, TABLET, PHONE, LAPTOP, DRAWING, PHONE)
# One in so many visitors takes part in a study, and has a label.
LABELLED = 4


def device_of(number: int) -> Device:
    """Return the device of a visitor."""
    return DEVICES[number % len(DEVICES)]


def label_of(number: int) -> str:
    """Return the label of a visitor; most have none."""
    return "" if number % LABELLED else f"participant {number // LABELLED + 1}"


def visit(
    *, seed: str, rate: float, device: Device, pages: int | None = None, was: bool = False
) -> Iterator[Happening]:
    """Yield what happens while somebody visits so many pages, or without end, in order of time.

    There are `rate` samples a second while the pointer moves. `was`: the visit is before the shop
    changed.
    """
    random = Random(seed)  # noqa: S311
    hand = Hand(random, device, rate)
    name = _draw(random, LANDINGS)
    for _ in count() if pages is None else range(pages):
        yield from _read_page(hand, name, was)
        name = _draw(random, PAGES[name].leads)


def _read_page(hand: Hand, name: str, was: bool) -> Iterator[Happening]:
    layout = lay_out(PAGES[name], hand.view.width)
    hand.open(name, layout)
    hand.rest(LOADING_SECONDS)
    for element in _choose(hand, PAGES[name], layout.elements, was):
        if not hand.touches and hand.random.random() < LEAVES:
            yield from hand.leave()
        yield from _go_to(hand, element)


def _choose(hand: Hand, page: Page, elements: tuple[Element, ...], was: bool) -> list[Element]:
    """Return the elements that somebody goes to, in order."""
    random = hand.random
    aims = [element.part.aims_at(was=was) for element in elements]
    if page.filled_in:
        pairs = zip(elements, aims, strict=True)
        return [element for element, chance in pairs if random.random() < chance]
    chosen = random.choices(elements, aims, k=random.randint(*page.looks))
    if hand.touches or random.random() < READS_DOWN:
        chosen.sort(key=lambda element: element.top)
    return chosen


def _go_to(hand: Hand, element: Element) -> Iterator[Happening]:
    part = element.part
    yield from _point_at(hand, element)
    if hand.random.random() < part.doubts:
        yield from _hesitate(hand, element)
    yield from _read(hand, element)
    if part.mark and hand.random.random() < MARKS:
        yield hand.mark(part.mark, {"element": part.name})


def _point_at(hand: Hand, element: Element) -> Iterator[Happening]:
    place = Point(
        element.left + element.width * _share(hand.random),
        element.top + element.height * _share(hand.random),
    )
    yield from hand.point_at(place, draws=element.part.drags)
    hand.rest(element.part.rest)


def _hesitate(hand: Hand, element: Element) -> Iterator[Happening]:
    """Go away a little, think, and come back."""
    if not hand.touches:
        aside, down = hand.random.uniform(-160, 160), hand.random.uniform(60, 160)
        yield from hand.move_to(within(Point(hand.here.x + aside, hand.here.y + down), hand.view))
    hand.rest(1.0)
    yield from _point_at(hand, element)


def _read(hand: Hand, element: Element) -> Iterator[Happening]:
    """Read the element's lines; a mouse follows some of them."""
    lines = element.part.lines
    for line in range(lines):
        seconds, until = hand.random.uniform(*LINE_SECONDS), hand.random.uniform(0.5, 0.9)
        y = element.top + element.height * (line + 0.5) / lines
        start, end = (Point(element.left + element.width * share, y) for share in (0.08, until))
        if hand.touches or hand.random.random() > FOLLOWS_LINES:
            hand.now += seconds
        else:
            yield from hand.follow(start, end, seconds)


def _share(random: Random) -> float:
    """Return where in an element, as a share of its length, a pointer comes to rest."""
    return min(max(random.gauss(0.5, 0.13), 0.05), 0.95)


def _draw(random: Random, weights: Mapping[str, float]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]
