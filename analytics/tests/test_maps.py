"""A map is the sum of the samples' dwell at any moment, from whatever level it is read."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.test import TestCase
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as PropertyTestCase

from analytics.maps.page_list import list_pages
from analytics.maps.page_map import PageMap, Weight, read_map
from analytics.maps.page_statuses import list_page_statuses
from analytics.maps.selection import Selection
from analytics.models import DirtyPage, HeatStatus, PageHeat, PageStatus
from analytics.tests.heat_oracle import expected_heat
from analytics.tests.heating import drain_all_heat, visit
from analytics.tests.oracle import Sample
from analytics.tests.pointers import NOW, NOW_US, drain_all, float32, new_browser
from analytics.tests.scenery import Scene, moment
from dashboard.instances.browsers import set_label
from dashboard.instances.erasing import erase
from dashboard.models import Browser, Page

DAY = timedelta(days=1)
DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000
SINCE, UNTIL = NOW - 4 * DAY, NOW + DAY
LATER = NOW + 2 * DAY

Sent = dict[Browser, tuple[list[Sample], list[Scene]]]


def at(seconds: float, x: float = 0, y: float = 0, *, seq: int = 0, enter: bool = False) -> Sample:
    """A sample `seconds` after NOW."""
    return Sample(NOW_US + round(seconds * 1e6), seq, float32(x), float32(y), enter)


def page_of(name: str) -> int:
    return Page.objects.get(name=name).pk


def within(moment_us: int, since: datetime, until: datetime) -> bool:
    return since <= moment(moment_us) < until


def expected_map(
    sent: Sent, *, page: str, width: int, weight: Weight, since: datetime, until: datetime
) -> dict[tuple[int, int], float]:
    """Return the map by the oracle's heat of each browser."""
    values: Counter = Counter()
    visitors = defaultdict(set)
    for browser, (samples, scenes) in sent.items():
        for key, heat in expected_heat(samples, scenes).items():
            if (key.page, key.width_class) != (page, width):
                continue
            if not within(key.time, since, until):
                continue
            for cell, (dwell, count) in heat.cells.items():
                values[cell] += dwell / 1e6 if weight is Weight.DWELL else count
                visitors[cell].add((browser.pk, key.time // DAY_US, key.pointer))
    if weight is Weight.INSTANCES:
        return {cell: len(those) for cell, those in visitors.items()}
    return dict(values)


def to_cells(found: PageMap) -> dict[tuple[int, int], float]:
    return {(column, row): value for column, row, value in found.cells}


def expected_hours(sent: Sent, page: str) -> list[tuple]:
    hours: dict[tuple, list[Any]] = defaultdict(lambda: [set(), 0, 0])
    for browser, (samples, scenes) in sent.items():
        for key, heat in expected_heat(samples, scenes).items():
            if key.page == page:
                numbers = hours[key.time // HOUR_US * HOUR_US, key.width_class, key.pointer]
                numbers[0].add(browser.pk)
                numbers[1] += heat.events
                numbers[2] += heat.dwell_us
    return sorted(
        (moment(hour), width, pointer, len(those), events, dwell / 1e6)
        for (hour, width, pointer), (those, events, dwell) in hours.items()
    )


class MapTests(TestCase):
    """Two browsers on a page for three days."""

    @classmethod
    def setUpTestData(cls):
        cls.one, cls.two = new_browser(), new_browser()
        cls.sent: Sent = {}
        for number, browser in enumerate((cls.one, cls.two)):
            samples, scenes = [], []
            for day in (-2, -1, 0):
                start = day * 86400 + number * 3.5
                scenes.append(Scene(at(start).time, 0, page="/a"))
                samples += [at(start + n * 0.7, 9 * n, 300 * day) for n in range(6)]
            # A little of another width class, and of touch.
            scenes.append(Scene(at(60).time, 0, page="/a", viewport_width=500.0))
            samples.append(at(60, 5))
            scenes.append(Scene(at(70).time, 0, page="/a", pointer="touch"))
            samples.append(at(70, 5))
            visit(browser, samples, scenes, now=NOW + timedelta(minutes=2))
            cls.sent[browser] = samples, scenes
        cls.page = page_of("/a")

    def read(self, weight: Weight = Weight.DWELL, **more: Any) -> PageMap:
        return read_map(selection=Selection(self.page, SINCE, UNTIL, **more), weight=weight)

    def assert_map_true(self, sent: Sent | None = None) -> None:
        for weight in Weight:
            expected = expected_map(
                self.sent if sent is None else sent,
                page="/a",
                width=1024,
                weight=weight,
                since=SINCE,
                until=UNTIL,
            )
            found = self.read(weight)
            self.assertEqual(to_cells(found).keys(), expected.keys())
            for cell, value in to_cells(found).items():
                self.assertAlmostEqual(value, expected[cell], 9)
            self.assertAlmostEqual(found.total, sum(expected.values()), 9)

    def test_it_is_the_same_from_samples_from_each_browsers_heat_and_from_days(self):
        self.assertFalse(HeatStatus.objects.exists())
        maps = [self.read()]
        self.assert_map_true()
        drain_all_heat(now=NOW + timedelta(hours=1))
        self.assertTrue(DirtyPage.objects.filter(length_ms=86_400_000).exists())
        maps.append(self.read())
        self.assert_map_true()
        drain_all_heat(now=LATER)
        self.assertFalse(DirtyPage.objects.exists())
        maps.append(self.read())
        self.assert_map_true()
        # Now only the days are left.
        HeatStatus.objects.all().delete()
        maps.append(self.read())
        self.assertEqual(maps, maps[:1] * 4)

    def test_the_class_with_the_most_dwell_is_shown_and_all_are_listed(self):
        found = self.read()
        self.assertEqual(found.width, 1024)
        self.assertEqual([one.width for one in found.widths], [480, 1024])
        self.assertEqual([one.instances for one in found.widths], [2, 8])
        self.assertEqual([one.samples for one in found.widths], [2, 38])
        self.assertEqual(sum(one.dwell for one in found.widths if one.width == 1024), found.total)
        other = self.read(width=480)
        self.assertEqual((other.width, other.total), (480, 10.0))
        none = self.read(width=1920)
        self.assertEqual((none.width, none.total, none.shown), (1920, 0, None))

    def test_one_pointer_type_alone_can_be_shown(self):
        touch = self.read(Weight.SAMPLES, pointer="touch")
        self.assertEqual((touch.total, touch.shown.instances), (2, 2))
        drain_all_heat(now=LATER)
        self.assertEqual(self.read(Weight.SAMPLES, pointer="touch"), touch)

    def test_edges_are_of_five_minutes(self):
        drain_all_heat(now=LATER)
        since, until = NOW - DAY + timedelta(seconds=1), NOW + timedelta(seconds=1)
        found = read_map(selection=Selection(self.page, since, until))
        self.assertEqual(
            (found.since, found.until),
            (NOW - DAY + timedelta(minutes=5), NOW + timedelta(minutes=5)),
        )
        expected = expected_map(
            self.sent,
            page="/a",
            width=1024,
            weight=Weight.DWELL,
            since=found.since,
            until=found.until,
        )
        self.assertEqual(to_cells(found).keys(), expected.keys())
        self.assertAlmostEqual(found.total, sum(expected.values()))

    def test_a_map_minus_itself_is_nothing(self):
        before = to_cells(self.read())
        drain_all_heat(now=LATER)
        after = to_cells(self.read())
        self.assertEqual(
            {cell: after[cell] - value for cell, value in before.items()}, dict.fromkeys(before, 0)
        )

    def test_a_label_keeps_the_instances_whose_label_begins_with_it(self):
        set_label(self.one, label="participant 1")
        set_label(self.two, label="participant 2")
        for now in (None, NOW + timedelta(hours=1), LATER):
            if now:
                drain_all_heat(now=now)
            self.assertEqual(self.read(label="participant"), self.read())
            own = {self.one: self.sent[self.one]}
            expected = expected_map(
                own, page="/a", width=1024, weight=Weight.DWELL, since=SINCE, until=UNTIL
            )
            self.assertEqual(to_cells(self.read(label="participant 1")), expected)
            self.assertEqual(self.read(label="articipant").cells, [])

    def test_an_erased_instance_is_on_no_map_and_in_no_hour(self):
        for drained in (False, True):
            if drained:
                drain_all_heat(now=LATER)
        erase(instance_id=self.one.instance_id, token=None)
        left = {self.two: self.sent[self.two]}
        self.assert_map_true(left)
        drain_all_heat(now=LATER)
        self.assert_map_true(left)
        self.assertEqual([(*row[:5], row[7]) for row in self.hours()], expected_hours(left, "/a"))
        self.assertEqual(sum(PageHeat.objects.values_list("events", flat=True)), 20)

    def test_late_data_reaches_days_that_were_drained(self):
        drain_all_heat(now=LATER)
        samples, scenes = self.sent[self.one]
        late = [at(-2 * 86400 + 1.05, 900, seq=3), at(-86400 - 300, 2, seq=4)]
        visit(self.one, late, [], now=NOW)
        self.sent = {**self.sent, self.one: ([*samples, *late], scenes)}
        self.assert_map_true()
        drain_all_heat(now=LATER)
        self.assert_map_true()

    def hours(self, label: str = "") -> list:
        return list_page_statuses(selection=Selection(self.page, SINCE, UNTIL, label=label))

    def test_hours_of_a_label_are_those_of_its_instances(self):
        set_label(self.one, label="participant 1")
        set_label(self.two, label="participant 2")
        expected = expected_hours({self.one: self.sent[self.one]}, "/a")
        for now in (None, NOW + timedelta(hours=1), LATER):
            if now:
                drain_all_heat(now=now)
            found = self.hours("participant 1")
            self.assertEqual([(*row[:5], row[7]) for row in found], expected)
            every = [row._replace(distance=0) for row in self.hours()]
            both = [row._replace(distance=0) for row in self.hours("participant")]
            self.assertEqual(both, every)
            self.assertEqual(self.hours("articipant"), [])

    def test_hours_are_the_same_from_samples_from_heat_and_stored(self):
        expected = expected_hours(self.sent, "/a")
        seen = []
        for now in (None, NOW, LATER):
            if now:
                drain_all_heat(now=now)
            self.assertEqual([(*row[:5], row[7]) for row in self.hours()], expected)
            seen.append(self.hours())
        self.assertEqual(PageStatus.objects.count(), len(expected))
        for hours in seen[1:]:
            for before, after in zip(seen[0], hours, strict=True):
                self.assertAlmostEqual(before.distance, after.distance)
                self.assertEqual(before.moving_time, after.moving_time)

    def test_pages_are_listed_by_dwell(self):
        other = new_browser()
        visit(
            other, [at(0), at(2)], [Scene(at(0).time, 0, page="/b")], now=NOW + timedelta(hours=1)
        )
        drain_all_heat(now=NOW + timedelta(minutes=30))
        listed, after = list_pages(since=SINCE, until=UNTIL)
        self.assertIsNone(after)
        self.assertEqual(
            [(page.name, page.instances, page.samples) for page in listed],
            [("/a", 2, 40), ("/b", 1, 2)],
        )
        self.assertEqual(listed[1].dwell, 2.0)
        total = sum(row[5] for row in expected_hours(self.sent, "/a"))
        self.assertAlmostEqual(listed[0].dwell, total)
        drain_all_heat(now=LATER)
        self.assertEqual(list_pages(since=SINCE, until=UNTIL)[0], listed)
        first, after = list_pages(since=SINCE, until=UNTIL, limit=1)
        second, end = list_pages(since=SINCE, until=UNTIL, limit=1, after=after)
        self.assertEqual((first + second, end), (listed, None))
        self.assertEqual([p.name for p in list_pages(since=SINCE, until=UNTIL, q="B")[0]], ["/b"])
        self.assertEqual(list_pages(since=SINCE, until=UNTIL, site="x.example")[0], [])


TICKS = st.integers(0, 12).map(
    lambda tick: NOW_US - 2 * DAY_US + tick * 6 * HOUR_US // 2
) | st.integers(0, 8).map(lambda tick: NOW_US - 2 * DAY_US + 300_000_000 + tick * 1_500_000)
ITEMS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.builds(
            Sample,
            TICKS,
            st.integers(0, 1),
            st.just(0.0),
            st.sampled_from([0.0, 90.0]),
            st.booleans(),
        )
        | st.builds(
            lambda time, seq, **more: Scene(time, seq, **more),
            TICKS,
            st.integers(0, 1),
            page=st.sampled_from(["/a", "/b", None]),
        ),
    ),
    min_size=1,
    max_size=16,
    unique_by=lambda item: (item[0], type(item[1]), item[1][:2]),
)


@st.composite
def days(draw: st.DrawFn) -> list[tuple[int, Any] | int]:
    """Samples and scenes of two browsers in any order, some twice, and drains of a kind between."""
    items = draw(ITEMS)
    again = draw(st.lists(st.sampled_from(items), max_size=4))
    order: Sequence[Any] = draw(st.permutations([*items, *again]))
    steps: list[Any] = []
    for item in order:
        steps.append(item)
        if draw(st.booleans()):
            steps.append(draw(st.integers(0, 2)))
    return steps


class AnyMomentTests(PropertyTestCase):
    @settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(days())
    def test_at_any_moment_a_map_is_the_samples_dwell(self, steps):
        browsers = [new_browser(), new_browser()]
        page = Page.objects.get_or_create(site="", name="/a")[0]
        sent: Sent = {browser: ([], []) for browser in browsers}
        for step in steps:
            if isinstance(step, int):
                # Nothing, the ladder alone, or all of it.
                if step:
                    drain_all() if step == 1 else drain_all_heat(now=LATER)
            else:
                number, item = step
                samples, scenes = sent[browsers[number]]
                those, kind = (
                    (samples, "samples") if isinstance(item, Sample) else (scenes, "scenes")
                )
                if item not in those:
                    those.append(item)
                visit(browsers[number], **{kind: [item]}, now=NOW)
            found = read_map(selection=Selection(page.pk, SINCE, UNTIL, 1024))
            expected = expected_map(
                sent, page="/a", width=1024, weight=Weight.DWELL, since=SINCE, until=UNTIL
            )
            self.assertEqual(to_cells(found), expected)
