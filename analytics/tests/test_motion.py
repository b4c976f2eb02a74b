"""Generated pointers move as the literature describes people's movement."""

import math
from collections.abc import Iterable
from itertools import pairwise
from random import Random
from unittest import TestCase

from analytics.recordings import RecordedSample
from analytics.recordings.made_up.motion import (
    Point,
    Stroke,
    View,
    aim,
    minimum_jerk,
    movement_seconds,
    position,
    sample_stroke,
)
from analytics.recordings.made_up.visitors import LAPTOP, visit
from analytics.tests.kinematics import expected_measures
from analytics.tests.oracle import Sample

VIEW = View(1280, 800)
STRAIGHT = Stroke(0, 0.8, Point(100, 100), Point(900, 700), 0, enter=True)
# A minimum jerk is fastest in its middle, at 30/16 of the mean speed.
PEAK_TO_MEAN = 30 / 16


def sampled(strokes: Iterable[Stroke]) -> list[RecordedSample]:
    """The strokes' samples at 60 Hz; the first one enters."""
    taken: list[RecordedSample] = []
    for stroke in strokes:
        for us, (x, y) in sample_stroke(stroke, rate=60, view=VIEW):
            if not taken or (x, y) != (taken[-1].x, taken[-1].y):
                taken.append(RecordedSample(us, x, y, len(taken), not taken))
    return taken


def samples(seed: str, seconds: float, rate: float = 60) -> list[RecordedSample]:
    taken = []
    for kind, us, fields in visit(seed=seed, rate=rate, device=LAPTOP):
        if us > seconds * 1e6:
            return taken
        if kind == "events":
            taken.append(RecordedSample(us, **{"enter": False, **fields}))
    raise AssertionError("a pointer moves without end")


def measure(recorded: list[RecordedSample]) -> dict:
    return expected_measures(Sample(s.time_us, s.seq, s.x, s.y, s.enter) for s in recorded)


class StrokeTests(TestCase):
    def test_a_stroke_begins_and_ends_at_rest_and_is_fastest_in_its_middle(self):
        speeds = [minimum_jerk((n + 1) / 100) - minimum_jerk(n / 100) for n in range(100)]
        self.assertAlmostEqual(sum(speeds), 1)
        self.assertEqual(speeds[:50], sorted(speeds[:50]))
        self.assertAlmostEqual(max(speeds) * 100, PEAK_TO_MEAN, places=3)
        self.assertLess(max(speeds[0], speeds[-1]), 1e-4)
        for early, late in zip(speeds, reversed(speeds), strict=True):
            self.assertAlmostEqual(early, late)

    def test_the_measures_find_the_bell_in_the_samples(self):
        measures = measure(sampled([STRAIGHT]))
        self.assertEqual((measures["strokes"], measures["pauses"]), (1, 0))
        # Whole px turn a slanted line into steps.
        self.assertGreater(measures["straightness"], 0.99)
        self.assertAlmostEqual(measures["path_length"], 1000, delta=10)
        mean = 1000 / 0.8
        self.assertAlmostEqual(measures["velocity_max"] / mean, PEAK_TO_MEAN, delta=0.15)
        # The bell's steepest slope is 10/√3 of a distance in a squared time (τ = ½ ± √3/6).
        steepest = 10 / math.sqrt(3) * 1000 / 0.8**2
        self.assertGreater(measures["acceleration_max"], steepest * 0.8)
        self.assertLess(measures["acceleration_min"], -steepest * 0.8)

    def test_a_bow_bends_the_path_and_moves_neither_end(self):
        bent = STRAIGHT._replace(bow=50)
        self.assertEqual(position(bent, 0), STRAIGHT.origin)
        self.assertEqual(position(bent, bent.seconds), STRAIGHT.goal)
        middle = position(bent, bent.seconds / 2)
        self.assertAlmostEqual(math.dist(middle, position(STRAIGHT, bent.seconds / 2)), 50)

    def test_far_and_small_targets_take_longer(self):
        self.assertGreater(movement_seconds(800, 20), movement_seconds(400, 20))
        self.assertGreater(movement_seconds(400, 20), movement_seconds(400, 80))


class AimTests(TestCase):
    def aimed(self, seed: int) -> list[Stroke]:
        return aim(
            Random(seed),
            begin=0,
            origin=Point(200, 400),
            goal=Point(1000, 400),
            enter=False,
            view=VIEW,
        )

    def test_misses_are_corrected_and_some_of_them_overshoot(self):
        aimed = [self.aimed(seed) for seed in range(300)]
        corrected = [strokes for strokes in aimed if len(strokes) == 2]
        too_far = [strokes for strokes in corrected if strokes[0].goal.x > 1000]
        self.assertTrue(50 < len(corrected) < 250, len(corrected))
        self.assertTrue(len(corrected) / 5 < len(too_far) < len(corrected) * 4 / 5, len(too_far))
        for first, second in corrected:
            self.assertEqual((second.origin, second.goal), (first.goal, Point(1000, 400)))
            self.assertGreater(second.begin, first.end)

    def test_an_overshoot_reverses_the_pointer(self):
        too_far = next(s for n in range(300) if (s := self.aimed(n))[0].goal.x > 1060)
        measures = measure(sampled(too_far))
        self.assertEqual(measures["x_flips"], 1)
        self.assertLess(measures["straightness"], 0.95)


class PointerTests(TestCase):
    def test_movements_follow_each_other_with_rests_between(self):
        taken = samples("rests", 300)
        rests = [b.time_us - a.time_us for a, b in pairwise(taken) if b.time_us - a.time_us > 250e3]
        self.assertGreater(len(rests), 60)
        self.assertLess(sum(rests) / 300e6, 0.8)

    def test_it_leaves_by_an_edge_and_enters_by_one(self):
        taken = samples("enter", 900)
        entering = [sample for sample in taken if sample.enter]
        self.assertIs(taken[0], entering[0])
        by_edge = [sample for sample in entering if self.is_at_edge(sample)]
        self.assertGreater(len(by_edge), 3)
        # The others opened a page under the pointer.
        self.assertGreater(len(entering) - len(by_edge), 3)

    def is_at_edge(self, sample: RecordedSample) -> bool:
        return sample.x in (0, LAPTOP.view.width) or sample.y in (0, LAPTOP.view.height)

    def test_no_sample_leaves_the_viewport(self):
        for sample in samples("bounds", 600):
            self.assertTrue(0 <= sample.x <= LAPTOP.view.width)
            self.assertTrue(0 <= sample.y <= LAPTOP.view.height)

    def test_samples_lie_on_the_rates_grid_and_rests_send_nothing(self):
        for rate in (30, 60, 125):
            taken = samples("rate", 300, rate)
            steps = [(b.time_us - a.time_us) * rate / 1e6 for a, b in pairwise(taken)]
            for step in steps:
                self.assertAlmostEqual(step, round(step), places=3)
                self.assertGreaterEqual(round(step), 1)
            # While it moves, nearly every tick has a sample.
            moving = [step for step in steps if step / rate < 0.08]
            self.assertLess(sum(moving) / len(moving), 1.25)
            still = [(a, b) for a, b in pairwise(taken) if (a.x, a.y) == (b.x, b.y)]
            self.assertTrue(all(b.enter for _, b in still))

    def test_seqs_count_up_so_that_each_sample_has_its_own_identity(self):
        taken = [sample.seq for sample in samples("seq", 60)]
        self.assertEqual(taken, sorted(set(taken)))

    def test_two_minutes_resemble_two_minutes_of_a_hand(self):
        measures = measure(samples("life", 120))
        self.assertTrue(0.2 < measures["moving_time"] / 120 < 0.9, measures["moving_time"])
        self.assertGreater(measures["pauses"], 20)
        self.assertTrue(100 < measures["velocity_p50"] < 2000, measures["velocity_p50"])
        self.assertLess(measures["straightness"], 0.2)

    def test_a_seed_is_one_pointer_and_another_seed_another(self):
        self.assertEqual(samples("7/0", 60), samples("7/0", 60))
        self.assertNotEqual(samples("7/0", 60), samples("7/1", 60))
