"""The throughput of stored trials is MacKenzie's, from their marks to the call's files."""

import csv
import io
import json
import math
from collections import defaultdict
from unittest import TestCase as PlainTestCase
from unittest import skipUnless

from django.contrib.auth.models import User
from django.test import TestCase

from analytics.models import Trial
from analytics.studies.trial_targets import Targets, find_targets
from analytics.tests.oracle_files import ABSENT, ORACLES, PRESENT, read_rows
from analytics.tests.pointers import new_browser, sample
from analytics.tests.test_trials import deliver, end, make_all, start
from core.tests.limits import forget_all_calls
from dashboard.models import Browser

WIDTH_SDS = math.sqrt(2 * math.pi * math.e)
COLUMNS_OF_ACCURACY = {
    "target_reentries": "TRE",
    "axis_crossings": "TAC",
    "direction_changes": "MDC",
    "orthogonal_changes": "ODC",
    "movement_variability": "MV",
    "movement_error": "ME",
    "movement_offset": "MO",
}
# A second and a half apart, so that each trial ends before the next.
APART = 1.5


def square(x: float, y: float, side: float) -> list[float]:
    return [x - side / 2, y - side / 2, side, side]


def move(
    browser: Browser, movements: list[tuple[list[float], list[float], float, float, float]],
    *, first: int = 0, **names: str,
) -> None:  # fmt: skip
    """Store a trial of each movement: its targets, where it ended (x, y), and its time in s."""
    samples, marks = [], []
    for number, (source, target, x, y, time) in enumerate(movements, start=first):
        at = number * APART
        samples += [sample(at, source[0], source[1]), sample(at + time, x, y)]
        given = {"study": "rings", "trial": number, **names}
        marks += [start(at, **given, targets={"from": source, "to": target}), end(at + time)]
    deliver(browser, samples, marks=marks)


class TargetTests(PlainTestCase):
    LEFT, RIGHT, DOWN = [0, 0, 20, 10], [100, 0, 30, 10], [0, 90, 30, 10]

    def test_two_rectangles_are_the_targets_of_a_movement(self):
        expected = Targets((10, 5), (115, 5), 10, 30)
        for start_target, targets in (
            (None, {"from": self.LEFT, "to": self.RIGHT}),
            (self.DOWN, {"from": self.LEFT, "to": self.RIGHT, "other": self.DOWN}),
            (self.LEFT, {"to": self.RIGHT, "other": self.DOWN}),
            (self.LEFT, {"right": self.RIGHT}),
            (None, {"from": self.LEFT, "right": self.RIGHT}),
        ):
            self.assertEqual(find_targets(start_target, targets), expected, targets)

    def test_a_strip_across_a_steep_way_is_as_wide_as_it_is_high(self):
        found = find_targets(self.LEFT, {"to": self.DOWN})
        self.assertEqual(found, Targets((10, 5), (15, 95), 10, 10))

    def test_other_trials_have_no_two_targets(self):
        for start_target, targets in (
            (None, {}),
            (self.LEFT, {}),
            (None, {"to": self.RIGHT}),
            (self.LEFT, {"left": self.LEFT, "right": self.RIGHT}),
            (self.LEFT, {"to": self.LEFT}),
            (None, {"from": self.LEFT}),
        ):
            self.assertIsNone(find_targets(start_target, targets), targets)


class ThroughputTests(TestCase):
    LEFT, RIGHT = square(0, 0, 20), square(100, 0, 20)

    @classmethod
    def setUpTestData(cls):
        cls.browser, cls.other = new_browser(), new_browser()
        Browser.objects.filter(pk=cls.browser.pk).update(label="participant 7")
        there, back = (cls.LEFT, cls.RIGHT), (cls.RIGHT, cls.LEFT)
        # Overshoots -2, 4, 4: mean 2, SD √12.
        three = [(*there, 98, 0, 0.5), (*back, -4, 0, 0.75), (*there, 104, 60, 1)]
        move(cls.browser, three, condition="near", block="1")
        move(cls.browser, three, first=3, condition="near", block="2")
        deliver(
            cls.browser,
            marks=[start(20, study="rings", condition="near"), end(21), start(22), start(23)],
        )
        move(cls.other, [(*there, 98, 0, 0.5), (*there, 104, 0, 0.5)], condition="far")
        make_all()
        cls.staff = User.objects.create_user("sue", password="x", is_staff=True)

    def setUp(self):
        forget_all_calls()
        self.client.force_login(self.staff)

    def get(self, status: int = 200, **query):
        answer = self.client.get("/api/v1/studies/throughput/", {"study": "rings", **query})
        self.assertEqual(answer.status_code, status, getattr(answer, "content", ""))
        return answer

    def sequences(self, **query) -> list[dict]:
        return self.get(**query).json()["sequences"]

    def test_a_sequence_is_one_instance_in_one_condition(self):
        near, far = self.sequences()
        overshoots = [-2, 4, 4] * 2
        mean = sum(overshoots) / 6
        width = WIDTH_SDS * math.sqrt(sum((one - mean) ** 2 for one in overshoots) / 5)
        # The fourth movement begins at the left, where the third did not end: nothing is carried.
        amplitude = (98 + 102 + 108 + 98 + 102 + 108) / 6
        difficulty = math.log2(amplitude / width + 1)
        expected = {
            "instance_id": str(self.browser.instance_id),
            "label": "participant 7",
            "study": "rings",
            "condition": "near",
            "block": "",
            "left_out": 1,
            "trials": 6,
            "errors": 2,
            "error_rate": 2 / 6,
            "movement_time": 0.75,
            "amplitude": amplitude,
            "width": width,
            "difficulty": difficulty,
            "throughput": difficulty / 0.75,
        }
        self.assertEqual(list(near), list(expected))
        for name, value in expected.items():
            if isinstance(value, float):
                self.assertAlmostEqual(near[name], value, 9, name)
            else:
                self.assertEqual(near[name], value, name)
        self.assertEqual((far["condition"], far["amplitude"], far["trials"]), ("far", 101, 2))

    def test_options_change_what_they_say(self):
        plain = self.sequences()[0]
        self.assertAlmostEqual(self.sequences(serial="false")[0]["amplitude"], 102)
        self.assertEqual(self.sequences(one_dimensional="true")[0]["errors"], 0)
        self.assertGreater(self.sequences(bivariate="true")[0]["width"], plain["width"])
        blocks = self.sequences(by_block="true", condition="near")
        self.assertEqual([(one["block"], one["trials"]) for one in blocks], [("1", 3), ("2", 3)])
        self.assertAlmostEqual(blocks[0]["width"], WIDTH_SDS * math.sqrt(12))

    def test_filters_pages_and_files_have_the_same_sequences(self):
        every = self.sequences()
        self.assertEqual(self.sequences(label="part"), every[:1])
        self.assertEqual(self.sequences(condition="far"), every[1:])
        self.assertEqual(self.sequences(study="other"), [])
        first = self.get(limit=1).json()
        self.assertEqual(first["sequences"], every[:1])
        second = self.get(limit=1, cursor=first["next_cursor"]).json()
        self.assertEqual(second, {"sequences": every[1:], "next_cursor": None})
        text = b"".join(self.get(format="csv").streaming_content).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual([row["throughput"] for row in rows], [str(o["throughput"]) for o in every])
        lines = b"".join(self.get(format="ndjson").streaming_content).splitlines()
        self.assertEqual([json.loads(line) for line in lines], every)

    def test_bad_values_and_visitors_are_refused(self):
        for query in ({"serial": "maybe"}, {"limit": 0}, {"cursor": "x"}):
            self.get(400, **query)
        self.client.logout()
        self.get(401)


@skipUnless(PRESENT, ABSENT)
class PublishedTests(TestCase):
    """MacKenzie's sequences as marks and samples, drained and read by the call."""

    @classmethod
    def setUpTestData(cls):
        expected = json.loads((ORACLES / "fitts_expected.json").read_text())
        cls.expected, cls.aggregate = expected["sequences"], expected["aggregate_2d"]
        rows = defaultdict(list)
        for row in read_rows("fitts_example.csv"):
            rows[row["sequence"]].append(row)
        for name, these in rows.items():
            move(new_browser(), [cls.movement(row) for row in these], condition=name)
        make_all()

    @staticmethod
    def movement(row: dict[str, str]) -> tuple:
        number = {name: float(value) for name, value in row.items() if "_" in name}
        side = float(row["width"])
        return (
            square(number["from_x"], number["from_y"], side),
            square(number["to_x"], number["to_y"], side),
            number["select_x"],
            number["select_y"],
            number["mt_ms"] / 1000,
        )

    def setUp(self):
        forget_all_calls()
        self.client.force_login(User.objects.create_user("sue", password="x", is_staff=True))

    def read(self, **query: str) -> dict[str, dict]:
        answer = self.client.get("/api/v1/studies/throughput/", {"study": "rings", **query})
        return {one["condition"]: one for one in answer.json()["sequences"]}

    def test_every_sequence_has_its_published_and_recomputed_numbers(self):
        for flat in (True, False):
            for variant in ("serial", "no_carry_over"):
                serial = str(variant == "serial")
                found = self.read(one_dimensional=str(flat), serial=serial)
                self.assertEqual(found.keys(), self.expected.keys())
                for name, expected in self.expected.items():
                    if (expected["task"] == "1D") == flat:
                        self.compare(found[name], expected["computed"][variant])

    def compare(self, found: dict, numbers: dict) -> None:
        self.assertEqual((found["trials"], found["errors"]), (numbers["n"], numbers["misses"]))
        self.assertEqual(found["left_out"], 0)
        for ours, theirs, factor in (
            ("error_rate", "error_rate_pct", 100),
            ("movement_time", "MT_ms", 1000),
            ("difficulty", "IDe", 1),
            ("throughput", "TP_bps", 1),
        ):
            self.assertAlmostEqual(factor * found[ours], numbers[theirs], delta=1e-6, msg=ours)
        for ours, theirs in (("amplitude", "Ae"), ("width", "We")):
            # Samples are stored as float32, which is 3e-5 px at 500 px.
            self.assertAlmostEqual(found[ours], numbers[theirs], delta=1e-5, msg=ours)

    def test_the_mean_of_the_sequences_is_the_published_one(self):
        for variant in ("serial", "no_carry_over"):
            found = self.read(serial=str(variant == "serial"))
            rates = [one["throughput"] for name, one in found.items() if name.startswith("2d")]
            expected = self.aggregate[f"mean_of_sequence_TPs_{variant}"]
            self.assertAlmostEqual(sum(rates) / len(rates), expected, delta=1e-6)


@skipUnless(PRESENT, ABSENT)
class AccuracyTests(TestCase):
    """Paths with known accuracies as samples of trials, whose columns the drain makes."""

    def test_the_columns_are_those_of_the_definition(self):
        expected = json.loads((ORACLES / "accuracy_expected.json").read_text())["paths"]
        paths = defaultdict(list)
        for row in read_rows("accuracy_paths.csv"):
            paths[row["path"]].append({name: row[name] for name in row if name != "path"})
        browser = new_browser()
        for number, (name, rows) in enumerate(paths.items()):
            self.deliver(browser, name, rows, at=2 * number)
        make_all()
        for trial in Trial.objects.all():
            numbers = expected[trial.trial]["definition"]
            for column, theirs in COLUMNS_OF_ACCURACY.items():
                # Samples are stored as float32.
                found = getattr(trial, column)
                self.assertAlmostEqual(
                    found, numbers[theirs], delta=1e-4, msg=f"{column} of {trial.trial}"
                )
        self.assertEqual(Trial.objects.count(), len(expected))

    def deliver(self, browser, name: str, rows: list[dict[str, str]], *, at: float) -> None:
        first = {column: float(rows[0][column]) for column in rows[0] if "_" in column}
        targets = {
            "from": square(first["from_x"], first["from_y"], 20),
            "to": square(first["to_x"], first["to_y"], float(rows[0]["width"])),
        }
        samples = [
            sample(at + i / len(rows), float(row["x"]), float(row["y"]), seq=i)
            for i, row in enumerate(rows)
        ]
        marks = [start(at, trial=name, targets=targets), end(at + 1)]
        deliver(browser, samples, marks=marks)
