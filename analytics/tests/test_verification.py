"""Statuses that differ from the samples are found, and repaired on request."""

from io import StringIO
from unittest import mock
from uuid import UUID

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test import TestCase, TransactionTestCase, override_settings

from analytics.models import DirtyRange, PointerPositionEvent, Seal
from analytics.rollups.recompute import ROLL_UP
from analytics.rollups.repair import repair
from analytics.rollups.verify import Difference, Scope, verify
from analytics.tests.interleaving import Session
from analytics.tests.pointers import (
    NOW,
    assert_ladder_true,
    drain_all,
    drain_shard_of,
    mark,
    new_browser,
    sample,
    send,
    stored_samples,
    stored_statuses,
)
from core.values.durations import FIRST_RUNG_MS, parse_ladder
from core.values.times import EPOCH, MICROSECOND, to_rfc3339
from dashboard.models import CoarseStatus, PointerStatus
from dashboard.statuses.ladder import RAW

SAMPLES = [sample(i * 1.7, i * i % 300, i) for i in range(100)]


def moment(seconds: float):
    return EPOCH + sample(seconds, 0).time * MICROSECOND


def differences(scope: Scope) -> list[Difference]:
    return [found for step in verify(scope=scope) for found in step.differences]


def run(*arguments: str) -> tuple[int, list[str]]:
    """Return the command's exit code and its output lines."""
    out = StringIO()
    try:
        call_command("verify_rollups", *arguments, stdout=out)
        code = 0
    except SystemExit as end:
        code = end.code
    return code, out.getvalue().splitlines()


class VerifyTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.browser, cls.other = new_browser(), new_browser()
        for browser in (cls.browser, cls.other):
            send(browser, SAMPLES)
        drain_all()

    def row(self, seconds=5, model=PointerStatus, **more):
        rows = model.objects.filter(browser=self.browser, time__gte=moment(seconds), **more)
        return model.objects.filter(pk=rows.order_by("time")[0].pk)

    def test_right_statuses_are_reported_as_right(self):
        count = PointerStatus.objects.count() + CoarseStatus.objects.count()
        right = f"{count} statuses compared: all are right"
        self.assertEqual(run(), (0, [right]))

    def test_each_wrong_number_on_each_rung_is_found(self):
        columns = [field.name for field in PointerStatus._meta.fields][1:]
        numbers = [name for name in columns if name not in ("browser", "time", "interval_ms")]
        self.assertEqual(len(numbers), 9)
        for rung in settings.RUNGS_MS:
            model = PointerStatus if rung == FIRST_RUNG_MS else CoarseStatus
            for column in numbers:
                row = self.row(model=model, seconds=-4000, interval_ms=rung)
                was = row.values_list(column, flat=True)[0]
                row.update(**{column: F(column) + 1})
                found = differences(Scope(rung, [self.browser.pk]))
                with self.subTest(rung=rung, column=column):
                    self.assertEqual([(d.column, d.expected) for d in found], [(column, was)])
                row.update(**{column: was})

    def test_a_difference_is_one_line_and_an_exit_code(self):
        row = self.row(5)
        row.update(events=77)
        time = row.values_list("time", flat=True)[0]
        code, lines = run()
        start = f"{self.browser} 1s {to_rfc3339(time)} events: stored 77, should be "
        self.assertEqual(code, 1)
        self.assertTrue(lines[0].startswith(start), lines)
        self.assertEqual(lines[-1].split(", ")[-1], "run again with --repair to recompute them")

    def test_missing_and_surplus_statuses_are_found_and_repaired(self):
        self.row(5).delete()
        for row in (self.row(9).get(), self.row(20, CoarseStatus, interval_ms=10_000).get()):
            row.time += 90 * 86400 * 1_000_000 * MICROSECOND
            row.save(force_insert=True)
        self.row(60).update(traversed_distance=5)
        self.row(-4000, CoarseStatus, interval_ms=60_000).update(end_x=5)
        self.assertEqual(run()[0], 1)
        self.assertEqual(run("--repair")[0], 1)
        drain_all()
        self.assertEqual(run()[0], 0)
        for browser in (self.browser, self.other):
            assert_ladder_true(self, browser, SAMPLES)

    def test_a_repaired_surplus_status_leaves_the_sums_above_too(self):
        before = {r: stored_statuses(self.browser, interval_ms=r) for r in settings.RUNGS_MS}
        row = self.row(9).get()
        # A second without a sample.
        row.time = moment(2)
        row.save(force_insert=True)
        mark(self.browser, SAMPLES, rung=10_000)
        drain_all()
        found = differences(Scope(FIRST_RUNG_MS, since=row.time))
        repair(rung=FIRST_RUNG_MS, differences=found, now=NOW)
        drain_all()
        after = {r: stored_statuses(self.browser, interval_ms=r) for r in settings.RUNGS_MS}
        self.assertEqual(after, before)

    def test_statuses_of_deleted_samples_are_repaired_on_every_rung_at_once(self):
        PointerPositionEvent.objects.filter(browser=self.browser, time__lt=moment(60)).delete()
        self.assertEqual(run("--repair")[0], 1)
        self.assertEqual(run()[0], 0)
        assert_ladder_true(self, self.browser, stored_samples(self.browser))

    def test_nan_differs(self):
        self.row(5).update(peak_velocity=float("nan"))
        (found,) = differences(Scope(FIRST_RUNG_MS))
        self.assertEqual((found.browser_id, found.column), (self.browser.pk, "peak_velocity"))

    def test_any_number_of_pieces_at_once_finds_the_same(self):
        PointerStatus.objects.filter(time__gte=moment(50)).update(events=F("events") + 1)
        expected = differences(Scope(FIRST_RUNG_MS))
        self.assertEqual({d.browser_id for d in expected}, {self.browser.pk, self.other.pk})
        for most in ("MOST_ROWS", "MOST_PIECES"):
            with mock.patch(f"analytics.rollups.verify.{most}", 1):
                self.assertEqual(differences(Scope(FIRST_RUNG_MS)), expected)

    def test_the_progress_rises_to_the_end(self):
        with mock.patch("analytics.rollups.verify.MOST_PIECES", 1):
            done = [step.done for step in verify(scope=Scope(FIRST_RUNG_MS))]
        self.assertEqual((done, done[-1]), (sorted(done), 1))
        self.assertGreater(len(done), 1)

    @override_settings(RUNGS_MS=parse_ladder("1s,7s,7m,7h"))
    def test_rungs_that_do_not_divide_an_hour_are_compared_by_whole_buckets(self):
        browser = new_browser()
        send(browser, [sample(i * 61.7 - 18_000, i, seq=i) for i in range(300)])
        drain_all()
        with mock.patch("analytics.rollups.verify.MOST_PIECES", 1):
            for rung in settings.RUNGS_MS:
                self.assertEqual(differences(Scope(rung, [browser.pk])), [])

    def test_a_range_contains_the_buckets_that_start_in_it(self):
        PointerStatus.objects.update(events=F("events") + 1)
        times = sorted({d.time for d in differences(Scope(FIRST_RUNG_MS))})
        for since, until in ((moment(5), moment(50)), (moment(5.1), moment(50.1))):
            found = differences(Scope(FIRST_RUNG_MS, [self.other.pk], since, until))
            expected = [time for time in times if since <= time < until]
            self.assertEqual(sorted({d.time for d in found}), expected)

    def test_only_the_selection_is_checked(self):
        time = to_rfc3339(moment(30))
        self.row(5).update(events=77)
        self.assertEqual(run("--browser", str(self.other.instance_id))[0], 0)
        self.assertEqual(run("--since", time)[0], 0)
        self.assertEqual(run("--until", time)[0], 1)
        self.assertEqual(run("--browser", str(self.browser.instance_id))[0], 1)

    def test_waiting_marks_are_not_differences(self):
        # The sample's bucket, and that of the next sample, are not yet rolled up.
        send(self.browser, [sample(50.05, 900, seq=9)])
        self.assertEqual(run()[0], 0)
        DirtyRange.objects.all().delete()
        self.assertEqual(run()[0], 1)

    def test_sealed_buckets_are_skipped(self):
        Seal.objects.create(level=RAW, before=moment(60), sealed_at=NOW)
        PointerPositionEvent.objects.filter(time__lt=moment(60)).delete()
        self.assertEqual(run()[0], 0)
        self.row(60).update(events=77)
        self.assertEqual(run()[0], 1)

    def test_many_differences_are_cut_short(self):
        PointerStatus.objects.filter(browser=self.browser).update(events=F("events") + 1)
        _, lines = run()
        self.assertRegex(lines[-2], r"^… and \d+ more ")
        self.assertEqual(len(lines), 52)
        self.assertEqual(len(run("--lines", "9")[1]), 11)

    def test_invalid_arguments_are_named(self):
        with self.assertRaisesRegex(CommandError, "no such instance: 00000000-"):
            call_command("verify_rollups", "--browser", str(UUID(int=0)))
        with self.assertRaisesRegex(CommandError, "argument --since"):
            call_command("verify_rollups", "--since", "noon")


class LiveTrafficTests(TransactionTestCase):
    def test_a_drain_in_progress_is_not_a_difference(self):
        browser = new_browser()
        send(browser, SAMPLES[:50])
        drain_all()
        send(browser, SAMPLES[50:])
        session = Session(lambda: drain_shard_of(browser), after=ROLL_UP).until_held()
        scope = Scope(FIRST_RUNG_MS)
        self.assertEqual(differences(scope), [])
        session.finish()
        self.assertEqual(differences(scope), [])
        connection.close()
