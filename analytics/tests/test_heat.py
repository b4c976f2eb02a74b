"""Heat is what docs/metrics.md says, however the samples and scenes arrived."""

from datetime import timedelta
from unittest import mock

from django.test import TestCase
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as PropertyTestCase

from analytics.maps.heat_drain import drain_heat
from analytics.models import DirtyRange, HeatStatus
from analytics.rollups.heat_marks import HEAT, SCENES
from analytics.rollups.shards import shard_of
from analytics.tests.arrivals import arrivals
from analytics.tests.heat_oracle import expected_heat
from analytics.tests.heating import (
    assert_same_heat,
    drain_all_heat,
    map_all,
    stored_heat,
    visit,
)
from analytics.tests.oracle import Sample
from analytics.tests.pointers import NOW, NOW_US, drain_all, float32, new_browser, sample, send
from analytics.tests.scenery import Scene

LATER = NOW + timedelta(minutes=10)
START_US = sample(0, 0).time


def scene(seconds: float, *, seq: int = 0, page: str | None = "/a", **more) -> Scene:
    """A scene `seconds` after ten minutes before NOW."""
    return Scene(sample(seconds, 0).time, seq, page=page, **more)


class HeatTests(TestCase):
    def setUp(self):
        self.browser = new_browser()
        self.samples, self.scenes = [], []

    def send(self, *samples: Sample, scenes: tuple[Scene, ...] = ()) -> None:
        self.samples += samples
        self.scenes += scenes
        visit(self.browser, samples, scenes)

    def map(self) -> dict:
        drain_all_heat(now=LATER)
        return stored_heat(self.browser)

    def cells(self) -> dict:
        (heat,) = self.map().values()
        return heat.cells

    def assert_true(self):
        assert_same_heat(self, self.map(), expected_heat(self.samples, self.scenes))
        self.assertFalse(DirtyRange.objects.exists())

    def test_a_sample_lies_in_the_cell_of_its_position_on_the_page(self):
        self.send(
            sample(1, 15.5, 20), sample(2, -1, 0), scenes=(scene(0, scroll_x=0.5, scroll_y=640),)
        )
        self.assertEqual(self.cells(), {(1, 41): (1_000_000, 1), (-1, 40): (0, 1)})

    def test_dwell_lasts_until_the_next_sample_for_five_seconds_at_most(self):
        self.send(sample(0, 0), sample(2, 20), sample(30, 40), scenes=(scene(0),))
        self.assertEqual(
            self.cells(), {(0, 0): (2_000_000, 1), (1, 0): (5_000_000, 1), (2, 0): (0, 1)}
        )

    def test_dwell_ends_a_quarter_of_a_second_after_a_sample_whose_next_one_enters(self):
        self.send(
            sample(0, 0), sample(2, 20, enter=True), sample(2.1, 40, enter=True), scenes=(scene(0),)
        )
        self.assertEqual(self.cells(), {(0, 0): (250_000, 1), (1, 0): (100_000, 1), (2, 0): (0, 1)})

    def test_dwell_lies_in_the_bucket_of_its_own_sample(self):
        self.send(sample(299, 0), sample(301, 1), scenes=(scene(0),))
        first, second = sorted(self.map().items())
        self.assertEqual((first[0].time, first[1].dwell_us), (START_US, 2_000_000))
        self.assertEqual((second[0].time, second[1].dwell_us), (START_US + 300_000_000, 0))

    def test_samples_without_a_page_are_in_no_map(self):
        self.send(sample(0, 0), sample(1, 1), sample(2, 2), scenes=(scene(1), scene(2, page=None)))
        self.assertEqual(self.cells(), {(0, 0): (1_000_000, 1)})

    def test_pages_pointers_and_width_classes_are_kept_apart(self):
        scenes = (
            scene(0, viewport_width=479.5),
            scene(1, viewport_width=480),
            scene(2, viewport_width=1919, pointer="touch"),
            scene(3, viewport_width=1920, page="/b"),
        )
        self.send(*(sample(n + 0.5, n) for n in range(4)), scenes=scenes)
        self.assertEqual(
            sorted(key[1:] for key in self.map()),
            [
                ("/a", 0, "mouse"),
                ("/a", 480, "mouse"),
                ("/a", 1440, "touch"),
                ("/b", 1920, "mouse"),
            ],
        )

    def test_a_scene_of_the_same_time_counts_from_its_seq_on(self):
        self.send(
            *(sample(1, 100 * n, seq=n) for n in range(4)),
            scenes=(scene(1, seq=1), scene(1, seq=3, page="/b")),
        )
        self.assert_true()
        self.assertEqual(sorted(heat.events for heat in self.map().values()), [1, 2])

    def test_positions_far_outside_are_in_the_outermost_cells(self):
        self.send(sample(0, 999_999, -999_999), scenes=(scene(0),))
        self.assertEqual(self.cells(), {(32767, -32768): (0, 1)})

    def test_a_late_sample_ends_the_dwell_of_the_one_before_in_an_earlier_bucket(self):
        self.send(sample(100, 0), sample(590, 9), scenes=(scene(0),))
        self.assert_true()
        self.send(sample(320, 300, seq=7))
        self.assert_true()
        self.send(sample(101, 30, seq=8))
        self.assert_true()

    def test_a_late_scene_changes_the_samples_until_the_next_scene(self):
        self.send(*(sample(n * 40, n) for n in range(15)), scenes=(scene(0), scene(500, page="/b")))
        self.assert_true()
        self.send(scenes=(scene(100, page="/c"),))
        self.assert_true()
        self.assertEqual({key.page for key in self.map()}, {"/a", "/b", "/c"})

    def test_a_first_scene_that_comes_late_maps_all_samples_after_it(self):
        self.send(*(sample(n * 40, n) for n in range(15)))
        self.assertEqual(self.map(), {})
        self.send(scenes=(scene(100),))
        self.assert_true()
        self.assertEqual(sum(heat.events for heat in self.map().values()), 12)

    def test_a_bucket_waits_until_it_is_over_and_its_last_dwell_is_known(self):
        self.send(sample(0, 0), sample(299.9, 9), scenes=(scene(0),))
        drain_all()
        end = NOW - timedelta(minutes=5)
        map_all(now=end + timedelta(minutes=2) - timedelta(microseconds=1))
        self.assertEqual(stored_heat(self.browser), {})
        map_all(now=end + timedelta(minutes=2))
        self.assertEqual(len(stored_heat(self.browser)), 1)

    def test_a_browser_without_a_page_leaves_no_mark_and_has_no_heat(self):
        self.send(sample(0, 0), sample(1, 1), scenes=(scene(0, page=None),))
        drain_all()
        self.assertFalse(DirtyRange.objects.filter(rung__in=(HEAT, SCENES)).exists())

    def test_a_second_drain_of_the_same_marks_changes_nothing(self):
        self.send(*(sample(n * 40, n) for n in range(15)), scenes=(scene(0), scene(300, page="/b")))
        before = self.map()
        times = HeatStatus.objects.order_by("time").values_list("time", flat=True)
        for time in times:
            DirtyRange.objects.create(browser=self.browser, since=time, until=time, rung=HEAT)
        self.assertEqual(drain_heat(shard=shard_of(self.browser.pk), now=LATER)[0], len(times))
        self.assertEqual(stored_heat(self.browser), before)

    def test_more_buckets_than_a_claim_takes_are_taken_by_several(self):
        self.send(*(sample(n * 40, n) for n in range(15)), scenes=(scene(0),))
        drain_all()
        with mock.patch("analytics.maps.heat_drain.MOST_BUCKETS", 1):
            map_all(now=LATER)
        self.assert_true()

    def test_browsers_do_not_see_each_other(self):
        other = new_browser()
        visit(other, [sample(0.5, 0)], [scene(0.4, page="/b")])
        self.send(sample(0, 0), sample(1, 1), scenes=(scene(0),))
        self.assert_true()

    def test_samples_outside_any_span_count_for_its_first_segment_and_last_dwell(self):
        send(self.browser, [sample(-7000, 0)])
        self.samples.append(sample(-7000, 0))
        self.send(sample(0, 50, 120), scenes=(scene(0),))
        self.assert_true()
        (heat,) = self.map().values()
        self.assertEqual(heat.distance, 130)


TICKS = st.integers(0, 30).map(lambda tick: NOW_US - 900_000_000 + tick * 30_000_000) | st.integers(
    0, 12
).map(lambda tick: NOW_US - 1000 + tick * 250)
COORDINATES = (st.integers(-40, 40) | st.floats(-1e6, 1e6, width=32)).map(float32)
SAMPLES = st.lists(
    st.builds(Sample, TICKS, st.integers(0, 2), COORDINATES, COORDINATES, st.booleans()),
    min_size=1,
    max_size=20,
    unique_by=lambda one: one[:2],
)
SCENES_OF = st.lists(
    st.builds(
        lambda time, seq, **more: Scene(time, seq, **more),
        TICKS,
        st.integers(0, 2),
        viewport_width=st.sampled_from([300.0, 480.0, 1280.0]),
        scroll_y=st.sampled_from([0.0, 7.5, 640.0]),
        pointer=st.sampled_from(["mouse", "touch"]),
        page=st.sampled_from(["a", "b", None]),
    ),
    max_size=6,
    unique_by=lambda one: one[:2],
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Sample], list[Scene], list[list | None]]:
    """Samples and scenes in any order, some twice, in batches, with drains (None) between."""
    samples, scenes = draw(SAMPLES), draw(SCENES_OF)
    return samples, scenes, draw(arrivals([*samples, *scenes], most_again=6))


class AnyDeliveryTests(PropertyTestCase):
    @settings(max_examples=40, deadline=None, phases=[Phase.generate])
    @given(deliveries())
    def test_any_order_lateness_and_duplication_gives_the_same_heat(self, delivery):
        samples, scenes, steps = delivery
        browser = new_browser()
        for step in steps:
            if step is None:
                drain_all_heat(now=LATER)
            else:
                sent = [item for item in step if isinstance(item, Sample)]
                visit(browser, sent, [item for item in step if isinstance(item, Scene)])
        drain_all_heat(now=LATER)
        self.assertFalse(DirtyRange.objects.exists())
        assert_same_heat(self, stored_heat(browser), expected_heat(samples, scenes))
