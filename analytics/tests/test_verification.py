"""Statuses that are not what the samples say are found, and mended on request."""

from io import StringIO
from uuid import UUID

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test import TestCase, TransactionTestCase

from analytics.models import DirtyRange, PointerPositionEvent, Seal
from analytics.recomputation import ROLL_UP
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
    stored_statuses,
)
from analytics.verification import Scope, list_differences, repair
from core.durations import FIRST_RUNG_MS
from core.times import EPOCH, MICROSECOND, to_rfc3339
from dashboard.ladder import RAW
from dashboard.models import CoarseStatus, PointerStatus

SAMPLES = [sample(i * 1.7, i * i % 300, i) for i in range(100)]


def moment(seconds: float):
    return EPOCH + sample(seconds, 0).time * MICROSECOND


def verify(*arguments: str) -> tuple[int, list[str]]:
    """Return the command's exit code, and the lines that it printed."""
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

    def test_what_is_right_is_said_to_be_so(self):
        right = "every status of 2 browsers is what it should be"
        self.assertEqual(verify(), (0, [right]))

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
                found = list_differences(scope=Scope(self.browser.pk, rung))
                with self.subTest(rung=rung, column=column):
                    self.assertEqual([(d.column, d.expected) for d in found], [(column, was)])
                row.update(**{column: was})

    def test_a_difference_is_one_line_and_an_exit_code(self):
        row = self.row(5)
        row.update(events=77)
        time = row.values_list("time", flat=True)[0]
        code, lines = verify()
        start = f"{self.browser} 1s {to_rfc3339(time)} events: stored 77, should be "
        self.assertEqual(code, 1)
        self.assertTrue(lines[0].startswith(start), lines)
        self.assertEqual(lines[-1].split(", ")[-1], "run again with --repair to mend them")

    def test_missing_and_needless_statuses_are_found_and_mended(self):
        self.row(5).delete()
        for row in (self.row(9).get(), self.row(20, CoarseStatus, interval_ms=10_000).get()):
            row.time += 90 * 86400 * 1_000_000 * MICROSECOND
            row.save(force_insert=True)
        self.row(60).update(traversed_distance=5)
        self.row(-4000, CoarseStatus, interval_ms=60_000).update(end_x=5)
        self.assertEqual(verify()[0], 1)
        self.assertEqual(verify("--repair")[0], 1)
        drain_all()
        self.assertEqual(verify()[0], 0)
        for browser in (self.browser, self.other):
            assert_ladder_true(self, browser, SAMPLES)

    def test_a_needless_status_that_is_mended_leaves_the_sums_above_as_well(self):
        before = {r: stored_statuses(self.browser, interval_ms=r) for r in settings.RUNGS_MS}
        row = self.row(9).get()
        # A second in which there was no sample.
        row.time = moment(2)
        row.save(force_insert=True)
        mark(self.browser, SAMPLES, rung=10_000)
        drain_all()
        scope = Scope(self.browser.pk, FIRST_RUNG_MS, since=row.time)
        repair(scope=scope, differences=list_differences(scope=scope), now=NOW)
        drain_all()
        after = {r: stored_statuses(self.browser, interval_ms=r) for r in settings.RUNGS_MS}
        self.assertEqual(after, before)

    def test_only_what_was_asked_for_is_checked(self):
        time = to_rfc3339(moment(30))
        self.row(5).update(events=77)
        self.assertEqual(verify("--browser", str(self.other.instance_id))[0], 0)
        self.assertEqual(verify("--since", time)[0], 0)
        self.assertEqual(verify("--until", time)[0], 1)
        self.assertEqual(verify("--browser", str(self.browser.instance_id))[0], 1)

    def test_what_waits_in_the_outbox_is_no_difference(self):
        # Its own bucket, and that of the next sample, are not rolled up yet.
        send(self.browser, [sample(50.05, 900, seq=9)])
        self.assertEqual(verify()[0], 0)
        DirtyRange.objects.all().delete()
        self.assertEqual(verify()[0], 1)

    def test_sealed_buckets_are_passed_over(self):
        Seal.objects.create(level=RAW, before=moment(60), sealed_at=NOW)
        PointerPositionEvent.objects.filter(time__lt=moment(60)).delete()
        self.assertEqual(verify()[0], 0)
        self.row(60).update(events=77)
        self.assertEqual(verify()[0], 1)

    def test_many_differences_are_cut_short(self):
        PointerStatus.objects.filter(browser=self.browser).update(events=F("events") + 1)
        _, lines = verify()
        self.assertRegex(lines[-2], r"^… and \d+ more$")
        self.assertEqual(len(lines), 52)

    def test_what_is_asked_for_wrongly_is_named(self):
        with self.assertRaisesRegex(CommandError, "no such instance: 00000000-"):
            call_command("verify_rollups", "--browser", str(UUID(int=0)))
        with self.assertRaisesRegex(CommandError, "argument --since"):
            call_command("verify_rollups", "--since", "noon")


class LiveTrafficTests(TransactionTestCase):
    def test_a_drain_that_is_under_way_is_no_difference(self):
        browser = new_browser()
        send(browser, SAMPLES[:50])
        drain_all()
        send(browser, SAMPLES[50:])
        session = Session(lambda: drain_shard_of(browser), after=ROLL_UP).until_held()
        scope = Scope(browser.pk, FIRST_RUNG_MS)
        self.assertEqual(list_differences(scope=scope), [])
        session.finish()
        self.assertEqual(list_differences(scope=scope), [])
        connection.close()
