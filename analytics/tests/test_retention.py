"""Old data is sealed, then dropped by whole chunks, and no status changes."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase, override_settings

from analytics.models import DirtyRange, PointerMark, PointerPositionEvent, PointerScene, Seal
from analytics.tests.interleaving import Session
from analytics.tests.oracle import Sample
from analytics.tests.pointers import (
    NOW,
    drain_all,
    float32,
    new_browser,
    send,
    stored_samples,
    stored_statuses,
)
from analytics.tests.scenery import Mark, Scene, store_marks, store_scenes
from analytics.upkeep.retention import retain
from core.values.durations import FIRST_RUNG_MS
from core.values.times import EPOCH, MICROSECOND, to_epoch_us
from dashboard.statuses.ladder import RAW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sample_at(time: datetime, x: float, seq: int = 0) -> Sample:
    return Sample(to_epoch_us(time), seq, float32(x), 0.0)


def ladder(browser) -> dict:
    return {rung: stored_statuses(browser, interval_ms=rung) for rung in settings.RUNGS_MS}


class RetentionTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.browser = new_browser()
        # Two months with a sample at noon each day, and their state before anything was dropped.
        cls.samples = [sample_at(NOW - n * DAY, n * n % 97) for n in range(60)]
        for sample in cls.samples:
            send(cls.browser, [sample], now=EPOCH + sample.time * MICROSECOND)
        drain_all()
        cls.before = ladder(cls.browser)

    def kept(self) -> list[int]:
        """Return the age in days of each remaining sample."""
        return sorted((to_epoch_us(NOW) - s.time) // 86_400_000_000 for s in self.samples_left())

    def samples_left(self) -> list[Sample]:
        return stored_samples(self.browser)

    def test_the_first_run_seals_and_the_next_drops(self):
        self.assertEqual(retain(now=NOW), [])
        self.assertEqual(len(self.kept()), 60)
        self.assertEqual(len(retain(now=NOW + HOUR)), 29)
        # Chunks are days of UTC: the chunk that contains the limit stays whole.
        self.assertEqual(self.kept(), list(range(31)))

    def test_scenes_and_marks_are_dropped_with_samples(self):
        keys = [(sample.time, sample.seq) for sample in self.samples]
        store_scenes(self.browser, [Scene(*key) for key in keys])
        store_marks(self.browser, [Mark(*key, "noon", {}) for key in keys])
        retain(now=NOW)
        for model in (PointerScene, PointerMark):
            self.assertEqual(model.objects.count(), 60)
        self.assertEqual(len(retain(now=NOW + HOUR)), 3 * 29)
        left = set(PointerPositionEvent.objects.values_list("time", "seq"))
        self.assertEqual(len(left), 31)
        for model in (PointerScene, PointerMark):
            self.assertEqual(set(model.objects.values_list("time", "seq")), left)

    def test_no_status_changes_and_late_samples_are_rolled_up(self):
        for hours in range(3):
            retain(now=NOW + hours * HOUR)
        self.assertEqual(ladder(self.browser), self.before)
        late = sample_at(NOW - 29 * DAY + HOUR, 5)
        send(self.browser, [late], now=NOW)
        drain_all()
        for rung, statuses in ladder(self.browser).items():
            known = {s.time: s for s in self.before[rung]}
            changed = {s.time for s in statuses if s != known.get(s.time)}
            expected = {late.time, to_epoch_us(NOW - 28 * DAY)}
            self.assertEqual(changed, {t // (rung * 1000) * (rung * 1000) for t in expected}, rung)

    def test_seconds_are_dropped_after_their_own_time_and_coarser_statuses_stay(self):
        later = NOW + 60 * DAY
        retain(now=later)
        retain(now=later + HOUR)
        after = ladder(self.browser)
        self.assertEqual(self.samples_left(), [])
        limit = to_epoch_us(later - settings.STATUS_RETENTION_DAYS * DAY)
        gone = [s for s in self.before[FIRST_RUNG_MS] if s not in after[FIRST_RUNG_MS]]
        self.assertTrue(gone)
        self.assertTrue(all(s.time < limit for s in gone))
        # Their chunks are seven days long.
        left = [s for s in after[FIRST_RUNG_MS] if s.time < limit]
        self.assertLess(len(left), 7)
        for rung in settings.RUNGS_MS[1:]:
            self.assertEqual(after[rung], self.before[rung])

    def test_two_concurrent_runs_equal_one(self):
        for minutes in (0, 1, 60, 61, 120):
            retain(now=NOW + minutes * timedelta(minutes=1))
        self.assertEqual(self.kept(), list(range(31)))

    def test_runs_that_are_too_frequent_still_drop(self):
        for minutes in range(0, 60, 4):
            retain(now=NOW + minutes * timedelta(minutes=1))
        self.assertEqual(self.kept(), list(range(31)))

    def test_ranges_of_waiting_marks_are_not_sealed(self):
        old = NOW - 40 * DAY
        DirtyRange.objects.create(browser=self.browser, since=old, until=old, rung=FIRST_RUNG_MS)
        for hours in range(3):
            retain(now=NOW + hours * HOUR)
        self.assertEqual(max(self.kept()), 40)
        self.assertLessEqual(Seal.objects.get(level=RAW).before, old)

    def test_a_mark_of_a_removed_rung_delays_nothing(self):
        DirtyRange.objects.create(browser=self.browser, since=EPOCH, until=EPOCH, rung=7000)
        for hours in range(2):
            retain(now=NOW + hours * HOUR)
        self.assertEqual(self.kept(), list(range(31)))

    def test_a_seal_never_moves_back(self):
        retain(now=NOW)
        before = Seal.objects.get(level=RAW).before
        with override_settings(RAW_RETENTION_DAYS=50):
            retain(now=NOW + HOUR)
        self.assertEqual(Seal.objects.get(level=RAW).before, before)


class BusyTests(TransactionTestCase):
    def test_a_chunk_that_a_long_reader_holds_is_left_for_the_next_run(self):
        browser = new_browser()
        old = NOW - 40 * DAY
        send(browser, [sample_at(old, 1)], now=old)
        drain_all()
        retain(now=NOW)
        read = "select count(*) from analytics_pointerpositionevent"

        def read_for_long():
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(read)

        reader = Session(read_for_long, after=read).until_held()
        self.assertEqual(retain(now=NOW + HOUR), [])
        reader.finish()
        self.assertEqual(PointerPositionEvent.objects.count(), 1)
        self.assertEqual(len(retain(now=NOW + 2 * HOUR)), 1)
        self.assertFalse(PointerPositionEvent.objects.exists())
