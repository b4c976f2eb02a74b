"""Old chunks are compressed where TimescaleDB's licence allows it, and late samples still come in.

One edition is installed where the tests run, so the other one's tests are skipped there.
"""

import io
from contextlib import closing
from datetime import timedelta
from unittest import mock

import psycopg2
from django.core.management import call_command
from django.db import NotSupportedError, connection, transaction
from django.test import TestCase, TransactionTestCase, override_settings

from analytics.tests.oracle import Sample
from analytics.tests.pointers import NOW, drain_all, float32, new_browser, send, stored_samples
from analytics.upkeep import compression, packing
from analytics.upkeep.compression import ENABLE, LICENCE, compress
from analytics.upkeep.retention import retain
from core.values.times import to_epoch_us
from dashboard.instances.erasing import erase

DAY = timedelta(days=1)
TABLE = "analytics_pointerpositionevent"
CHUNKS = """
select format('%%I.%%I', chunk_schema, chunk_name), is_compressed,
    (select status & 10 <> 0 from _timescaledb_catalog.chunk
     where (schema_name, table_name) = (chunk_schema, chunk_name))
from timescaledb_information.chunks where hypertable_name = %s order by range_start
"""
STATUSES_OF = "select count(*) from dashboard_pointerstatus where browser_id = %s"


def query(sql: str, *parameters) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall()


def samples_of(days: int, *, first: int = 0, count: int = 30) -> list[Sample]:
    """Samples at noon so many days ago, a second apart."""
    start = to_epoch_us(NOW - days * DAY)
    return [
        Sample(start + n * 1_000_000, n, float32(n * n % 97), 0.0)
        for n in range(first, first + count)
    ]


def chunks() -> list[tuple[bool, bool]]:
    """Return of each chunk of samples, oldest first, whether it is compressed, and partial."""
    return [(is_compressed, bool(partial)) for _, is_compressed, partial in query(CHUNKS, TABLE)]


class ApacheTests(TestCase):
    def setUp(self):
        if query(LICENCE) != [("apache",)]:
            self.skipTest("this is the Community edition")

    def test_the_apache_edition_is_not_asked_to_compress(self):
        send(new_browser(), samples_of(9))
        self.assertEqual(compress(now=NOW), [])

    def test_only_the_licence_stands_in_the_way(self):
        for statement in ENABLE.values():
            with self.assertRaisesRegex(NotSupportedError, "licen[sc]e"), transaction.atomic():
                connection.cursor().execute(statement)


class CommunityTests(TransactionTestCase):
    def setUp(self):
        if query(LICENCE) != [("timescale",)]:
            self.skipTest("this is the Apache edition")
        self.addCleanup(self.forget)
        self.browser = new_browser()
        for days in (9, 5, 0):
            send(self.browser, samples_of(days), now=NOW - days * DAY + timedelta(minutes=1))
        drain_all()

    def forget(self):
        """Make the hypertables as a migration leaves them: without chunks, and not compressed."""
        with connection.cursor() as cursor:
            for table in ENABLE:
                cursor.execute(
                    "select drop_chunks(%s, older_than => 'infinity'::timestamptz)", [table]
                )
                cursor.execute(f"alter table {table} set (timescaledb.compress = false)")

    def send_late(self, *, first: int, count: int) -> None:
        send(self.browser, samples_of(9, first=first, count=count), now=NOW)
        drain_all()

    def assert_all_is_right(self, count: int) -> None:
        self.assertEqual(len(stored_samples(self.browser)), count)
        printed = io.StringIO()
        call_command("verify_rollups", stdout=printed)

    def test_old_chunks_are_compressed_and_read_and_the_newest_is_not(self):
        names = compress(now=NOW)
        self.assertEqual(len([name for name in names if name in chunk_names()]), 2)
        self.assertEqual(chunks(), [(True, False), (True, False), (False, False)])
        self.assert_all_is_right(90)
        self.assertEqual(compress(now=NOW), [])

    @override_settings(COMPRESS_AFTER_DAYS=0)
    def test_nothing_is_compressed_where_the_setting_says_so(self):
        self.assertEqual(compress(now=NOW), [])

    def test_late_samples_come_into_a_compressed_day_and_are_compressed_by_the_next_run(self):
        compress(now=NOW)
        for first, count in ((30, 2000), (2030, 1)):
            with self.subTest(count):
                self.send_late(first=first, count=count)
                self.assertEqual(chunks()[0], (True, True))
                compress(now=NOW)
                self.assertEqual(chunks()[0], (True, False))
        self.assert_all_is_right(90 + 2001)

    def test_repeats_of_compressed_samples_are_duplicates(self):
        compress(now=NOW)
        receipt = send(self.browser, samples_of(9), now=NOW)
        self.assertEqual((receipt.accepted, receipt.duplicates), (0, 30))
        drain_all()
        compress(now=NOW)
        self.assertEqual(chunks()[0], (True, False))
        self.assert_all_is_right(90)

    def test_an_instance_is_erased_from_compressed_chunks_and_nothing_else_is(self):
        other = new_browser()
        send(other, samples_of(9), now=NOW)
        drain_all()
        compress(now=NOW)
        erase(instance_id=self.browser.instance_id, token=None)
        self.assertEqual(stored_samples(self.browser), [])
        self.assertEqual(query(STATUSES_OF, self.browser.pk), [(0,)])
        self.browser = other
        self.assert_all_is_right(30)
        compress(now=NOW)
        self.assertEqual(chunks()[0], (True, False))
        self.assert_all_is_right(30)

    def test_compressed_chunks_are_dropped_in_time(self):
        compress(now=NOW)
        later = NOW + 23 * DAY
        retain(now=later)
        retain(now=later + timedelta(hours=1))
        self.assertEqual(chunks(), [(True, False), (False, False)])

    def test_a_long_reader_keeps_one_chunk_from_it_and_the_rest_goes_on(self):
        compress(now=NOW - 6 * DAY)
        send(self.browser, samples_of(3), now=NOW)
        self.assertEqual([one for one, _ in chunks()], [True, False, False, False])
        plain = query(CHUNKS, TABLE)[1][0]
        with self.reader(f"select * from {plain}"), self.assertLogs(compression.logger) as logs:
            compressed = compress(now=NOW)
        self.assertIn(f"{plain} stays as it is until the next run", logs.output[0])
        self.assertNotIn(plain, compressed)
        self.assertEqual([one for one, _ in chunks()], [True, False, True, False])

    def test_a_long_reader_at_the_first_run_keeps_one_table_from_it_and_packing_goes_on(self):
        with (
            self.reader(f"select count(*) from {TABLE}"),
            self.assertLogs(compression.logger) as logs,
        ):
            compressed = compress(now=NOW)
        self.assertIn(f"{TABLE} stays as it is until the next run", logs.output[0])
        self.assertNotIn((True, False), chunks())
        self.assertTrue(compressed, "the statuses are compressed")
        with mock.patch.object(packing, "_pack", return_value=["packed"]):
            self.assertEqual(packing.pack(now=NOW), ["packed"])
        compress(now=NOW)
        self.assertEqual(chunks()[0], (True, False))

    def reader(self, sql: str):
        """A session that has read, and keeps its transaction open."""
        parameters = connection.get_connection_params()
        wanted = ("host", "port", "user", "password", "dbname")
        session = psycopg2.connect(**{name: parameters[name] for name in wanted})
        session.cursor().execute(sql)
        return closing(session)


def chunk_names() -> set[str]:
    return {name for name, _, _ in query(CHUNKS, TABLE)}
