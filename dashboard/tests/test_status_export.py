"""An instance's statuses as a file: any interval, any length, the same numbers as the series."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import OperationalError
from django.test import TestCase

from core.tests.problems import assert_problem
from core.values.times import EPOCH, to_rfc3339
from dashboard.api.queries import EARLIEST
from dashboard.instances.browsers import log_on
from dashboard.instances.tokens import make_token
from dashboard.models import PointerStatus
from dashboard.statuses.intervals import LATEST
from dashboard.statuses.series import COLUMNS, Range, list_statuses, page_statuses
from dashboard.wire import Status

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# Seconds after noon: within one bucket of 10 s, at its edges, and hours and weeks later.
PLACES = (0, 1, 9, 10, 11, 7200, 7205, 30 * 86_400)
UNTIL = NOON + timedelta(days=31)


def add_status(browser, second):
    PointerStatus.objects.create(
        browser=browser,
        interval_ms=1000,
        time=NOON + second * SECOND,
        events=second % 50 + 1,
        traversed_distance=second / 3,
        avg_velocity=second / 3,
        peak_velocity=second * 1.1,
        moving_time=0.1,
        start_x=second + 0.1,
        start_y=-second,
        end_x=131072.375,
        end_y=second / 7,
    )


class StatusExportTests(TestCase):
    def setUp(self):
        self.browser, other = log_on(now=NOON), log_on(now=NOON)
        for second in PLACES:
            add_status(self.browser, second)
        add_status(other, 5)
        token = make_token(instance_id=self.browser.instance_id, version=1)
        self.header = {"Authorization": f"Bearer {token}"}
        self.range = {"since": to_rfc3339(NOON), "until": to_rfc3339(UNTIL), "interval": "1s"}

    def get(self, **query):
        path = f"/api/v1/browsers/{self.browser.instance_id}/statuses/"
        return self.client.get(path, query, headers=self.header)

    def read(self, span):
        pages = page_statuses(browser_id=self.browser.pk, span=span)
        return [Status(to_rfc3339(row[0]), *row[1:]) for page in pages for row in page]

    def test_a_file_of_any_interval_is_the_series_however_it_is_cut(self):
        for interval_ms in (1000, 5000, 10_000, 7_200_000, 366 * 86_400_000):
            for fill in (False, interval_ms > 1_000_000):
                span = Range(NOON, UNTIL, interval_ms, fill)
                expected = list_statuses(browser_id=self.browser.pk, span=span)
                for size in (1, 2, 5000):
                    paged = mock.patch("dashboard.statuses.series.PAGE_BUCKETS", size)
                    with self.subTest(span, size=size), paged:
                        self.assertEqual(self.read(span), expected)

    def test_a_range_without_ends_has_all_statuses(self):
        times = [status.time for status in self.read(Range(EARLIEST, LATEST, 1000, fill=False))]
        self.assertEqual(times, [to_rfc3339(NOON + place * SECOND) for place in PLACES])

    def test_a_gap_of_weeks_costs_no_reading(self):
        # Four pages of a lookup of the next status and a read, and the lookup after the last.
        with mock.patch("dashboard.statuses.series.PAGE_BUCKETS", 10), self.assertNumQueries(9):
            self.read(Range(NOON, UNTIL, 1000, fill=False))

    def test_the_formats_have_the_same_rows(self):
        lines = b"".join(self.get(**self.range, format="ndjson")).decode().splitlines()
        objects = [json.loads(line) for line in lines]
        self.assertEqual(
            [o["time"][:19] for o in objects],
            [(NOON + place * SECOND).strftime("%Y-%m-%dT%H:%M:%S") for place in PLACES],
        )
        self.assertEqual(objects[4]["traversed_distance"], 11 / 3)
        self.assertEqual(objects[4]["end_x"], 131072.38)
        text = b"".join(self.get(**self.range, format="csv")).decode()
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        self.assertEqual(header, [column.name for column in COLUMNS])
        self.assertEqual(rows, [[str(value) for value in o.values()] for o in objects])
        parquet = b"".join(self.get(**self.range, format="parquet"))
        table = pq.read_table(pa.BufferReader(parquet))
        for found, wanted in zip(table.to_pylist(), objects, strict=True):
            self.assertEqual(to_rfc3339(found["time"]), wanted["time"])
            self.assertEqual(found["end_x"], 131072.375)
            for name in ("events", "traversed_distance", "avg_velocity", "peak_velocity"):
                self.assertEqual(found[name], wanted[name])

    def test_the_columns_are_those_of_the_series(self):
        self.assertEqual([column.name for column in COLUMNS], list(Status.__struct_fields__))

    def test_the_accept_header_and_the_address_both_choose_the_format(self):
        for kind, media_type in (
            ("csv", "text/csv"),
            ("ndjson", "application/x-ndjson"),
            ("parquet", "application/vnd.apache.parquet"),
        ):
            by_address = self.get(**self.range, format=kind)
            self.assertEqual(by_address["Content-Type"].partition(";")[0], media_type)
            range_name = "20261123T120000Z-20261224T120000Z"
            name = f"pointerscope-{self.browser.instance_id}-statuses-1s-{range_name}.{kind}"
            self.assertEqual(by_address["Content-Disposition"], f'attachment; filename="{name}"')
            self.header["Accept"] = media_type
            by_header = self.get(**self.range)
            self.assertEqual(by_header["Content-Type"], by_address["Content-Type"])
            del self.header["Accept"]

    def test_only_reading_gives_a_file(self):
        path = f"/api/v1/browsers/{self.browser.instance_id}/statuses/?format=csv"
        assert_problem(self, self.client.options(path, headers=self.header), 406, "not_acceptable")
        refused = self.client.trace(path, headers=self.header)
        assert_problem(self, refused, 405, "method_not_allowed")

    def test_only_a_file_without_fill_is_unlimited(self):
        self.assertEqual(self.get(**self.range, format="csv").status_code, 200)
        for query in ({}, {"format": "csv", "fill": "zero"}, {"format": "csv", "max_points": 9}):
            assert_problem(self, self.get(**self.range, **query), 400, "invalid", "?interval")

    def test_errors_before_the_first_row_are_problems(self):
        self.range["since"] = "noon"
        assert_problem(self, self.get(**self.range, format="csv"), 400, "invalid", "?since")
        self.range["since"] = to_rfc3339(EPOCH)
        with mock.patch("dashboard.statuses.fresh.model_of", side_effect=OperationalError):
            assert_problem(self, self.get(**self.range, format="parquet"), 503, "unavailable")
        self.header = {}
        assert_problem(self, self.get(**self.range, format="csv"), 401, "not_authenticated")
