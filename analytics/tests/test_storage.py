"""`manage.py storage` shows the stored data, its growth, and when the disk is full."""

import json
from datetime import timedelta
from io import StringIO
from unittest import TestCase as PlainTestCase
from unittest import mock

from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase, override_settings

from analytics.tests.pointers import NOW, NOW_US, new_browser
from analytics.tests.scenery import Mark, Scene, store_marks, store_scenes
from analytics.upkeep import disk_usage
from analytics.upkeep.disk_usage import (
    Chunk,
    Holding,
    days_until_full,
    growth_per_day,
    measure_storage,
)
from dashboard.models import Browser

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# 10,000 samples a day, from four days ago until now.
EVENTS = """
insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
select %s, %s::timestamptz - i * interval '8.64 seconds', 1, 2, i, false
from generate_series(1, 40000) i
"""
STATUSES = """
insert into dashboard_pointerstatus (browser_id, interval_ms, time, events, traversed_distance,
    avg_velocity, peak_velocity, moving_time, start_x, start_y, end_x, end_y)
select %s, 1000, %s::timestamptz - i * interval '86.4 seconds', 10, 1, 1, 1, 1, 1, 1, 1, 1
from generate_series(1, 4000) i
"""
ON_DISK = """
select sum(pg_total_relation_size(format('%%I.%%I', chunk_schema, chunk_name)::regclass))
    + pg_total_relation_size(%s::regclass)
from timescaledb_information.chunks where hypertable_name = %s
"""


def show(*arguments: str) -> str:
    out = StringIO()
    with mock.patch("django.utils.timezone.now", return_value=NOW):
        call_command("storage", *arguments, stdout=out)
    return out.getvalue()


class StorageTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        browser = new_browser()
        Browser.objects.update(logged_on_at=NOW - 4 * DAY)
        with connection.cursor() as cursor:
            for statement in (EVENTS, STATUSES):
                cursor.execute(statement, [browser.pk, NOW])
            store_scenes(browser, [Scene(NOW_US - n * 86_400_000_000, n) for n in range(2)])
            store_marks(browser, [Mark(NOW_US, 0, "start", {})])
            cursor.execute("analyze")
            cls.on_disk = []
            for table in disk_usage.kept_for():
                cursor.execute(ON_DISK, [table, table])
                cls.on_disk.append(cursor.fetchone()[0])

    def test_chunks_rows_and_bytes_are_those_of_the_tables(self):
        found = measure_storage(now=NOW)
        events, statuses, coarse, *scenic = found.hypertables[:5]
        self.assertEqual((events.chunks, events.rows), (5, 40_000))
        self.assertEqual((statuses.rows, coarse.chunks, coarse.rows), (4000, 0, 0))
        self.assertEqual([events.bytes, statuses.bytes], [int(n) for n in self.on_disk[:2]])
        self.assertEqual(events.bytes_per_row, events.bytes / 40_000)
        self.assertEqual((found.total.rows, found.total.chunks), (44_003, 8 + statuses.chunks))
        self.assertEqual([(h.chunks, h.rows) for h in scenic], [(2, 2), (1, 1)])
        self.assertEqual(found.total.bytes, sum(h.bytes for h in found.hypertables))

    def test_growth_is_the_daily_increase(self):
        events, statuses, coarse, *_ = measure_storage(now=NOW).hypertables
        for holding in (events, statuses):
            share = holding.growth_per_day * 4 / holding.bytes
            # The empty hypertable counts in its size, but does not grow.
            self.assertTrue(0.97 < share <= 1, share)
        self.assertEqual(coarse.growth_per_day, 0)

    def test_the_cost_of_an_event_includes_everything_that_grows_with_it(self):
        found = measure_storage(now=NOW)
        events, statuses = found.hypertables[:2]
        self.assertAlmostEqual(events.bytes_per_event, events.bytes_per_row)
        # One status per ten events.
        self.assertAlmostEqual(
            statuses.bytes_per_event,
            statuses.bytes_per_row / 10,
            delta=statuses.bytes_per_row / 100,
        )
        self.assertAlmostEqual(
            found.total.bytes_per_event, sum(h.bytes_per_event for h in found.hypertables)
        )

    @override_settings(RAW_RETENTION_DAYS=10)
    def test_retention_ends_the_growth_of_dropped_data(self):
        events, _, coarse, *scenic = measure_storage(now=NOW).hypertables[:5]
        # Kept for ten days, and then until the end of a chunk of one day.
        self.assertAlmostEqual(events.levels_off_at, events.growth_per_day * 11)
        self.assertIsNone(coarse.levels_off_at)
        for holding in scenic:
            self.assertAlmostEqual(holding.levels_off_at, holding.growth_per_day * 11)

    def test_a_given_disk_is_full_when_the_growth_exceeds_the_free_space(self):
        before = measure_storage(now=NOW)
        growth = before.total.growth_per_day
        size = int(before.database_bytes + 5.5 * growth)
        found = measure_storage(now=NOW, disk_bytes=size)
        self.assertEqual(found.disk.free, size - before.database_bytes)
        self.assertEqual(found.total.full_in_days, 6)
        alone = [holding.full_in_days for holding in found.hypertables]
        self.assertEqual(alone[2], None)
        self.assertGreater(alone[0], 6)

    def test_the_disk_of_a_server_on_this_machine_is_found(self):
        disk = measure_storage(now=NOW).disk
        if disk is None:
            self.skipTest("the tests' database is on another machine")
        self.assertTrue(0 < disk.free < disk.size)

    def test_it_is_shown_as_a_table(self):
        lines = show("--disk", "1TB").splitlines()
        self.assertEqual(lines[1].split()[:3], ["analytics_pointerpositionevent", "5", "40,000"])
        tables = [line.split()[0] for line in lines[1 : len(disk_usage.kept_for()) + 2]]
        self.assertEqual(tables, [*disk_usage.kept_for(), "total"])
        self.assertRegex(
            lines[-1], r"^The whole database has .* Free: .* of 1 TB, .* At this growth"
        )

    def test_it_is_given_as_json(self):
        answer = json.loads(show("--json", "--disk", "2GiB"))
        self.assertEqual(answer["disk"]["size"], 2 * 1024**3)
        self.assertEqual(answer["hypertables"][0]["rows"], 40_000)
        self.assertEqual(set(answer["total"]), set(Holding._fields))

    def test_an_invalid_size_is_refused(self):
        for text in ("much", "5 apples", "-1GB", "0GB"):
            with self.assertRaisesRegex(CommandError, "--disk"):
                show(f"--disk={text}")


class EmptyTests(TestCase):
    def test_an_empty_service_has_no_growth_and_says_so(self):
        self.assertIn("Growth is unknown in the service's first hour.", show("--disk", "1TB"))

    def test_for_an_unknown_disk_it_names_the_option(self):
        with mock.patch.object(disk_usage, "_find_disk", return_value=None):
            self.assertIn("--disk 500GB names its size", show())


class GrowthTests(PlainTestCase):
    def growth(self, *chunks: Chunk, first=NOW - 100 * DAY) -> float | None:
        return growth_per_day(list(chunks), first=first, now=NOW)

    def test_whole_chunks_of_the_last_week_count_whole(self):
        days = [Chunk(NOW - (n + 1) * DAY, NOW - n * DAY, 100) for n in range(30)]
        self.assertEqual(self.growth(*days), 100)

    def test_of_a_long_chunk_the_share_of_the_last_week_counts(self):
        self.assertEqual(self.growth(Chunk(NOW - 14 * DAY, NOW + 14 * DAY, 1400)), 100)

    def test_a_young_service_is_measured_since_it_began(self):
        chunk = Chunk(NOW - 20 * DAY, NOW + 8 * DAY, 300)
        self.assertEqual(self.growth(chunk, first=NOW - 3 * DAY), 100)
        self.assertIsNone(self.growth(chunk, first=NOW - HOUR / 2))


class ForesightTests(PlainTestCase):
    def test_growth_ends_where_retention_levels_it_off(self):
        empty = Holding("t", 1, 0, 1000, None, None, 100, 1500, None)
        self.assertEqual(days_until_full([empty], 450), 5)
        self.assertEqual(days_until_full([empty], 500), None)
        stays = empty._replace(growth_per_day=10, levels_off_at=None)
        self.assertEqual(days_until_full([empty, stays], 600), 11)
        self.assertEqual(days_until_full([empty], -1), 0)
