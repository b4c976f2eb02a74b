"""`manage.py export measures`: a row for each instance or trial, with the API's numbers."""

import csv
from contextlib import redirect_stdout
from datetime import timedelta
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from django.core.management import CommandError, call_command
from django.test import TestCase
from msgspec.structs import asdict

from analytics.reading import Selection
from analytics.studies import measures
from analytics.tests.pointers import NOW, new_browser, sample, send
from core.values.times import to_rfc3339

MOVEMENT = [sample(0, 0, enter=True), sample(0.1, 30, 40), sample(0.2, 60, 80), sample(2, 60, 90)]


def export(*arguments, stderr=None):
    """Run the command and return its rows, each by the columns' names."""
    written = BytesIO()
    with redirect_stdout(TextIOWrapper(written, write_through=True)) as text:
        call_command("export", "measures", *map(str, arguments), stderr=stderr)
        text.flush()
        return list(csv.DictReader(written.getvalue().decode().splitlines()))


def told(value):
    return "" if value is None else str(value)


class MeasureTableTests(TestCase):
    def setUp(self):
        self.first, self.second = new_browser(), new_browser()
        send(self.first, MOVEMENT)
        send(self.second, MOVEMENT[:2])
        self.folder = Path(self.enterContext(TemporaryDirectory()))

    def trials(self, *rows):
        file = self.folder / "trials.csv"
        file.write_text("\n".join(",".join(map(str, row)) for row in rows))
        return file

    def test_each_instance_has_a_row_with_the_numbers_of_the_api(self):
        rows = export("--pause", 300)
        self.assertEqual(len(rows), 2)
        for browser, row in zip((self.first, self.second), rows, strict=True):
            measured = measures.measure(selection=Selection(browser.pk), pause_ms=300)
            self.assertEqual(
                row,
                {
                    "instance_id": str(browser.instance_id),
                    "trial": "",
                    "since": "",
                    "until": "",
                    "pause_ms": "300",
                    **{name: told(value) for name, value in asdict(measured).items()},
                },
            )

    def test_each_trial_of_a_file_has_a_row_of_its_range(self):
        began = NOW - timedelta(minutes=10)
        since, until = (to_rfc3339(began + timedelta(seconds=at)) for at in (0, 1))
        name = self.first.instance_id
        head = ("trial", "instance_id", "since", "until")
        rows = export("--trials", self.trials(head, ("a", name, since, until)))
        self.assertEqual([(row["trial"], row["events"]) for row in rows], [("a", "3")])

    def test_a_row_with_too_many_samples_is_empty_and_told(self):
        said = StringIO()
        with mock.patch.object(measures, "MAX_EVENTS", 3):
            rows = export(stderr=said)
        self.assertEqual([row["events"] for row in rows], ["", "2"])
        self.assertIn("1 rows have no measures", said.getvalue())

    def test_trials_that_cannot_be_read_are_refused_with_the_line(self):
        now, name = to_rfc3339(NOW), self.first.instance_id
        head = ("instance_id", "since", "until")
        for rows, fault in (
            ([head, (name, now, now), (name, "then", now)], "line 3: "),
            ([head[:2], (name, now)], "no column until"),
            ([head, ("0" * 32, now, now)], "no such instance"),
            ([head, (name, now)], "line 2: "),
        ):
            with self.subTest(fault), self.assertRaisesRegex(CommandError, fault):
                export("--trials", self.trials(*rows))
