"""`manage.py export`: the rows in the file, and when the file appears."""

import csv
import json
import os
from contextlib import redirect_stdout
from datetime import timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock
from uuid import uuid4

import pyarrow.parquet as pq
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import TestCase

from analytics.reading.events import EVENTS
from analytics.reading.export import INSTANCE_COLUMNS, STATUS_COLUMNS, Scope, count_rows
from analytics.reading.scenes import MARKS, SCENES, UNDER_POINTER
from analytics.tests.pointers import NOW, NOW_US, drain_all, new_browser, sample, send
from analytics.tests.scenery import Mark, Scene, store_marks, store_scenes
from core.values.times import to_rfc3339
from dashboard.models import Browser

EVENT_NAMES = ["instance_id", *EVENTS.fields]
SAMPLES = [sample(0, 0.1, enter=True), sample(0, 3, 4, seq=1), sample(12, -5, 131072.375)]


def export(*arguments):
    """Run the command and return its output."""
    written = BytesIO()
    with redirect_stdout(TextIOWrapper(written, write_through=True)) as text:
        call_command("export", *map(str, arguments))
        text.flush()
        return written.getvalue().decode()


def rows_of(text):
    return list(csv.reader(text.splitlines()))


class ExportTests(TestCase):
    def setUp(self):
        self.first, self.second, new = new_browser(), new_browser(), new_browser()
        self.names = [str(browser.instance_id) for browser in (self.first, self.second, new)]
        send(self.second, SAMPLES[:1])
        send(self.first, SAMPLES)
        drain_all()
        self.folder = Path(self.enterContext(TemporaryDirectory()))

    def test_all_instances_follow_each_other_each_by_time_and_seq(self):
        start = to_rfc3339(NOW - timedelta(minutes=10))
        self.assertEqual(
            rows_of(export("events")),
            [
                EVENT_NAMES,
                [self.names[0], start, "0.1", "0.0", "0", "true"],
                [self.names[0], start, "3.0", "4.0", "1", "false"],
                [self.names[0], start.replace(":00.", ":12."), "-5.0", "131072.38", "0", "false"],
                [self.names[1], start, "0.1", "0.0", "0", "true"],
            ],
        )

    def test_scenes_and_marks_of_all_instances_follow_each_other(self):
        for browser in (self.second, self.first):
            store_scenes(browser, [Scene(NOW_US + n, 3, page="=1") for n in (1, 0)])
            store_marks(browser, [Mark(NOW_US, 40, "start", {"trial": 3})])
        for rows, source, expected in (
            ("scenes", SCENES, [(name, n) for name in self.names[:2] for n in (0, 1)]),
            ("marks", MARKS, [(name, 0) for name in self.names[:2]]),
        ):
            header, *found = rows_of(export(rows))
            self.assertEqual(header, ["instance_id", *(column.name for column in source.columns)])
            times = [
                (row[0], to_rfc3339(NOW + timedelta(microseconds=n)))
                for row, n in zip(found, (n for _, n in expected), strict=True)
            ]
            self.assertEqual([(row[0], row[1]) for row in found], times)
            self.assertEqual([row[0] for row in found], [name for name, _ in expected])
        (row,) = rows_of(export("marks", "--browser", self.names[0]))[1:]
        self.assertEqual(row[2:], ["40", "start", '{"trial":3}'])

    def test_events_can_have_what_lies_under_them(self):
        store_scenes(self.first, [Scene(SAMPLES[2].time, 0, scroll_y=640.0, page="/pricing")])
        header, *rows = rows_of(export("events", "--with", "scene"))
        self.assertEqual(header, [*EVENT_NAMES, *(column.name for column in UNDER_POINTER)])
        under = ["1280.0", "720.0", "1280.0", "5200.0", "0.0", "640.0", "2.0", "mouse", "/pricing"]
        self.assertEqual([row[6:] for row in rows], [[""] * 9, [""] * 9, under, [""] * 9])

    def test_instances_are_exported_with_their_labels(self):
        Browser.objects.filter(pk=self.first.pk).update(label="=kiosk", site="shop.example")
        header, *rows = rows_of(export("instances"))
        self.assertEqual(header, [column.name for column in INSTANCE_COLUMNS])
        self.assertEqual(
            rows,
            [
                [self.names[0], "'=kiosk", "shop.example", to_rfc3339(NOW), ""],
                *([name, "", "", to_rfc3339(NOW), ""] for name in self.names[1:]),
            ],
        )

    def test_instances_and_a_range_can_be_chosen(self):
        since = to_rfc3339(NOW - timedelta(minutes=9, seconds=55))
        for arguments, expected in (
            (("--browser", self.names[1]), self.names[1:2]),
            (
                ("--browser", self.names[1], "--browser", self.names[0]),
                [*self.names[:1] * 3, self.names[1]],
            ),
            (("--since", since), self.names[:1]),
            (("--until", since), [*self.names[:1] * 2, self.names[1]]),
            (("--browser", self.names[2]), []),
        ):
            with self.subTest(arguments):
                rows = rows_of(export("events", *arguments))
                self.assertEqual([row[0] for row in rows[1:]], expected)

    def test_statuses_are_of_any_interval(self):
        for arguments, lengths in (
            ((), [1000] * 3),
            (("--interval", "10s"), [10_000] * 3),
            (("--rung", "1m"), [60_000] * 2),
            (("--interval", "1d", "--browser", self.names[0]), [86_400_000]),
        ):
            with self.subTest(arguments):
                header, *rows = rows_of(export("statuses", *arguments))
                self.assertEqual(header, [column.name for column in STATUS_COLUMNS])
                self.assertEqual([int(row[2]) for row in rows], lengths)
                self.assertEqual(sum(int(row[3]) for row in rows if row[0] == self.names[0]), 3)

    def test_the_format_is_that_of_the_suffix_or_the_option(self):
        for name, told in (
            ("a.csv", ""),
            ("a.ndjson", ""),
            ("a.parquet", ""),
            ("a", "parquet"),
            ("b", ""),
        ):
            with self.subTest(name, told=told):
                path = self.folder / name
                export("events", "--output", path, *(["--format", told] if told else []))
                kind = told or path.suffix or ".csv"
                if kind.endswith("parquet"):
                    found = pq.read_table(path).column("instance_id").to_pylist()
                elif kind == ".ndjson":
                    found = [json.loads(line)["instance_id"] for line in path.open()]
                else:
                    found = [row[0] for row in rows_of(path.read_text())[1:]]
                self.assertEqual(found, [*self.names[:1] * 3, self.names[1]])

    def test_invalid_arguments_are_reported(self):
        for complaint, *arguments in (
            ("no such instance", "events", "--browser", uuid4()),
            ("has no known suffix", "events", "--output", self.folder / "a.csv.gz"),
            ("No such file or directory", "events", "--output", self.folder / "absent" / "a.csv"),
            ("only statuses have an --interval", "events", "--interval", "1m"),
            ("--with is for events", "scenes", "--with", "scene"),
            ("a whole number of s, m, h or d", "statuses", "--interval", "1.5s"),
            ("RFC 3339", "events", "--since", "noon"),
        ):
            with self.subTest(complaint), self.assertRaisesMessage(CommandError, complaint):
                export(*arguments)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_an_export_that_fails_keeps_the_previous_file(self):
        def pages():
            yield [("row",)]
            raise OperationalError("gone")

        path = self.folder / "all.csv"
        path.write_text("before")
        failing = mock.patch(
            "analytics.management.commands.export.export_rows", return_value=pages()
        )
        with failing, self.assertRaisesMessage(CommandError, "the database failed: gone"):
            export("events", "--output", path)
        self.assertEqual([found.read_text() for found in self.folder.iterdir()], ["before"])

    def test_a_device_is_written_to_and_a_link_followed(self):
        target, link, pipe = (self.folder / name for name in ("target", "link.csv", "pipe"))
        target.write_text("before")
        link.symlink_to(target)
        export("events", "--output", link)
        self.assertTrue(link.is_symlink())
        self.assertEqual(len(rows_of(target.read_text())), 5)
        os.mkfifo(pipe)
        reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reading)
        export("events", "--output", pipe)
        self.assertEqual(os.read(reading, 65_536).decode(), target.read_bytes().decode())
        self.assertTrue(pipe.is_fifo())

    def test_the_number_of_rows_is_known_in_advance(self):
        scope = Scope([self.first, self.second])
        self.assertEqual(count_rows(scope=scope, interval_ms=None), 4)
        self.assertEqual(count_rows(scope=scope, interval_ms=60_000), 2)
        self.assertIsNone(count_rows(scope=scope, interval_ms=5000))
        store_scenes(self.first, [Scene(NOW_US, 0)])
        self.assertEqual(count_rows(scope=scope, interval_ms=None, source=SCENES), 1)
        until = NOW - timedelta(minutes=9, seconds=45)
        late = scope._replace(since=NOW - timedelta(minutes=9, seconds=55), until=until)
        self.assertEqual(count_rows(scope=late, interval_ms=None), 1)
