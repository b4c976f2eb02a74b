"""Each rung is computed from the one below after every change, until it is sealed."""

from datetime import datetime

from django.conf import settings
from django.test import SimpleTestCase, TestCase, TransactionTestCase, override_settings

from analytics.models import DirtyRange, Heartbeat, PointerPositionEvent, Seal
from analytics.rollups.recompute import ROLL_UP
from analytics.rollups.sweep import sweep
from analytics.tests.interleaving import Session
from analytics.tests.pointers import (
    NOW,
    assert_ladder_true,
    drain_all,
    drain_shard_of,
    new_browser,
    sample,
    send,
    stored_statuses,
)
from core.values.durations import FIRST_RUNG_MS, format_duration, parse_ladder
from core.values.times import EPOCH, MICROSECOND
from dashboard.models import PointerStatus
from dashboard.statuses.ladder import RAW

TEN_SECONDS, MINUTE, HOUR = 10_000, 60_000, 3_600_000


def moment(seconds: float) -> datetime:
    return EPOCH + sample(seconds, 0).time * MICROSECOND


def seal(level: int, seconds: float) -> None:
    Seal.objects.create(level=level, before=moment(seconds), sealed_at=NOW)


class ClimbTests(TestCase):
    def setUp(self):
        self.browser = new_browser()

    def test_every_rung_equals_what_the_raw_samples_give(self):
        samples = [sample(i * 7.3, i * i % 900, i) for i in range(80)]
        send(self.browser, samples)
        drain_all()
        assert_ladder_true(self, self.browser, samples)
        self.assertEqual(len(stored_statuses(self.browser, interval_ms=MINUTE)), 10)

    def test_a_late_sample_climbs_to_the_highest_rung(self):
        on_time = [sample(0.5, 0), sample(61.5, 100)]
        late = sample(30.5, 400, seq=9)
        send(self.browser, on_time)
        drain_all()
        send(self.browser, [late])
        drain_all()
        assert_ladder_true(self, self.browser, [*on_time, late])
        (hour,) = stored_statuses(self.browser, interval_ms=HOUR)
        self.assertEqual((hour.events, hour.traversed_distance), (3, 700))

    def test_unchanged_statuses_do_not_climb(self):
        send(self.browser, [sample(0.5, 0), sample(0.6, 0)])
        drain_all()
        DirtyRange.objects.create(
            browser=self.browser, since=moment(0.5), until=moment(0.6), rung=FIRST_RUNG_MS
        )
        self.assertEqual(drain_shard_of(self.browser), (1, 0))
        self.assertFalse(DirtyRange.objects.exists())

    def test_distant_changes_leave_a_mark_for_each_hour(self):
        send(self.browser, [sample(0.5, 0), sample(1.5, 5), sample(-36_000, 9)])
        drain_shard_of(self.browser)
        marks = DirtyRange.objects.order_by("since").values_list("since", "until", "rung")
        self.assertEqual(
            list(marks),
            [
                (moment(-36_000), moment(-36_000), TEN_SECONDS),
                (moment(0), moment(1), TEN_SECONDS),
            ],
        )

    def test_the_highest_rung_marks_nothing(self):
        send(self.browser, [sample(0.5, 0)])
        drain_all()
        self.assertFalse(DirtyRange.objects.exists())

    @override_settings(RUNGS_MS=parse_ladder("1s,5s,15s,1m,1d"))
    def test_another_ladder_works_the_same_way(self):
        samples = [sample(i * 3.1, i * i % 900, i) for i in range(80)]
        send(self.browser, samples)
        drain_all()
        assert_ladder_true(self, self.browser, samples)


class SealTests(TestCase):
    def setUp(self):
        self.browser = new_browser()
        self.samples = [sample(i + 0.5, 10 * i) for i in range(120)]
        send(self.browser, self.samples)
        drain_all()

    def ladder(self):
        return {r: stored_statuses(self.browser, interval_ms=r) for r in settings.RUNGS_MS}

    def drop_raw(self, before: float) -> None:
        PointerPositionEvent.objects.filter(time__lt=moment(before)).delete()

    def mark_all(self, rung: int) -> None:
        DirtyRange.objects.create(
            browser=self.browser, since=moment(0), until=moment(120), rung=rung
        )

    def test_buckets_whose_samples_are_gone_keep_their_statuses(self):
        before = self.ladder()
        seal(RAW, 60)
        self.drop_raw(60)
        self.mark_all(FIRST_RUNG_MS)
        drain_all()
        self.assertEqual(self.ladder(), before)

    def test_without_the_seal_these_buckets_would_change(self):
        self.drop_raw(60.7)
        late = sample(60.8, 5, seq=9)
        seal(RAW, 60.2)
        before = stored_statuses(self.browser)
        send(self.browser, [late])
        drain_all()
        after = stored_statuses(self.browser)
        # The bucket that contains the seal's moment begins before it.
        self.assertEqual(after[:61], before[:61])
        self.assertNotEqual(after[61], before[61])

    def test_the_first_bucket_after_the_seal_keeps_the_segment_from_the_last_dropped_sample(self):
        before = self.ladder()
        seal(RAW, 60)
        self.drop_raw(60)
        late = sample(60.7, 640, seq=9)
        send(self.browser, [late])
        drain_all()
        after = self.ladder()
        changed = [now for was, now in zip(before[1000], after[1000], strict=True) if was != now]
        self.assertEqual([s.traversed_distance for s in changed], [10 + 40, 30])

    def test_coarser_buckets_whose_finer_statuses_are_gone_are_sealed_too(self):
        before = self.ladder()
        seal(FIRST_RUNG_MS, 65)
        self.mark_all(TEN_SECONDS)
        PointerStatus.objects.filter(time__lt=moment(65)).delete()
        drain_all()
        self.assertEqual(self.ladder()[TEN_SECONDS], before[TEN_SECONDS])


class InterleavingTests(TransactionTestCase):
    def setUp(self):
        self.browser = new_browser()

    def test_a_climb_during_a_drain_of_the_rung_below_loses_nothing(self):
        first, second = sample(0.5, 0), sample(1.5, 30)
        send(self.browser, [first])
        drain_shard_of(self.browser)
        send(self.browser, [second])
        below = Session(lambda: drain_shard_of(self.browser), after=ROLL_UP).until_held()
        drain_shard_of(self.browser, rung=TEN_SECONDS)
        (early,) = stored_statuses(self.browser, interval_ms=TEN_SECONDS)
        self.assertEqual(early.events, 1)
        below.finish()
        drain_all()
        assert_ladder_true(self, self.browser, [first, second])


class SweepTests(TestCase):
    def test_each_rung_has_a_sweep_of_its_own(self):
        browser = new_browser()
        samples = [sample(i * 3.7, i) for i in range(30)]
        send(browser, samples)
        for rung in settings.RUNGS_MS:
            sweep(rung=rung, now=NOW)
        assert_ladder_true(self, browser, samples)
        jobs = Heartbeat.objects.order_by("beat_at", "job").values_list("job", "beat_at")
        self.assertEqual(
            set(jobs), {(f"sweep {format_duration(r)}", NOW) for r in settings.RUNGS_MS}
        )

    def test_the_sweep_of_a_rung_that_was_removed_does_nothing(self):
        sweep(rung=7000, now=NOW)
        self.assertFalse(Heartbeat.objects.exists())

    def test_beat_has_a_job_for_each_rung(self):
        jobs = {
            name: (job["schedule"], job.get("args", []))
            for name, job in settings.CELERY_BEAT_SCHEDULE.items()
            if job["task"] == "analytics.tasks.sweep"
        }
        self.assertEqual(
            jobs,
            {
                "sweep": (settings.SWEEP_SECONDS, []),
                "climb 10s": (5, [10_000]),
                "climb 1m": (30, [60_000]),
                "climb 1h": (300, [3_600_000]),
            },
        )


class LadderSettingTests(SimpleTestCase):
    def test_rungs_are_read_finest_first(self):
        self.assertEqual(parse_ladder("1s, 10s,1m"), (1000, 10_000, 60_000))

    def test_an_invalid_ladder_is_refused_with_the_reason(self):
        for text, why in (
            ("10s,1m", "the first rung is 1s"),
            ("1s,7s,10s", "10s is not a multiple of 7s"),
            ("1s,1m,10s", "10s is not a multiple of 1m"),
            ("1s,1s", "1s is not a multiple of 1s"),
            ("", "a whole number of s, m, h or d"),
            ("1s,,1m", "a whole number of s, m, h or d"),
        ):
            with self.subTest(text), self.assertRaisesRegex(ValueError, why):
                parse_ladder(text)

    def test_a_duration_is_written_in_its_largest_unit(self):
        names = {1000: "1s", 90_000: "90s", 60_000: "1m", 86_400_000: "1d"}
        self.assertEqual({ms: format_duration(ms) for ms in names}, names)
