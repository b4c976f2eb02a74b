"""Every rung can be read at once: what has not climbed yet is computed within the read.

After any sequence of writes, once the first rung is drained, each way of reading a rung gives what
the oracle computes from raw samples, and the same to the last bit as once everything has climbed.
"""

import csv
import io
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow.parquet as pq
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import TestCase, TransactionTestCase, override_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as PropertyTestCase

from analytics.models import DirtyRange, Seal
from analytics.reading.export import Scope, export_statuses
from analytics.rollups.drain import drain, drain_backlog
from analytics.rollups.rungs import store_ladder
from analytics.rollups.verify import Scope as Checked
from analytics.rollups.verify import verify
from analytics.tests.oracle import Sample, Status, expected_statuses
from analytics.tests.pointers import (
    NOW,
    RELATIVE_ERROR,
    assert_same_statuses,
    drain_all,
    drain_shard_of,
    float32,
    new_browser,
    sample,
    send,
    stored_samples,
)
from core.values.durations import FIRST_RUNG_MS, format_duration, parse_ladder
from core.values.times import EPOCH, MICROSECOND, parse_time, to_epoch_us, to_rfc3339
from dashboard.instances.tokens import make_token
from dashboard.models import Browser, PointerStatus
from dashboard.statuses.series import Range, count_active, list_statuses, list_total_statuses

TEN_SECONDS, MINUTE, HOUR = 10_000, 60_000, 3_600_000
SINCE, UNTIL = NOW - timedelta(days=30), NOW + timedelta(days=1)
# Of a view, in the order of the oracle's columns.
VIEWED = """
select time, events, traversed_distance, avg_velocity, peak_velocity, moving_time,
       start_x, start_y, end_x, end_y
from pointer_statuses{view} where instance_id = %(instance)s and interval_ms = %(rung)s
order by time
"""


def moment(seconds: float) -> datetime:
    return EPOCH + sample(seconds, 0).time * MICROSECOND


def higher_rungs() -> tuple[int, ...]:
    return django_settings.RUNGS_MS[1:]


def span_of(interval_ms: int) -> Range:
    return Range(SINCE, UNTIL, interval_ms, fill=False)


def to_status(time: datetime, numbers: Iterable[Any]) -> Status:
    events, distance, average, peak, moving, *ends = numbers
    return Status(to_epoch_us(time), events, distance, average, peak, moving, *map(float32, ends))


def by_series(browser: Browser, interval_ms: int) -> list[Status]:
    found = list_statuses(browser_id=browser.pk, span=span_of(interval_ms))
    return [
        to_status(parse_time(s.time), [getattr(s, name) for name in Status._fields[1:]])
        for s in found
    ]


def by_export(browser: Browser, interval_ms: int) -> list[Status]:
    scope = Scope([browser], SINCE, UNTIL)
    pages = export_statuses(scope=scope, interval_ms=interval_ms)
    # A row begins with the instance, the time and the interval.
    return [to_status(row[1], row[3:]) for page in pages for row in page]


def by_view(browser: Browser, rung: int, *, view: str = "") -> list[Status]:
    statement = VIEWED.format(view=view)
    if view:
        statement = statement.replace("and interval_ms = %(rung)s", "")
    with connection.cursor() as cursor:
        cursor.execute(statement, {"instance": browser.instance_id, "rung": rung})
        return [to_status(row[0], row[1:]) for row in cursor.fetchall()]


def by_own_view(browser: Browser, rung: int) -> list[Status]:
    return by_view(browser, rung, view=f"_{format_duration(rung)}")


READERS = (by_series, by_export, by_view, by_own_view)


def added_up(traces: Iterable[list[Status]]) -> dict[int, tuple[int, float, float, float]]:
    """Return events, distance, peak and moving time of all browsers, by the bucket's time."""
    totals: dict[int, tuple[int, float, float, float]] = defaultdict(lambda: (0, 0.0, 0.0, 0.0))
    for status in (status for trace in traces for status in trace):
        events, distance, peak, moving = totals[status.time]
        totals[status.time] = (
            events + status.events,
            distance + status.traversed_distance,
            max(peak, status.peak_velocity),
            moving + status.moving_time,
        )
    return totals


def drain_rung(rung: int) -> None:
    for shard in range(django_settings.ROLLUP_SHARDS):
        drain(rung=rung, shard=shard, now=NOW)


def climb_a_little(rung: int) -> None:
    """Take one claim of a shard, of so little work that it puts the rest back."""
    later = NOW + timedelta(hours=1)
    with mock.patch("analytics.rollups.drain.BACKLOG_WORK", 1):
        for shard in range(django_settings.ROLLUP_SHARDS):
            drain_backlog(rung=rung, shard=shard, now=later, seconds=0)


def mark_again(browser: Browser, rung: int, seconds: float) -> None:
    """Mark ten minutes as a claim does that puts them back."""
    DirtyRange.objects.create(
        browser=browser,
        since=moment(seconds),
        until=moment(seconds + 600) - MICROSECOND,
        rung=rung,
    )


def drop_seconds(before: float) -> None:
    """Let everything climb, and then seal and drop the statuses of 1 s before a moment."""
    drain_all()
    Seal.objects.update_or_create(
        level=FIRST_RUNG_MS, defaults={"before": moment(before), "sealed_at": NOW}
    )
    PointerStatus.objects.filter(time__lt=moment(before)).delete()


@st.composite
def batches(draw) -> list[Sample]:
    """Return samples of one browser: dense or sparse, anywhere in two hours, in any order."""
    start = draw(st.integers(-6000, -500)) + draw(st.sampled_from([0, 0.35, 0.999]))
    step = draw(st.sampled_from([0.011, 0.4, 7.3, 61]))
    seed = draw(st.integers(1, 97))
    samples = [
        sample(start + i * step, i * i * seed % 907 / 7, i * seed % 603 / 3, seq=seed)
        for i in range(draw(st.integers(1, 14)))
    ]
    return draw(st.permutations(samples))


def histories() -> st.SearchStrategy[list[tuple]]:
    browser = st.integers(0, 2)
    step = st.one_of(
        st.tuples(st.just("send"), browser, batches()),
        st.tuples(st.just("send"), browser, batches()),
        st.tuples(st.just("drain"), st.sampled_from(django_settings.RUNGS_MS)),
        st.tuples(st.just("a little"), st.sampled_from(higher_rungs())),
        st.tuples(
            st.just("mark"), browser, st.sampled_from(higher_rungs()), st.integers(-6000, 500)
        ),
        st.tuples(st.just("drop"), st.integers(-5000, -2000)),
    )
    return st.lists(step, min_size=1, max_size=14)


class AnyHistoryTests(PropertyTestCase):
    """Several browsers, late and dense samples, and drains of some rungs or parts of them."""

    @settings(max_examples=30, deadline=None)
    @given(histories())
    def test_each_rung_read_at_once_is_what_the_oracle_computes(self, history):
        browsers = [new_browser() for _ in range(3)]
        self.run_history(browsers, history)
        drain_rung(FIRST_RUNG_MS)
        at_once = self.read_all(browsers)
        self.check(browsers, at_once)
        self.assertEqual(self.differences(), [])
        drain_all()
        self.assertFalse(DirtyRange.objects.exists())
        self.assertEqual(self.read_all(browsers), at_once)
        self.assertEqual(self.differences(), [])

    def run_history(self, browsers, history):
        dropped = -10_000.0
        for kind, *words in history:
            if kind == "send":
                # Ingest takes nothing that is as old as what was dropped.
                fresh = [s for s in words[1] if s.time >= sample(dropped, 0).time]
                if fresh:
                    send(browsers[words[0]], fresh)
            elif kind == "drain":
                drain_rung(*words)
            elif kind == "a little":
                climb_a_little(*words)
            elif kind == "mark":
                mark_again(browsers[words[0]], *words[1:])
            elif words[0] > dropped:
                drop_seconds(words[0])
                dropped = -(-words[0] // 10) * 10

    def read_all(self, browsers):
        return {
            (read.__name__, rung, i): read(browser, rung)
            for read in READERS
            for rung in higher_rungs()
            for i, browser in enumerate(browsers)
        }

    def check(self, browsers, at_once):
        samples = [stored_samples(browser) for browser in browsers]
        for rung in higher_rungs():
            expected = [expected_statuses(own, interval_us=rung * 1000) for own in samples]
            for read in READERS:
                for i, statuses in enumerate(expected):
                    assert_same_statuses(self, at_once[read.__name__, rung, i], statuses)
            self.check_total(rung, expected)
            self.check_active(rung, expected)
            self.check_multiple(3 * rung, browsers, samples)

    def check_total(self, rung, expected):
        totals = added_up(expected)
        found = list_total_statuses(span=span_of(rung))
        self.assertEqual([to_epoch_us(parse_time(s.time)) for s in found], sorted(totals))
        for status in found:
            numbers = (status.traversed_distance, status.peak_velocity, status.moving_time)
            events, *wanted = totals[to_epoch_us(parse_time(status.time))]
            self.assertEqual(status.events, events)
            for number, one in zip(numbers, wanted, strict=True):
                self.assertAlmostEqual(number, one, delta=RELATIVE_ERROR * max(1, one))

    def check_active(self, rung, expected):
        """Check how many browsers have samples in each bucket, and in all of them."""
        those = defaultdict(set)
        for i, statuses in enumerate(expected):
            for status in statuses:
                those[status.time].add(i)
        counts, every = count_active(span=span_of(rung))
        self.assertEqual(
            {to_epoch_us(parse_time(time)): count for time, count in counts.items()},
            {time: len(browsers) for time, browsers in those.items()},
        )
        self.assertEqual(every, len(set().union(*those.values())))

    def check_multiple(self, interval_ms, browsers, samples):
        """Check an interval that is no rung, by its sums, which have no bucket's edge."""
        for browser, own in zip(browsers, samples, strict=True):
            found = by_series(browser, interval_ms)
            self.assertEqual(sum(s.events for s in found), len(own))
            distance = sum(s.traversed_distance for s in expected_statuses(own))
            total = sum(s.traversed_distance for s in found)
            self.assertAlmostEqual(total, distance, delta=RELATIVE_ERROR * max(1, distance))
            if own:
                self.assertEqual(found[0].start_x, min(own)[2])
                self.assertEqual(found[-1].end_x, max(own, key=lambda s: s[:2]).x)

    def differences(self):
        return [
            difference
            for rung in higher_rungs()
            for step in verify(scope=Checked(rung))
            for difference in step.differences
        ]


class RangeTests(TestCase):
    """What a person sees: ranges that read different rungs agree."""

    def setUp(self):
        self.browser = new_browser()
        self.samples = [sample(i * 7.3, i * i % 900, i) for i in range(80)]
        send(self.browser, self.samples)
        drain_shard_of(self.browser)
        token = make_token(instance_id=self.browser.instance_id, version=1)
        self.header = {"Authorization": f"Bearer {token}"}
        self.path = f"/api/v1/browsers/{self.browser.instance_id}/statuses/"
        self.range = {"since": to_rfc3339(SINCE), "until": to_rfc3339(UNTIL)}

    def test_all_ranges_of_a_page_have_the_same_events(self):
        for interval in ("10s", "1m", "30m", "1h", "2h"):
            self.assertEqual(self.events(interval), 80, interval)

    def events(self, interval):
        since, until = NOW - timedelta(hours=4), NOW
        query = {"since": to_rfc3339(since), "until": to_rfc3339(until), "interval": interval}
        statuses = self.client.get(self.path, query, headers=self.header).json()["statuses"]
        return sum(status["events"] for status in statuses)

    def test_all_instances_together_have_them_too(self):
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        answer = self.client.get("/api/v1/statuses/", {**self.range, "interval": "1h"}).json()
        self.assertEqual([status["events"] for status in answer["statuses"]], [80])

    def test_files_of_each_format_have_them_too(self):
        query = {**self.range, "interval": "1m"}
        csv_text = self.read(query, "csv").decode()
        rows = list(csv.DictReader(io.StringIO(csv_text, newline="")))
        lines = [json.loads(line) for line in self.read(query, "ndjson").splitlines()]
        table = pq.read_table(io.BytesIO(self.read(query, "parquet"))).to_pylist()
        expected = [s.events for s in expected_statuses(self.samples, interval_us=60_000_000)]
        for found in (rows, lines, table):
            self.assertEqual([int(row["events"]) for row in found], expected)

    def read(self, query, kind):
        return b"".join(self.client.get(self.path, {**query, "format": kind}, headers=self.header))

    def test_the_command_exports_them_too(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "statuses.csv"
            call_command("export", "statuses", interval=HOUR, output=path)
            rows = list(csv.DictReader(path.open(newline="")))
        self.assertEqual([row["events"] for row in rows], ["80"])

    def test_a_page_of_an_export_begins_with_what_waits(self):
        with mock.patch("dashboard.statuses.series.PAGE_BUCKETS", 1):
            self.assertEqual(by_export(self.browser, MINUTE), by_series(self.browser, MINUTE))

    def test_buckets_without_events_are_filled_around_what_waits(self):
        span = Range(NOW - timedelta(hours=2), NOW, HOUR, fill=True)
        found = list_statuses(browser_id=self.browser.pk, span=span)
        self.assertEqual([status.events for status in found], [0, 80])

    def test_samples_that_the_first_rung_lacks_are_on_no_rung(self):
        send(self.browser, [sample(300, 5, seq=9)])
        for rung in higher_rungs():
            self.assertEqual(sum(s.events for s in by_series(self.browser, rung)), 80)


class SealedTests(TestCase):
    """Buckets whose finer statuses may be gone keep what is stored."""

    def setUp(self):
        self.browser = new_browser()
        self.samples = [sample(i + 0.5, 10 * i) for i in range(120)]
        send(self.browser, self.samples)
        drop_seconds(65)

    def test_a_mark_before_the_seal_changes_no_reading(self):
        before = [by_series(self.browser, rung) for rung in higher_rungs()]
        for rung in higher_rungs():
            mark_again(self.browser, rung, -10)
        after = [by_series(self.browser, rung) for rung in higher_rungs()]
        self.assertEqual(after, before)
        drain_all()
        self.assertEqual([by_series(self.browser, rung) for rung in higher_rungs()], before)

    def test_a_sealed_bucket_is_part_of_what_climbs_from_it(self):
        late = sample(75.1, 999, seq=3)
        send(self.browser, [late])
        drain_shard_of(self.browser)
        for rung in higher_rungs():
            expected = expected_statuses([*self.samples, late], interval_us=rung * 1000)
            assert_same_statuses(self, by_series(self.browser, rung), expected)

    def test_a_stored_status_without_a_source_stays_as_the_drain_leaves_it(self):
        PointerStatus.objects.all().delete()
        before = [by_series(self.browser, rung) for rung in higher_rungs()]
        Seal.objects.all().delete()
        mark_again(self.browser, TEN_SECONDS, -10)
        self.assertEqual([by_series(self.browser, rung) for rung in higher_rungs()], before)
        drain_all()
        self.assertEqual([by_series(self.browser, rung) for rung in higher_rungs()], before)


class LadderTests(TestCase):
    @override_settings(RUNGS_MS=parse_ladder("1s,5s,15s,1m,1d"))
    def test_another_ladder_is_fresh_too(self):
        browser = new_browser()
        samples = [sample(i * 3.1, i * i % 900, i) for i in range(80)]
        store_ladder()
        send(browser, samples)
        drain_shard_of(browser)
        for rung in higher_rungs():
            expected = expected_statuses(samples, interval_us=rung * 1000)
            for read in (by_series, by_export, by_view):
                assert_same_statuses(self, read(browser, rung), expected)
        assert_same_statuses(
            self, by_own_view(browser, MINUTE), expected_statuses(samples, interval_us=60_000_000)
        )


class StoredLadderTests(TransactionTestCase):
    def test_the_ladder_in_the_database_follows_the_setting(self):
        self.assertEqual(self.stored(), list(django_settings.RUNGS_MS))
        with override_settings(RUNGS_MS=parse_ladder("1s,5s,1h")):
            call_command("backfill", stdout=io.StringIO())
            self.assertEqual(self.stored(), [1000, 5000, HOUR])
        call_command("migrate", verbosity=0)
        self.assertEqual(self.stored(), list(django_settings.RUNGS_MS))

    def stored(self):
        with connection.cursor() as cursor:
            cursor.execute("select interval_ms from analytics_rung order by 1")
            return [rung for (rung,) in cursor.fetchall()]
