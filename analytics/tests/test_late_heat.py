"""Late samples and scenes change earlier buckets: stored heat and maps follow, at fixed times."""

from datetime import timedelta
from unittest import skipUnless

from django.test import TestCase

from analytics.maps.page_map import Weight, read_map
from analytics.maps.selection import Selection
from analytics.models import DirtyRange, PageHeat
from analytics.recordings import read_file
from analytics.rollups.heat_marks import HEAT, SCENES
from analytics.tests.heat_oracle import expected_heat
from analytics.tests.heating import (
    assert_same_heat,
    drain_all_heat,
    map_all,
    stored_heat,
    unpack,
    visit,
)
from analytics.tests.oracle import Sample
from analytics.tests.pointers import NOW, NOW_US, drain_all, float32, new_browser, sample
from analytics.tests.recorded import ABSENT, FILES
from analytics.tests.scenery import Scene
from analytics.tests.test_maps import page_of
from dashboard.instances.erasing import erase

LATER = NOW + timedelta(minutes=10)
TWO_DAYS_LATER = NOW + timedelta(days=2)
S = 1_000_000


def scene(seconds: float, page: str = "/a", **more) -> Scene:
    return Scene(sample(seconds, 0).time, 0, page=page, **more)


class LateHeatTests(TestCase):
    """The first bucket has 298 s after its start, and the second begins at 300 s."""

    def setUp(self):
        self.browser = new_browser()
        visit(self.browser, [sample(298, 0), sample(590, 160)], [scene(0)])
        drain_all_heat(now=LATER)
        self.assertFalse(DirtyRange.objects.exists())

    def stored(self, page: str = "/a") -> list[dict]:
        """Return the cells of each bucket, in order of time: column → (dwell, samples)."""
        rows = sorted(stored_heat(self.browser).items())
        return [
            {column: number for (column, _), number in heat.cells.items()}
            for key, heat in rows
            if key.page == page
        ]

    def read(self, page: str = "/a") -> dict[int, float]:
        """Return the dwell by column, as the map says it now."""
        found = read_map(selection=Selection(page_of(page), NOW - timedelta(hours=1), LATER))
        return {column: value for column, _, value in found.cells}

    def test_a_late_sample_ends_the_dwell_of_the_one_before_in_the_bucket_before(self):
        self.assertEqual(self.stored(), [{0: (5 * S, 1)}, {10: (0, 1)}])
        visit(self.browser, [sample(301, 320)])
        drain_all_heat(now=LATER)
        self.assertEqual(self.stored(), [{0: (3 * S, 1)}, {10: (0, 1), 20: (5 * S, 1)}])

    def test_a_late_sample_that_enters_ends_it_after_a_quarter_of_a_second(self):
        visit(self.browser, [sample(301, 320, enter=True)])
        drain_all_heat(now=LATER)
        self.assertEqual(self.stored(), [{0: (S // 4, 1)}, {10: (0, 1), 20: (5 * S, 1)}])

    def test_the_first_late_sample_of_a_bucket_has_marks_for_both_buckets(self):
        visit(self.browser, [sample(301, 320)])
        drain_all()
        start = NOW - timedelta(minutes=10)
        marked = DirtyRange.objects.filter(rung=HEAT).values_list("since", flat=True)
        self.assertIn(start + timedelta(seconds=298), marked)
        self.assertTrue(any(since >= start + timedelta(seconds=300) for since in marked))

    def test_a_map_has_the_shorter_dwell_at_once(self):
        visit(self.browser, [sample(301, 320)])
        for drain in (None, drain_all, lambda: map_all(now=LATER)):
            if drain:
                drain()
            self.assertEqual(self.read(), {0: 3.0, 10: 0.0, 20: 5.0})
        self.assertFalse(DirtyRange.objects.exists())

    def test_a_map_has_a_late_scene_at_once_in_all_buckets_until_the_next_scene(self):
        visit(self.browser, [sample(301, 320)], [scene(400, "/b")])
        drain_all_heat(now=LATER)
        self.assertEqual(self.read(), {0: 3.0, 20: 5.0})
        visit(self.browser, [], [scene(100, "/c")])
        self.assertEqual(set(DirtyRange.objects.values_list("rung", flat=True)), {SCENES})
        for drain in (None, lambda: map_all(now=LATER)):
            if drain:
                drain()
            self.assertEqual(self.read(), {})
            self.assertEqual(self.read("/c"), {0: 3.0, 20: 5.0})
            self.assertEqual(self.read("/b"), {10: 0.0})
        self.assertEqual(self.stored("/c"), [{0: (3 * S, 1)}, {20: (5 * S, 1)}])

    def test_a_late_scene_without_a_page_takes_samples_off_the_map(self):
        visit(self.browser, [], [scene(299, None)])
        self.assertEqual(self.read(), {0: 5.0})
        map_all(now=LATER)
        self.assertEqual(self.stored(), [{0: (5 * S, 1)}])


class DayTests(TestCase):
    """One instance twice in a cell on a day, and another one once."""

    def setUp(self):
        self.one, self.other = new_browser(), new_browser()
        visit(self.one, [sample(0, 0), sample(1, 160), sample(310, 0)], [scene(0)])
        visit(self.other, [sample(20, 0), sample(21, 320)], [scene(0)])
        drain_all_heat(now=TWO_DAYS_LATER)

    def days(self) -> list[tuple]:
        return [
            (
                row.instances,
                {
                    unpack(cell)[0]: numbers
                    for cell, *numbers in zip(
                        row.cells, row.dwells, row.samples, row.visitors, strict=True
                    )
                },
            )
            for row in PageHeat.objects.all()
        ]

    def test_an_instance_counts_once_a_day_in_a_cell(self):
        self.assertEqual(self.days(), [(2, {0: [2 * S, 3, 2], 10: [5 * S, 1, 1], 20: [0, 1, 1]})])
        selection = Selection(page_of("/a"), NOW - timedelta(days=1), TWO_DAYS_LATER)
        found = read_map(selection=selection, weight=Weight.INSTANCES)
        self.assertEqual([value for *_, value in found.cells], [2, 1, 1])

    def test_an_erasure_takes_an_instance_out_of_the_day(self):
        erase(instance_id=self.one.instance_id, token=None)
        drain_all_heat(now=TWO_DAYS_LATER)
        self.assertEqual(self.days(), [(1, {0: [S, 1, 1], 20: [0, 1, 1]})])
        erase(instance_id=self.other.instance_id, token=None)
        drain_all_heat(now=TWO_DAYS_LATER)
        self.assertEqual(self.days(), [])


@skipUnless(FILES, ABSENT)
class RecordedHeatTests(TestCase):
    def test_real_recordings_have_the_heat_of_plain_python(self):
        """Each is moved to NOW, on a page that is scrolled, and its last tenth comes first."""
        for path in FILES:
            with self.subTest(path=path.name):
                browser = new_browser()
                samples, scenes = recorded(path)
                late = len(samples) * 9 // 10
                visit(browser, samples[late:], scenes[1::2])
                drain_all_heat(now=LATER)
                visit(browser, samples[:late], scenes[::2])
                drain_all_heat(now=LATER)
                found = stored_heat(browser)
                self.assertGreater(len(found), 4)
                assert_same_heat(self, found, expected_heat(samples, scenes))


def recorded(path) -> tuple[list[Sample], list[Scene]]:
    """Return a recording's samples, and scenes of two pages in turn, one every seven seconds."""
    (recording,) = read_file(path).recordings
    shift = NOW_US - recording.times_us[-1]
    samples = [
        Sample(one.time_us + shift, one.seq, float32(one.x), float32(one.y), one.enter)
        for one in recording
    ]
    first, last = samples[0].time, samples[-1].time
    scenes = [
        Scene(
            time,
            0,
            page="/a" if n % 3 else "/b",
            scroll_y=float(n * 37 % 900),
            viewport_width=1280.0 if n % 20 else 1440.0,
        )
        for n, time in enumerate(range(first, last, 7 * S))
    ]
    return samples, scenes
