"""One command fills a rung that was added to the ladder, and changes nothing else."""

from io import StringIO

from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings

from analytics.models import DirtyRange, Seal
from analytics.tests.pointers import (
    NOW,
    assert_ladder_true,
    drain_all,
    new_browser,
    sample,
    send,
    stored_statuses,
)
from core.values.durations import FIRST_RUNG_MS, parse_ladder
from core.values.times import EPOCH, MICROSECOND, to_epoch_us
from dashboard.models import CoarseStatus, PointerStatus

WITH_MORE = parse_ladder("1s,5s,10s,1m,5m,1h,1d")
FIVE_SECONDS, FIVE_MINUTES = 5000, 300_000


def backfill(*arguments: str) -> str:
    out = StringIO()
    call_command("backfill", *arguments, stdout=out)
    return out.getvalue()


class BackfillTests(TestCase):
    def setUp(self):
        self.samples = {}
        for n in (1, 2):
            samples = [sample(i * 61.7 - 9000, i * n, seq=i) for i in range(90)]
            self.samples[new_browser()] = samples
        for browser, samples in self.samples.items():
            send(browser, samples)
        drain_all()

    def test_added_rungs_are_filled_and_all_others_stay_true(self):
        with override_settings(RUNGS_MS=WITH_MORE):
            backfill()
            for browser, samples in self.samples.items():
                assert_ladder_true(self, browser, samples)

    def test_a_second_time_nothing_differs(self):
        with override_settings(RUNGS_MS=WITH_MORE):
            backfill()
            self.assertRegex(backfill(), r"^(\w+: 0 statuses changed, of 2 browsers\n){6}$")

    def test_one_rung_alone_can_be_filled(self):
        with override_settings(RUNGS_MS=WITH_MORE):
            self.assertRegex(backfill("--rung", "5m"), r"^5m: \d+ statuses changed")
        rungs = CoarseStatus.objects.values_list("interval_ms", flat=True).distinct()
        self.assertEqual(set(rungs), {*settings.RUNGS_MS[1:], FIVE_MINUTES})

    def test_marks_of_a_removed_rung_are_deleted(self):
        (browser, _) = self.samples
        DirtyRange.objects.create(browser=browser, since=NOW, until=NOW, rung=7000)
        self.assertIn("1 marks of removed rungs deleted", backfill())
        self.assertFalse(DirtyRange.objects.exists())

    def test_a_partly_sealed_bucket_is_filled_on_no_rung(self):
        (browser, _) = self.samples
        before = {rung: stored_statuses(browser, interval_ms=rung) for rung in settings.RUNGS_MS}
        gone = EPOCH + sample(-7000, 0).time * MICROSECOND
        Seal.objects.create(level=FIRST_RUNG_MS, before=gone, sealed_at=NOW)
        PointerStatus.objects.filter(time__lt=gone).delete()
        with override_settings(RUNGS_MS=parse_ladder("1s,5s,10s,1m,1h")):
            backfill()
            for rung in (10_000, 60_000, 3_600_000):
                self.assertEqual(stored_statuses(browser, interval_ms=rung), before[rung])
            first = stored_statuses(browser, interval_ms=FIVE_SECONDS)[0]
        hour, _ = divmod(first.time, 3_600_000_000)
        self.assertEqual(hour, to_epoch_us(NOW) // 3_600_000_000 - 2)
        self.assertLess(to_epoch_us(gone), hour * 3_600_000_000)

    def test_an_unknown_rung_is_refused(self):
        said = "7s is not a rung of the ladder, which has 1s, 10s"
        with self.assertRaisesRegex(CommandError, said):
            backfill("--rung", "7s")
