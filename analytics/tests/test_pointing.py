"""Throughput and the accuracy of paths are MacKenzie's published numbers, and closed forms."""

import json
import math
from collections import defaultdict
from unittest import TestCase, skipUnless

from analytics.studies.path_accuracy import PathAccuracy, measure_accuracy
from analytics.studies.pointing import (
    Point,
    Pointing,
    Throughput,
    end_point,
    is_error,
    mean_throughput,
    measure_sequence,
)
from analytics.studies.trajectory import Position
from analytics.tests.oracle_files import ABSENT, ORACLES, PRESENT, read_rows

LEFT, RIGHT = Point(0, 0), Point(100, 0)
ROUNDED = 4.132731354122493


def movement(x: float, y: float = 0, *, time: float = 0.5, back: bool = False) -> Pointing:
    source, target = (RIGHT, LEFT) if back else (LEFT, RIGHT)
    return Pointing(source, target, 20, Point(x, y), time)


class HandComputedTests(TestCase):
    def test_an_end_point_is_seen_from_its_target_along_the_axis(self):
        self.assertEqual(end_point(movement(103, 4)), (100, 3, 4))
        self.assertEqual(end_point(movement(-3, 4, back=True)), (100, 3, -4))
        upwards = Pointing(Point(5, 50), Point(5, 0), 9, Point(7, 10), 1)
        self.assertEqual(end_point(upwards), (50, -10, 2))

    def test_a_target_is_a_disc_or_a_strip(self):
        self.assertFalse(is_error(movement(110)))
        self.assertTrue(is_error(movement(108, 7)))
        self.assertFalse(is_error(movement(108, 7), one_dimensional=True))

    def test_a_sequence_has_the_numbers_of_its_effective_amplitude_and_width(self):
        # Overshoots -2, 4, 4: mean 2, SD √12. Serial: amplitudes 98, 104 - 2, 104 + 4.
        three = [movement(98), movement(-4, back=True, time=0.7), movement(104, 60, time=0.9)]
        width = ROUNDED * math.sqrt(12)
        for serial, amplitude in ((False, 102), (True, 308 / 3)):
            difficulty = math.log2(amplitude / width + 1)
            expected = Throughput(3, 1, 1 / 3, 0.7, amplitude, width, difficulty, difficulty / 0.7)
            for one, other in zip(measure_sequence(three, serial=serial), expected, strict=True):
                self.assertAlmostEqual(one, other)

    def test_the_first_movement_of_a_block_begins_at_its_target(self):
        blocks = [("1", 98), ("1", -4), ("2", 104), ("2", 3)]
        four = [
            movement(x, back=n % 2 == 1)._replace(block=block)
            for n, (block, x) in enumerate(blocks)
        ]
        # Overshoots -2, 4, 4, -3.
        found = measure_sequence(four, serial=True)
        self.assertAlmostEqual(found.amplitude, (98 + (104 - 2) + 104 + (97 + 4)) / 4)

    def test_the_bivariate_width_has_the_spread_aside_too(self):
        four = [movement(103, 4), movement(97, 4), movement(103, -4), movement(97, -4)]
        along = measure_sequence(four, serial=False)
        both = measure_sequence(four, serial=False, bivariate=True)
        self.assertAlmostEqual(along.width, ROUNDED * math.sqrt(36 / 3))
        self.assertAlmostEqual(both.width, ROUNDED * math.sqrt((36 + 64) / 3))
        self.assertLess(both.throughput, along.throughput)

    def test_one_movement_or_no_spread_has_no_throughput(self):
        for movements in ([movement(101)], [movement(101), movement(101)]):
            found = measure_sequence(movements, serial=False)
            self.assertEqual((found.difficulty, found.throughput), (None, None))
        self.assertIsNone(mean_throughput([found]))
        with self.assertRaisesRegex(ValueError, "needs a movement"):
            measure_sequence([], serial=True)
        with self.assertRaisesRegex(ValueError, "different centres"):
            end_point(movement(1)._replace(target=LEFT))

    def test_the_accuracy_of_a_path_that_enters_leaves_and_enters_again(self):
        places = [(0, 0), (50, 3), (95, -3), (115, 0), (115, 0), (98, 0)]
        path = [Position(i, x, y) for i, (x, y) in enumerate(places)]
        found = measure_accuracy(path, source=LEFT, target=RIGHT, width=20)
        self.assertEqual(found, PathAccuracy(1, 1, 2, 1, math.sqrt(18 / 5), 1, 0))
        only = measure_accuracy(path[1:2], source=LEFT, target=RIGHT, width=20)
        self.assertEqual(only, PathAccuracy(0, 0, 0, 0, None, 3, 3))
        with self.assertRaisesRegex(ValueError, "different centres"):
            measure_accuracy(path, source=LEFT, target=LEFT, width=20)


@skipUnless(PRESENT, ABSENT)
class PublishedTests(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.expected = json.loads((ORACLES / "fitts_expected.json").read_text())
        cls.movements = defaultdict(list)
        for row in read_rows("fitts_example.csv"):
            number = {name: float(value) for name, value in row.items() if "_" in name}
            cls.movements[row["sequence"]].append(
                Pointing(
                    Point(number["from_x"], number["from_y"]),
                    Point(number["to_x"], number["to_y"]),
                    float(row["width"]),
                    Point(number["select_x"], number["select_y"]),
                    number["mt_ms"] / 1000,
                )
            )

    def test_sequences_have_their_published_and_recomputed_numbers(self):
        self.assertEqual(len(self.movements), 6)
        for name, movements in self.movements.items():
            expected = self.expected["sequences"][name]
            flat = expected["task"] == "1D"
            for overshoot, end in zip(expected["dx"], map(end_point, movements), strict=True):
                self.assertAlmostEqual(end.overshoot, overshoot, 6)
            for variant, numbers in expected["computed"].items():
                found = measure_sequence(
                    movements, serial=variant == "serial", one_dimensional=flat
                )
                self.assertEqual(found.trials, numbers["n"])
                self.assertEqual(found.errors, numbers["misses"])
                self.assertAlmostEqual(100 * found.error_rate, numbers["error_rate_pct"], 6)
                self.assertAlmostEqual(found.amplitude, numbers["Ae"], 6)
                self.assertAlmostEqual(found.width, numbers["We"], 6)
                self.assertAlmostEqual(found.difficulty, numbers["IDe"], 6)
                self.assertAlmostEqual(1000 * found.movement_time, numbers["MT_ms"], 6)
                self.assertAlmostEqual(found.throughput, numbers["TP_bps"], 6)
                if variant == expected["published"]["variant"]:
                    self.assertAlmostEqual(found.throughput, expected["published"]["TP_bps"], 6)

    def test_several_sequences_are_averaged_and_never_pooled(self):
        aggregate = self.expected["aggregate_2d"]
        names = [name for name in self.movements if name.startswith("2d")]
        for variant in ("serial", "no_carry_over"):
            found = mean_throughput(
                measure_sequence(self.movements[name], serial=variant == "serial") for name in names
            )
            self.assertAlmostEqual(found, aggregate[f"mean_of_sequence_TPs_{variant}"], 6)

    def test_accuracies_are_those_of_the_definition(self):
        paths = defaultdict(list)
        for row in read_rows("accuracy_paths.csv"):
            paths[row["path"]].append(row)
        expected = json.loads((ORACLES / "accuracy_expected.json").read_text())["paths"]
        self.assertEqual(set(paths), set(expected))
        for name, rows in paths.items():
            first = rows[0]
            found = measure_accuracy(
                [Position(i, float(row["x"]), float(row["y"])) for i, row in enumerate(rows)],
                source=Point(float(first["from_x"]), float(first["from_y"])),
                target=Point(float(first["to_x"]), float(first["to_y"])),
                width=float(first["width"]),
            )
            numbers = expected[name]["definition"]
            for measure, ours in zip(
                ("TRE", "TAC", "MDC", "ODC", "MV", "ME", "MO"), found, strict=True
            ):
                self.assertAlmostEqual(ours, numbers[measure], 6, f"{measure} of {name}")
