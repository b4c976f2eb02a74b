"""Research measures are those of docs/metrics.md, for any samples and any range."""

import math
import re
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from unittest import skipUnless

import msgspec
from django.test import TestCase
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as PropertyTestCase

from analytics.api.examples import MEASURES
from analytics.reading.ranges import Selection
from analytics.recordings import read_file
from analytics.studies.measures import measure
from analytics.tests.kinematics import Numbers, expected_measures
from analytics.tests.oracle import Sample
from analytics.tests.pointers import (
    NOW_US,
    drain_all,
    float32,
    new_browser,
    sample,
    send,
    stored_statuses,
)
from analytics.tests.recorded import ABSENT, FILES
from analytics.tests.test_rollups import samples_strategy
from analytics.wire import Measured
from core.values.times import EPOCH, MICROSECOND
from dashboard.models import Browser

ZERO = sample(0, 0).time
COUNTS = ("events", "entries", "x_flips", "y_flips", "pauses", "strokes")
TIMES = ("tracked_time", "moving_time", "pause_time", "stroke_time")
LENGTHS = ("path_length", "net_x", "net_y", "net_displacement")
DIFFERENCES = ("velocity_max", "acceleration_max", "jerk_rms", "log_dimensionless_jerk")
METRICS = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
NOTHING = {
    **dict.fromkeys(Measured.__struct_fields__),
    **dict.fromkeys(COUNTS + TIMES + LENGTHS, 0),
}


def measured(
    browser: Browser, *, since: int | None = None, until: int | None = None, pause_ms: int = 250
) -> Numbers:
    selection = Selection(browser.pk, at(since), at(until))
    return msgspec.to_builtins(measure(selection=selection, pause_ms=pause_ms))


def at(us: int | None) -> datetime | None:
    return None if us is None else EPOCH + us * MICROSECOND


def scales(found: Numbers, samples: list[Sample]) -> Numbers:
    """Return the magnitudes that a measure is a difference of; rounding scales with them."""
    times = sorted({s.time for s in samples})
    step = min((b - a for a, b in pairwise(times)), default=1) / 1e6
    fastest = found["velocity_max"] or 0
    return {
        "net_x": found["path_length"],
        "net_y": found["path_length"],
        "acceleration_max": fastest / step,
        "acceleration_min": fastest / step,
        "jerk_rms": fastest / step**2,
        "log_dimensionless_jerk": 1e3,
    }


class MeasuresTestCase(TestCase):
    maxDiff = None

    def setUp(self):
        self.browser = new_browser()

    def measure(self, *samples: Sample, **query: int) -> Numbers:
        send(self.browser, samples)
        return measured(self.browser, **query)

    def assert_true(self, samples: list[Sample], **query: int) -> Numbers:
        """Check that the service's measures equal those of plain Python; return them."""
        found = measured(self.browser, **query)
        expected = expected_measures(samples, **query)
        self.assertEqual(list(found), list(expected))
        scale = scales(found, samples)
        for name, value in expected.items():
            if not isinstance(value, float):
                self.assertEqual(found[name], value, name)
                continue
            delta = 1e-9 * max(abs(value), scale.get(name, 0), 1e-3)
            self.assertIsNotNone(found[name], name)
            self.assertAlmostEqual(found[name], value, delta=delta, msg=name)
        return found


class DefinitionTests(MeasuresTestCase):
    """Traces small enough to measure by hand."""

    def test_a_movement_a_pause_and_the_way_back(self):
        steps = [(0, 0), (0.1, 10), (0.2, 30), (0.8, 40), (0.9, 30), (1.0, 20)]
        found = self.measure(*[sample(*step) for step in steps])
        self.assertEqual(found, MEASURES[0].value["measures"])

    def test_without_samples_there_is_nothing(self):
        self.assertEqual(self.measure(sample(0, 5), until=ZERO), NOTHING)

    def test_one_sample_is_an_entry_without_movement(self):
        self.assertEqual(self.measure(sample(0, 5)), {**NOTHING, "events": 1, "entries": 1})

    def test_a_pointer_that_rests_has_time_and_no_movement(self):
        found = self.measure(*[sample(i, 5) for i in range(4)])
        self.assertEqual(found, {**NOTHING, "events": 4, "entries": 1, "tracked_time": 3})

    def test_samples_of_one_time_have_a_path_but_no_velocity(self):
        found = self.measure(*[sample(0, x, seq=i) for i, x in enumerate((0, 3, 1))])
        path = {"path_length": 5, "net_x": 1, "net_displacement": 1, "straightness": 0.2}
        counts = {"events": 3, "entries": 1, "x_flips": 1}
        self.assertEqual(found, {**NOTHING, **path, **counts})

    def test_entries_alone_are_not_movement(self):
        found = self.measure(*[sample(i / 10, i * 100, enter=True) for i in range(5)])
        self.assertEqual(found, {**NOTHING, "events": 5, "entries": 5})

    def test_the_first_segment_starts_at_the_sample_before_the_range(self):
        found = self.measure(sample(0.9, 0), sample(1.1, 30), since=ZERO + 1_000_000)
        self.assertEqual((found["events"], found["entries"], found["path_length"]), (1, 0, 30))
        self.assertAlmostEqual(found["velocity_max"], 150)

    def test_the_range_includes_its_start_and_excludes_its_end(self):
        send(self.browser, [sample(i, i) for i in range(5)])
        found = measured(self.browser, since=ZERO + 1_000_000, until=ZERO + 3_000_000)
        self.assertEqual((found["events"], found["path_length"]), (2, 2))

    def test_a_turn_is_a_flip_even_after_a_rest(self):
        found = self.measure(sample(0, 0), sample(0.1, 9), sample(2, 9), sample(2.1, 4))
        self.assertEqual((found["x_flips"], found["y_flips"]), (1, 0))

    def test_no_flip_crosses_an_entry(self):
        way = [sample(0, 0, 0), sample(0.1, 9, 9), sample(0.2, 5, 5, enter=True), sample(0.3, 1, 1)]
        found = self.measure(*way)
        self.assertEqual((found["x_flips"], found["y_flips"]), (0, 0))

    def test_a_jump_to_where_the_pointer_enters_is_in_no_measure(self):
        way = [sample(0, 0), sample(0.1, 10), sample(0.15, 900, enter=True), sample(0.25, 910)]
        found = self.measure(*way)
        self.assertEqual((found["path_length"], found["net_x"], found["straightness"]), (20, 20, 1))
        self.assertAlmostEqual(found["velocity_max"], 100)
        self.assertEqual((found["strokes"], found["acceleration_max"]), (2, None))

    def test_only_a_longer_rest_than_the_threshold_is_a_pause(self):
        steps = [sample(0, 0), sample(0.25, 1), sample(0.500001, 2)]
        found = self.measure(*steps)
        self.assertEqual((found["pauses"], found["pause_time"]), (1, 0.250001))
        self.assertEqual(measured(self.browser, pause_ms=249)["pauses"], 2)
        self.assertEqual(measured(self.browser, pause_ms=251)["pauses"], 0)

    def test_a_rest_without_a_following_movement_is_not_a_pause(self):
        found = self.measure(
            sample(0, 0), sample(0.1, 5), sample(9, 5), sample(9.1, 70, enter=True)
        )
        self.assertEqual((found["pauses"], found["tracked_time"]), (0, 9))

    def test_a_rest_with_samples_in_it_is_one_pause(self):
        still = [sample(i / 10, 5) for i in range(10)]
        found = self.measure(*still, sample(1, 8), sample(1.1, 9))
        self.assertEqual((found["pauses"], found["pause_time"], found["strokes"]), (1, 1, 1))

    def test_no_acceleration_crosses_a_pause(self):
        steps = [(0, 0), (0.1, 10), (0.5, 11), (0.6, 61)]
        found = self.measure(*[sample(*step) for step in steps])
        self.assertEqual((found["strokes"], found["acceleration_max"]), (2, None))

    def test_of_samples_of_one_time_velocity_takes_the_last(self):
        steps = [sample(0, 0), sample(0.1, 50, seq=1), sample(0.1, 10, seq=2), sample(0.2, 20)]
        found = self.measure(*steps)
        self.assertEqual((found["path_length"], found["velocity_max"]), (100, 100))

    def test_velocity_percentiles_are_shares_of_time_not_of_samples(self):
        slow = [sample(i / 10, i) for i in range(10)]
        fast = [sample(0.9 + i / 1000, 9 + i) for i in range(1, 101)]
        found = self.measure(*slow, *fast)
        self.assertAlmostEqual(found["velocity_p75"], 10)
        self.assertAlmostEqual(found["velocity_p95"], 1000)

    def test_browsers_do_not_see_each_other(self):
        send(new_browser(), [sample(0, 0), sample(0.1, 1000), sample(0.3, 0)])
        found = self.measure(sample(0.05, 0), sample(0.2, 3))
        self.assertEqual((found["events"], found["path_length"]), (2, 3))


class LawTests(MeasuresTestCase):
    """Measures of movements that are known in closed form."""

    def test_a_cubic_has_its_exact_jerk_however_unevenly_it_is_sampled(self):
        ticks = [0, 1, 3, 4, 8, 9, 20, 22, 23, 30, 41, 42, 50, 64]
        found = self.measure(*[sample(k / 64, k**3) for k in ticks])
        self.assertAlmostEqual(found["jerk_rms"], 6 * 64**3, delta=1e-3)
        ends = [6 * 64**2 * sum(three) / 3 for three in (ticks[:3], ticks[-3:])]
        self.assertAlmostEqual(found["acceleration_min"], ends[0], delta=1e-6)
        self.assertAlmostEqual(found["acceleration_max"], ends[1], delta=1e-6)

    def minimum_jerk(self, steps: int, *, whole: bool = False) -> Numbers:
        """Measure Flash and Hogan's reach, 800 px right and 600 down in 1 s, evenly sampled."""
        self.browser = new_browser()
        shares = [(t := i / steps) ** 3 * (10 - 15 * t + 6 * t * t) for i in range(steps + 1)]
        places = [(800 * share, 600 * share) for share in shares]
        if whole:
            places = [(round(x), round(y)) for x, y in places]
        return self.measure(*[sample(i / steps, x, y) for i, (x, y) in enumerate(places)])

    def test_the_docs_table_of_accuracy_equals_the_measures(self):
        rows = re.findall(r"^\| ([\d,]+) \| (exact|whole px) \| (.*) \|$", METRICS, re.MULTILINE)
        self.assertEqual(len(rows), 6)
        for rate, positions, told in rows:
            found = self.minimum_jerk(int(rate.replace(",", "")), whole=positions == "whole px")
            *large, smoothness = (found[name] for name in DIFFERENCES)
            numbers = [f"{value:,.0f}" for value in large] + [f"{smoothness:.2f}"]
            self.assertEqual(
                told.replace("\N{MINUS SIGN}", "-").split(" | "), numbers, (rate, positions)
            )

    def test_a_minimum_jerk_movement_converges_to_its_closed_form(self):
        ideal = {
            "path_length": 1000,
            "velocity_max": 1875,
            "acceleration_max": 1000 * 10 / math.sqrt(3),
            "acceleration_min": -1000 * 10 / math.sqrt(3),
            "jerk_rms": 1000 * math.sqrt(720),
            "log_dimensionless_jerk": -math.log(720 / 1.875**2),
        }
        coarse, fine = self.minimum_jerk(20), self.minimum_jerk(160)
        for name, value in ideal.items():
            off = [abs(found[name] - value) / abs(value) for found in (coarse, fine)]
            self.assertLess(off[1], 0.04, name)
            self.assertTrue(off[1] < off[0] or off[0] < 1e-6, (name, off))
        self.assertAlmostEqual(fine["straightness"], 1, delta=1e-6)
        self.assertEqual((fine["x_flips"], fine["y_flips"], fine["strokes"]), (0, 0, 1))

    def test_smoothness_depends_on_neither_size_nor_duration(self):
        shape = [0, 2, 9, 20, 44, 60, 71, 75]
        found = self.measure(*[sample(i / 64, x) for i, x in enumerate(shape)])
        self.browser = new_browser()
        larger = self.measure(*[sample(i / 8, 64 * x) for i, x in enumerate(shape)])
        name = "log_dimensionless_jerk"
        self.assertAlmostEqual(found[name], larger[name], delta=1e-9)

    def test_steady_movement_has_no_jerk(self):
        found = self.measure(*[sample(i / 100, 3 * i, 4 * i) for i in range(50)])
        self.assertAlmostEqual(found["velocity_mean"], 500)
        self.assertAlmostEqual(found["jerk_rms"], 0, delta=1e-3)
        self.assertIsNone(found["log_dimensionless_jerk"])

    def test_over_whole_seconds_sums_are_those_of_the_statuses(self):
        samples = wander(Random(7), 400)
        send(self.browser, samples)
        drain_all()
        start = samples[0].time // 1_000_000 * 1_000_000
        for first, last in ((0, 3), (1, 6), (2, 60)):
            since, until = start + first * 1_000_000, start + last * 1_000_000
            statuses = [s for s in stored_statuses(self.browser) if since <= s.time < until]
            found = measured(self.browser, since=since, until=until)
            self.assertGreater(found["path_length"], 0)
            self.assertEqual(found["events"], sum(s.events for s in statuses))
            distance = sum(s.traversed_distance for s in statuses)
            self.assertAlmostEqual(found["path_length"], distance, delta=1e-9 * distance)
            moving = sum(s.moving_time for s in statuses)
            self.assertAlmostEqual(found["moving_time"], moving, delta=1e-9)

    def test_a_sample_that_stays_where_the_pointer_was_changes_no_measure_of_pace(self):
        samples = wander(Random(3), 300)
        send(self.browser, samples)
        before = measured(self.browser)
        pairs = [(a, b) for a, b in pairwise(samples) if b.time > a.time + 1]
        send(self.browser, [a._replace(time=(a.time + b.time) // 2, enter=False) for a, b in pairs])
        after = measured(self.browser)
        self.assertEqual(after["events"], before["events"] + len(pairs))
        # Time that was not tracked precedes an entry.
        for name in ("events", "tracked_time", "moving_time"):
            del before[name], after[name]
        self.assertEqual(after, before)


def wander(chance: Random, steps: int) -> list[Sample]:
    """Return an unevenly sampled pointer on fractional px that rests, repeats and leaves."""
    time, x, y, samples = ZERO, 500.0, 400.0, []
    for seq in range(steps):
        time += chance.choice([0, 1000, 8000, 16_667, 16_667, 250_000, chance.randrange(300_000)])
        time += chance.choice([0] * 20 + [2_000_000])
        if chance.random() < 0.8:
            x += chance.choice([-3, 0, 1, 5, chance.uniform(-80, 120)])
            y += chance.choice([-1, 0, 2, chance.uniform(-60, 60)])
        samples.append(Sample(time, seq, float32(x), float32(y), chance.random() < 0.03))
    return samples


class IndependentTests(MeasuresTestCase):
    def test_wandering_pointers_measure_the_same_in_plain_python(self):
        for seed in range(12):
            with self.subTest(seed=seed):
                self.browser = new_browser()
                samples = wander(Random(seed), 500)
                send(self.browser, samples)
                self.assert_true(samples)
                middle = (samples[0].time + samples[-1].time) // 2
                self.assert_true(samples, until=middle, pause_ms=100)
                self.assert_true(samples, since=middle, until=middle + 5_000_000, pause_ms=1000)

    @skipUnless(FILES, ABSENT)
    def test_real_recordings_measure_the_same_in_plain_python(self):
        for path in FILES:
            with self.subTest(path=path.name):
                self.browser = new_browser()
                (recording,) = read_file(path).recordings
                rows = list(recording)
                shift = NOW_US - rows[-1].time_us
                samples = [
                    Sample(r.time_us + shift, r.seq, float32(r.x), float32(r.y)) for r in rows
                ]
                send(self.browser, samples)
                found = self.assert_true(samples)
                self.assertGreater(found["strokes"], 10)
                self.assert_true(samples, since=NOW_US - 60_000_000, pause_ms=500)


class AnySamplesTests(PropertyTestCase, MeasuresTestCase):
    @settings(max_examples=80, deadline=None)
    @given(samples_strategy, st.data())
    def test_any_samples_and_any_range_measure_the_same_in_plain_python(self, samples, data):
        self.browser = new_browser()
        send(self.browser, samples)
        times = st.none() | st.sampled_from([s.time for s in samples])
        since, until = data.draw(times), data.draw(times)
        pause_ms = data.draw(st.sampled_from([1, 50, 100, 250, 3_600_000]))
        self.assert_true(samples, since=since, until=until, pause_ms=pause_ms)
