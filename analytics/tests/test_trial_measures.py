"""Measures of a trial are those of docs/metrics.md, and R mousetrap's where that is right.

The reference numbers are of mousetrap 3.2.3.9000, in ms and px/ms. Hand-computed cases run always.
"""

import math
import re
from itertools import pairwise
from pathlib import Path as File
from statistics import fmean, stdev
from unittest import TestCase, skipUnless

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.studies.normalised import average_paths, normalise, sample_entropy
from analytics.studies.pace import accelerations, hovers, initiation, rests, velocities
from analytics.studies.trajectory import Path, Position, deviations, flips, reversals
from analytics.studies.trial_measures import TrialMeasures, measure_trial
from analytics.tests.oracle_files import ABSENT, PRESENT, read_by_trial, read_rows, read_trials

METRICS = (File(__file__).parents[2] / "docs" / "metrics.md").read_text()
LINE = ("mad", "mad_time", "md_above", "md_below", "ad", "auc")
VERTICAL, LEVEL, CLOSED, MOTIONLESS, SAME_TIME, TWO, DOWN = 33, 34, 36, 37, 38, 39, 40
PAUSE_AS_GAP = 26
# mousetrap's tolerance comes from the differences of all its trials together.
POOLED_TOLERANCE = 1.3948214067405189


def path(*positions: tuple[float, float, float]) -> Path:
    return [Position(*position) for position in positions]


def to_top(*, towards: int) -> Path:
    """Return a path up to the left (-1) or right (1) that bulges by 30√2 px to the other side."""
    return path((0, 0, 100), (0.1, 20 * towards, 20), (0.3, 100 * towards, 0))


class HandComputedTests(TestCase):
    def test_a_path_above_the_line_is_positive_whichever_target_it_goes_to(self):
        # The line from (0, 100) to (100, 0); (20, 20) lies 60 / √2 px above it.
        for towards in (-1, 1):
            measures = measure_trial(to_top(towards=towards))
            self.assertAlmostEqual(measures.mad, 60 / math.sqrt(2))
            self.assertAlmostEqual(measures.mad_time, 0.1)
            self.assertAlmostEqual(measures.md_above, 60 / math.sqrt(2))
            self.assertAlmostEqual(measures.md_below, 0)
            self.assertAlmostEqual(measures.ad, 20 / math.sqrt(2))
            self.assertAlmostEqual(measures.auc, 3000)

    def test_the_sign_is_of_the_screen_and_the_same_for_distance_and_area_in_every_direction(self):
        for name, end, middle, side in (
            ("level, bulge upwards", (100, 0), (50, -10), 1),
            ("level, bulge downwards", (100, 0), (50, 10), -1),
            ("level to the left, bulge upwards", (-100, 0), (-50, -10), 1),
            ("down to the right, bulge upwards", (100, 100), (60, 40), 1),
            ("down to the left, bulge upwards", (-100, 100), (-60, 40), 1),
            ("straight up, bulge to the left", (0, -100), (-10, -50), 1),
            ("straight up, bulge to the right", (0, -100), (10, -50), -1),
            ("straight down, bulge to the left", (0, 100), (-10, 50), 1),
        ):
            with self.subTest(name):
                measures = measure_trial(path((0, 0, 0), (1, *middle), (2, *end)))
                self.assertEqual(math.copysign(1, measures.mad), side)
                self.assertEqual(math.copysign(1, measures.ad), side)
                self.assertEqual(math.copysign(1, measures.auc), side)

    def test_without_a_line_deviations_are_null_and_never_zero(self):
        there_and_back = measure_trial(path((0, 5, 5), (1, 9, 5), (2, 5, 5)))
        self.assertEqual([getattr(there_and_back, name) for name in LINE], [None] * 6)
        self.assertEqual(there_and_back.total_distance, 8)
        motionless = measure_trial(path((0, 5, 5), (1, 5, 5)))
        self.assertEqual([getattr(motionless, name) for name in LINE], [None] * 6)
        self.assertIsNone(motionless.sample_entropy)
        self.assertEqual((motionless.total_distance, motionless.idle_time), (0, 1))

    def test_fewer_than_two_samples_have_no_measure_but_the_response_time(self):
        for few in ([], path((3, 1, 1))):
            self.assertEqual(measure_trial(few), TrialMeasures())
            self.assertEqual(measure_trial(few, start=2, end=4.5), TrialMeasures(rt=2.5))

    def test_two_samples_have_one_velocity_and_no_acceleration(self):
        measures = measure_trial(path((1, 0, 0), (1.5, 30, 40)))
        self.assertEqual((measures.velocity_max, measures.velocity_max_time), (100, 0.25))
        self.assertIsNone(measures.acceleration_max)

    def test_an_acceleration_is_the_change_of_velocity_between_the_middles_of_two_steps(self):
        # 10 px in 0.1 s, then 90 px in 0.3 s: from 100 to 300 px/s within 0.2 s.
        (only,) = accelerations(path((0, 0, 0), (0.1, 10, 0), (0.4, 100, 0)))
        self.assertAlmostEqual(only.value, 1000)
        self.assertAlmostEqual(only.time, 0.15)

    def test_of_samples_with_one_time_the_last_gives_the_velocity(self):
        found = velocities(path((0, 0, 0), (1, 500, 0), (1, 10, 0), (2, 10, 0)))
        self.assertEqual([rate.value for rate in found], [10, 0])

    def test_rests_are_gaps_and_repeated_positions_and_touching_ones_are_one(self):
        found = rests(
            path((0, 0, 0), (0.05, 0, 0), (0.2, 9, 0), (0.25, 12, 0), (0.3, 20, 0), (0.31, 20, 0)),
            start=0,
            end=0.5,
        )
        self.assertEqual(found, [(0, 0.2), (0.3, 0.5)])
        self.assertEqual(hovers(found, threshold=0.2), [])
        self.assertEqual(hovers(found, threshold=0.19), [(0, 0.2), (0.3, 0.5)])

    def test_a_pointer_that_begins_after_a_gap_begins_at_the_end_of_the_gap(self):
        late = path((0, 0, 0), (0.4, 3, 0), (0.41, 9, 0))
        self.assertEqual(initiation(late, end=1), 0.4)
        self.assertEqual(initiation(late, end=1, threshold=5), 0.4)
        self.assertEqual(initiation(late, end=1, threshold=50), 1)
        self.assertAlmostEqual(measure_trial(late, start=-0.2, end=1).initiation_time, 0.6)

    def test_silence_before_the_first_sample_and_after_the_last_is_rest(self):
        measures = measure_trial(path((2, 0, 0), (2.1, 5, 5), (2.2, 9, 9)), start=1.5, end=3)
        self.assertAlmostEqual(measures.rt, 1.5)
        self.assertAlmostEqual(measures.idle_time, 0.5 + 0.8)
        self.assertEqual(measures.hovers, 2)
        self.assertAlmostEqual(measures.initiation_time, 0.5)

    def test_flips_are_changes_of_direction_over_rests_and_small_runs_count_as_none(self):
        values = [0, 5, 9, 9, 8, 8, 9, 12, 4]
        self.assertEqual(flips(values), 3)
        self.assertEqual(flips(values, threshold=1), 1)
        self.assertEqual(flips(values, threshold=8), 0)

    def test_reversals_cross_the_axis_through_the_start(self):
        self.assertEqual(reversals([640, 650, 640, 650, 660, 630, 640, 635, 700]), 2)
        self.assertEqual(reversals([640, 640]), 0)

    def test_a_normalised_path_is_linear_in_time_and_rests_beyond_its_samples(self):
        uneven = path((1, 0, 0), (2, 10, 0), (2, 30, 8), (4, 40, 20))
        self.assertEqual(
            normalise(uneven, steps=4), path((0, 0, 0), (1, 20, 4), (2, 30, 12), (3, 40, 20))
        )
        self.assertEqual(
            normalise(uneven, steps=3, start=0, end=6),
            path((0, 0, 0), (3, 30, 12), (6, 40, 20)),
        )
        self.assertEqual(normalise(path((1, 7, 8)), steps=2), path((0, 7, 8), (0, 7, 8)))

    def test_an_average_has_the_standard_error_of_its_paths(self):
        one, two = path((0, 0, 0), (1, 2, 4)), path((0, 0, 0), (3, 6, 4))
        averages = average_paths(paths=[("b", one), ("a", one), ("b", two)])
        self.assertEqual(list(averages), ["a", "b"])
        self.assertEqual(
            averages["a"], (1, [(*one[0], None, None, None), (*one[1], None, None, None)])
        )
        self.assertEqual(averages["b"].paths, 2)
        self.assertEqual(averages["b"].steps[1], (2, 4, 4, 1, 2, 0))

    def test_sample_entropy_counts_windows_that_stay_alike(self):
        # Differences 1 1 1 1 9 1 1 1 1: of 15 pairs of six windows of 3 that are followed by a
        # difference, (0, 1) and its like are alike; see the count below.
        steps = [1, 1, 1, 1, 9, 1, 1, 1, 1]
        values = [sum(steps[:i]) for i in range(len(steps) + 1)]
        windows = [tuple(steps[i : i + 3]) for i in range(6)]
        nexts = [steps[i + 3] for i in range(6)]
        pairs = [(i, j) for i in range(6) for j in range(i + 1, 6) if windows[i] == windows[j]]
        longer = [(i, j) for i, j in pairs if nexts[i] == nexts[j]]
        self.assertEqual((len(pairs), len(longer)), (3, 1))
        self.assertAlmostEqual(sample_entropy(values, tolerance=0.5), math.log(3))
        self.assertIsNone(sample_entropy([5] * 101))
        self.assertIsNone(sample_entropy([0, 1, 3, 9, 27, 81, 243], tolerance=0.1))

    def test_every_measure_is_documented(self):
        chapter = METRICS.split("## Measures of a trial")[1].split("\n## ")[0]
        documented = set(re.findall(r"`([a-z_]+)`", chapter))
        self.assertLessEqual(set(TrialMeasures._fields), documented)


coordinates = st.floats(-1e4, 1e4, width=32)
paths = st.lists(st.tuples(st.integers(0, 5_000_000), coordinates, coordinates), max_size=40).map(
    lambda rows: [Position(us / 1e6, x, y) for us, x, y in sorted(rows, key=lambda row: row[0])]
)


class PropertyTests(TestCase):
    @settings(deadline=None, max_examples=60)
    @given(paths)
    def test_a_mirrored_path_has_the_same_measures(self, one):
        mirrored = [Position(time, -x, y) for time, x, y in one]
        places, others = deviations(one), deviations(mirrored)
        if places is not None and one[0].x != one[-1].x:
            self.assertEqual(places, others)

    @settings(deadline=None, max_examples=60)
    @given(paths)
    def test_any_path_has_finite_measures_whose_parts_agree(self, one):
        measures = measure_trial(one, start=-1, end=6)
        self.assertTrue(all(math.isfinite(value) for value in measures if value is not None))
        if len(one) < 2:
            return
        self.assertLessEqual(measures.hover_time, measures.idle_time + 1e-9)
        self.assertLessEqual(measures.idle_time, measures.rt + 1e-9)
        if measures.mad is not None:
            self.assertIn(measures.mad, (measures.md_above, measures.md_below))


@skipUnless(PRESENT, ABSENT)
class MousetrapTests(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.trials = read_trials()
        cls.theirs = {int(row["trial"]): row for row in read_rows("mousetrap_measures.csv")}
        cls.ours = {trial: measure_trial(one) for trial, one in cls.trials.items()}

    def same(self, ours: float, theirs: str | float, what: str) -> None:
        theirs = float(theirs)
        self.assertLessEqual(abs(ours - theirs), 1e-6 * max(1, abs(theirs)), what)

    def test_deviations_and_areas_are_theirs_on_the_way_up_and_mirrored_on_the_way_down(self):
        for trial, theirs in self.theirs.items():
            ours, sign = self.ours[trial], -1 if trial in (LEVEL, DOWN) else 1
            if trial in (CLOSED, MOTIONLESS):
                self.assertEqual([getattr(ours, name) for name in LINE], [None] * 6)
                continue
            above, below = ("MD_above", "MD_below")[::sign]
            self.same(ours.mad, sign * float(theirs["MAD"]), f"MAD of {trial}")
            self.same(ours.ad, sign * float(theirs["AD"]), f"AD of {trial}")
            self.same(ours.md_above, sign * float(theirs[above]), f"MD_above of {trial}")
            self.same(ours.md_below, sign * float(theirs[below]), f"MD_below of {trial}")
            # Of a level movement their area has the sign of the bulge, as ours has.
            area = float(theirs["AUC"]) * (-1 if trial == DOWN else 1)
            self.same(ours.auc, area, f"AUC of {trial}")
            if abs(ours.mad) > 1e-9:
                self.same(ours.mad_time * 1000, theirs["MAD_time"], f"MAD_time of {trial}")

    def test_flips_and_times_and_the_distance_are_theirs(self):
        for trial, theirs in self.theirs.items():
            ours, one = self.ours[trial], self.trials[trial]
            xs, ys = [sample.x for sample in one], [sample.y for sample in one]
            for what, mine in {
                "xpos_flips": ours.x_flips,
                "ypos_flips": ours.y_flips,
                "xpos_flips_2": flips(xs, threshold=2),
                "ypos_flips_2": flips(ys, threshold=2),
                "RT": ours.rt * 1000,
                "total_dist": ours.total_distance,
            }.items():
                self.same(mine, theirs[what], f"{what} of {trial}")

    def test_rests_are_theirs_where_no_gap_counts(self):
        for trial, theirs in self.theirs.items():
            one = self.trials[trial]
            found = rests(one, start=0, end=one[-1].time, gap=math.inf)
            hovering = hovers(found)
            begin = initiation(one, end=one[-1].time, gap=math.inf)
            beyond = initiation(one, end=one[-1].time, gap=math.inf, threshold=10)
            later = [rest for rest in hovering if rest.start > 0]
            for what, mine in {
                "idle_time": 1000 * sum(end - start for start, end in found),
                "hovers_100": len(hovering),
                "hover_time_100": 1000 * sum(end - start for start, end in hovering),
                "hovers_100_excl_initial": len(later),
                "hover_time_100_excl_initial": 1000 * sum(end - start for start, end in later),
                "initiation_time": 1000 * begin,
                "initiation_time_10": 1000 * beyond,
            }.items():
                self.same(mine, theirs[what], f"{what} of {trial}")

    def test_a_pause_without_samples_is_a_rest_which_they_do_not_see(self):
        ours, one = self.ours[PAUSE_AS_GAP], self.trials[PAUSE_AS_GAP]
        theirs = self.theirs[PAUSE_AS_GAP]
        self.same(ours.initiation_time, one[1].time, "initiation")
        self.same(1000 * ours.idle_time, float(theirs["idle_time"]) + 355, "idle")
        self.assertEqual((ours.hovers, theirs["hovers_100"]), (1, "0"))
        others = set(self.trials) - {PAUSE_AS_GAP, TWO}
        for trial in others:
            for name, scale in {"initiation_time": 1000, "idle_time": 1000}.items():
                self.same(scale * getattr(self.ours[trial], name), self.theirs[trial][name], name)

    def test_reversals_are_theirs_of_paths_that_they_aligned_to_their_start(self):
        for row in read_rows("mousetrap_measures_aligned.csv"):
            ours = self.ours[int(row["trial"])]
            self.same(ours.x_reversals, row["xpos_reversals"], f"x of {row['trial']}")
            self.same(ours.y_reversals, row["ypos_reversals"], f"y of {row['trial']}")

    def test_velocities_are_theirs_and_their_time_is_the_middle_of_the_step(self):
        for trial, theirs in self.theirs.items():
            ours = self.ours[trial]
            if trial == SAME_TIME:
                # Theirs is infinite. Of two samples with one time our second one counts.
                self.assertEqual(theirs["vel_max"], "Inf")
                self.assertTrue(math.isfinite(ours.velocity_max))
                continue
            self.same(ours.velocity_max / 1000, theirs["vel_max"], f"vel_max of {trial}")
            if ours.velocity_max == 0:
                continue
            step = next(
                (a.time, b.time)
                for a, b in pairwise(self.trials[trial])
                if math.dist(a[1:], b[1:]) / (b.time - a.time) >= ours.velocity_max * (1 - 1e-12)
            )
            self.same(1000 * step[0], theirs["vel_max_time"], f"vel_max_time of {trial}")
            self.assertAlmostEqual(ours.velocity_max_time, fmean(step))

    def test_accelerations_are_theirs_divided_by_the_time_between_the_steps_middles(self):
        for trial, theirs in self.theirs.items():
            if trial == SAME_TIME:
                continue
            one = self.trials[trial]
            translated = [0.0] + [
                change.value * (after.time - before.time) / 2 / (middle.time - before.time)
                for change, before, middle, after in zip(
                    accelerations(one), one, one[1:], one[2:], strict=False
                )
            ]
            self.same(max(translated) / 1e6, theirs["acc_max"], f"acc_max of {trial}")
            self.same(min(translated) / 1e6, theirs["acc_min"], f"acc_min of {trial}")

    def test_normalised_paths_are_theirs(self):
        for trial, rows in read_by_trial("mousetrap_normalized.csv").items():
            steps = normalise(self.trials[trial])
            self.assertEqual(len(steps), len(rows))
            for step, row in zip(steps, rows, strict=True):
                self.same(1000 * step.time, row["time"], f"time of {trial}")
                self.same(step.x, row["x"], f"x of {trial}")
                self.same(step.y, row["y"], f"y of {trial}")

    def test_average_paths_are_theirs_with_a_standard_error(self):
        averages = average_paths(
            paths=[
                (theirs["condition"], normalise(self.trials[trial]))
                for trial, theirs in self.theirs.items()
            ]
        )
        self.assertEqual(
            {name: one.paths for name, one in averages.items()}, {"typical": 21, "atypical": 19}
        )
        for row in read_rows("mousetrap_average.csv"):
            step = averages[row["condition"]].steps[int(row["step"]) - 1]
            self.same(1000 * step.time, row["time"], "time")
            self.same(step.x, row["x"], "x")
            self.same(step.y, row["y"], "y")
        ends = [
            self.trials[trial][-1].x
            for trial, theirs in self.theirs.items()
            if theirs["condition"] == "typical"
        ]
        error = averages["typical"].steps[-1].x_error
        self.assertAlmostEqual(error, stdev(ends) / math.sqrt(21))

    def test_sample_entropy_is_theirs_with_their_tolerance(self):
        for trial, theirs in self.theirs.items():
            xs = [step.x for step in normalise(self.trials[trial])]
            ours = sample_entropy(xs, tolerance=POOLED_TOLERANCE)
            if trial == MOTIONLESS:
                # Theirs is 0 although nothing moved.
                self.assertIsNone(ours)
            else:
                self.same(ours, theirs["sample_entropy_tn_x_m3"], f"entropy of {trial}")
