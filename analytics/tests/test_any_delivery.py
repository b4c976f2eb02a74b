"""However events, scenes and marks arrive, the same is stored and joined."""

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from analytics.ingest.batch import Batch, Event
from analytics.ingest.scenes import Mark, Pointer, Scene
from analytics.ingest.store import to_sent, to_statement
from analytics.models import PointerMark, PointerPositionEvent, PointerScene
from analytics.reading.events_in_scenes import EVENTS_IN_SCENES
from analytics.reading.ranges import Selection, page_rows
from analytics.tests.pointers import NOW, NOW_US, new_browser, token_of
from core.values.times import EPOCH, MICROSECOND, to_epoch_us
from dashboard.models import Browser, PageVisit

DAY_US = 86_400_000_000
# Of three days, so that scenes and samples lie in different chunks, and some share a time.
TIMES = [NOW_US - days * DAY_US - us for days in (0, 1, 5) for us in (0, 1, 250_000, 3_600_000_000)]
# As sent and as stored.
PAGES = {"/a": "/a", "/a/": "/a", "/b?q=1": "/b", "/123456": "/*", "c": "c", None: None}
SITES = ("a.example", "b.example")
BROWSERS = range(3)

JOINED_COLUMNS = ("time", "seq", "x", "scroll_x", "viewport_width", "pointer", "page")
JOINED = f"""
select {", ".join(JOINED_COLUMNS)}
from pointer_events_in_scenes where instance_id = %s order by time, seq
"""


class Item(NamedTuple):
    """What a browser sends at a time; its content follows from its key and its page."""

    kind: str
    browser: int
    time: int
    seq: int
    page: str | None


ITEMS = st.builds(
    Item,
    st.sampled_from(["event", "event", "scene", "mark"]),
    st.sampled_from(BROWSERS),
    st.sampled_from(TIMES),
    st.integers(0, 2),
    st.sampled_from(list(PAGES)),
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Item], list[list[Item]]]:
    """Return items with distinct keys, and groups in which each is sent once or more."""
    items = draw(st.lists(ITEMS, min_size=1, max_size=25, unique_by=lambda item: item[:4]))
    again = draw(st.lists(st.sampled_from(items), max_size=10))
    order = draw(st.permutations([*items, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=8)))
    bounds = [0, *cuts, len(order)]
    return items, [order[a:b] for a, b in pairwise(bounds) if a < b]


def width(item: Item) -> float:
    return float(1 + (item.time // 1000 + item.seq) % 1000)


def to_batch(items: list[Item]) -> Batch:
    """Return a batch with its items in the order given."""
    lists: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        lists[item.kind].append(to_wire(item))
    return Batch(events=lists["event"], scenes=lists["scene"], marks=lists["mark"])


def to_wire(item: Item) -> Event | Scene | Mark:
    time = EPOCH + item.time * MICROSECOND
    match item.kind:
        case "event":
            return Event(time, width(item), 0, item.seq)
        case "mark":
            return Mark(time, f"at {item.seq}", item.seq, {"at": item.time})
    scene = Scene(time, item.seq, (width(item), 1), (1, 1), (item.seq, 0), 1, Pointer.PEN)
    if item.page:
        scene.page = item.page
    return scene


def store(group: list[Item], browsers: list[Browser]) -> None:
    """Store a group by one statement, with a batch for each browser that has an item in it."""
    shares = ([item for item in group if item.browser == number] for number in BROWSERS)
    sent = [
        to_sent(to_batch(items), token_of(browser), "", now=NOW)
        for items, browser in zip(shares, browsers, strict=True)
        if items
    ]
    with connection.cursor() as cursor:
        cursor.execute(*to_statement(sent, wait=False))


# The oracle: what should be stored, in plain Python.


def expected_scene(event: Item, scenes: list[Item]) -> Item | None:
    """Return the latest scene with (time, seq) <= the sample's."""
    found = None
    for scene in scenes:
        if (scene.time, scene.seq) <= (event.time, event.seq) and (
            found is None or (scene.time, scene.seq) > (found.time, found.seq)
        ):
            found = scene
    return found


def expected_joined(items: list[Item], browser: int) -> list[tuple]:
    own = sorted((i for i in items if i.browser == browser), key=lambda i: (i.time, i.seq))
    scenes = [item for item in own if item.kind == "scene"]
    rows = []
    for event in (item for item in own if item.kind == "event"):
        scene = expected_scene(event, scenes)
        under = (float(scene.seq), width(scene), "pen", PAGES[scene.page]) if scene else (None,) * 4
        rows.append((event.time, event.seq, width(event), *under))
    return rows


def expected_visits(items: list[Item], browser: int) -> list[tuple]:
    times = defaultdict(list)
    for item in items:
        if (item.browser, item.kind) == (browser, "scene") and item.page:
            times[PAGES[item.page]].append(item.time)
    site = SITES[browser % 2]
    return sorted((site, page, min(seen), max(seen)) for page, seen in times.items())


def in_us(row: tuple) -> tuple:
    return tuple(to_epoch_us(v) if isinstance(v, datetime) else v for v in row)


class AnyDeliveryTests(TestCase):
    @settings(max_examples=100, deadline=None)
    @given(deliveries())
    def test_any_order_batching_and_repetition_stores_and_joins_the_same(self, delivery):
        items, groups = delivery
        browsers = [new_browser() for _ in BROWSERS]
        for number, browser in enumerate(browsers):
            Browser.objects.filter(pk=browser.pk).update(site=SITES[number % 2])
        for group in groups:
            store(group, browsers)
        for number, browser in enumerate(browsers):
            own = [item for item in items if item.browser == number]
            expected = expected_joined(own, number)
            for size in (3, 1000):
                self.assertEqual(joined(browser, size), expected)
            self.assertEqual(joined_in_view(browser), expected)
            self.assertEqual(visits(browser), expected_visits(own, number))
            self.assertEqual(
                self.marks(browser),
                sorted(
                    (i.time, i.seq, f"at {i.seq}", {"at": i.time}) for i in own if i.kind == "mark"
                ),
            )
            for model, kind in ((PointerPositionEvent, "event"), (PointerScene, "scene")):
                keys = model.objects.filter(browser=browser).order_by("time", "seq")
                self.assertEqual(
                    list(map(in_us, keys.values_list("time", "seq"))),
                    sorted((item.time, item.seq) for item in own if item.kind == kind),
                )

    def marks(self, browser: Browser) -> list[tuple]:
        rows = PointerMark.objects.filter(browser=browser).order_by("time", "seq")
        return list(map(in_us, rows.values_list("time", "seq", "name", "data")))


def joined(browser: Browser, size: int) -> list[tuple]:
    """Return the samples in their scenes as calls and exports read them, page by page."""
    names = [column.name for column in EVENTS_IN_SCENES.columns]
    pages = page_rows(source=EVENTS_IN_SCENES, selection=Selection(browser.pk), size=size)
    places = [names.index(name) for name in JOINED_COLUMNS]
    return [in_us(tuple(row[n] for n in places)) for page in pages for row in page]


def joined_in_view(browser: Browser) -> list[tuple]:
    """Return the same as analysts read it."""
    with connection.cursor() as cursor:
        cursor.execute(JOINED, [browser.instance_id])
        return list(map(in_us, cursor.fetchall()))


def visits(browser: Browser) -> list[tuple]:
    rows = PageVisit.objects.filter(browser=browser).order_by("page__site", "page__name")
    return list(map(in_us, rows.values_list("page__site", "page__name", "first_at", "last_at")))
