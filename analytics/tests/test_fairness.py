"""A sender of many, late or dense samples waits for them; other senders do not."""

import re
from datetime import datetime
from functools import partial
from unittest import mock

from django.conf import settings
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase

from analytics.models import DirtyRange
from analytics.rollups import drain, fit
from analytics.rollups.claim import APART
from analytics.rollups.drain import drain_backlog, drain_fresh
from analytics.rollups.large_buckets import read_large_buckets, roll_up_large
from analytics.rollups.recompute import ROLL_UP, ROLL_UP_LARGE
from analytics.rollups.shards import LARGE_BUCKETS, lock_job, shard_of
from analytics.tests.analysts import analyst, ask
from analytics.tests.interleaving import Session, until_sessions_wait
from analytics.tests.oracle import Sample
from analytics.tests.pointers import (
    NOW,
    NOW_US,
    assert_ladder_true,
    assert_statuses_true,
    drain_all,
    drain_shard_of,
    mark,
    new_browser,
    sample,
    send,
    stored_statuses,
)
from core.storage.redis import client
from core.values.durations import FIRST_RUNG_MS
from core.values.times import to_epoch_us
from dashboard.instances.erasing import erase
from dashboard.models import Browser

HOUR_US = 3_600_000_000
FIRST = FIRST_RUNG_MS


def past_hours(count: int, *, seq: int = 0) -> list[Sample]:
    """Two samples in each of `count` past hours."""
    starts = [NOW_US - hour * HOUR_US for hour in range(1, count + 1)]
    return [Sample(start + n * 1000, seq, n, n) for start in starts for n in range(2)]


def just_now() -> Sample:
    return Sample(NOW_US - 1_000_000, 0, 1.0, 1.0)


def dense(seconds: float, count: int) -> list[Sample]:
    """`count` samples in a second."""
    return [sample(seconds + n / (count + 1), n % 50, seq=n) for n in range(count)]


def neighbours(count: int) -> list[Browser]:
    """`count` browsers of one shard, in the order of their keys."""
    browsers = [new_browser() for _ in range(count * settings.ROLLUP_SHARDS)]
    return [one for one in browsers if shard_of(one.pk) == shard_of(browsers[0].pk)][:count]


def ends(spans: str) -> list[int]:
    """The ends (epoch us) of the ranges of a multirange in text."""
    return [to_epoch_us(datetime.fromisoformat(one)) for one in re.findall(r'"([^"]+)"', spans)]


def waiting() -> list[int]:
    """The browsers with marks for the first rung."""
    marks = DirtyRange.objects.filter(rung=FIRST, large=False).order_by("browser_id")
    return list(marks.distinct("browser_id").values_list("browser_id", flat=True))


class TurnTests(TestCase):
    def drain(self, one_of: Browser, *, backlog: bool) -> bool:
        place = {"rung": FIRST, "shard": shard_of(one_of.pk), "now": NOW}
        return drain_backlog(**place, seconds=0) if backlog else drain_fresh(**place)

    def test_fresh_marks_of_all_browsers_come_before_any_backlog(self):
        late, mine = neighbours(2)
        send(late, past_hours(400))
        send(late, [just_now()])
        send(mine, [just_now()])
        self.assertTrue(self.drain(mine, backlog=False))
        self.assertEqual([len(stored_statuses(one)) for one in (late, mine)], [1, 1])
        self.assertEqual(DirtyRange.objects.filter(rung=FIRST).count(), 400)

    def test_backlog_is_taken_in_small_shares_of_each_browser(self):
        late, mine = neighbours(2)
        send(late, past_hours(400))
        send(mine, past_hours(1))
        self.assertTrue(self.drain(mine, backlog=True))
        self.assertEqual(len(stored_statuses(mine)), 1)
        self.assertLess(len(stored_statuses(late)), 100)

    def test_claims_of_backlog_go_round_across_drains(self):
        *others, last = neighbours(2 * drain.BACKLOG_BROWSERS + 1)
        self.assertEqual(self.turns(others, last), [True, True, False])

    def test_a_claim_that_is_cut_short_goes_on_with_the_browser_that_it_did_not_reach(self):
        *others, last = neighbours(drain.BACKLOG_BROWSERS - 1)
        with mock.patch.object(drain, "BACKLOG_WORK", (len(others) - 1) * APART):
            self.assertEqual(self.turns(others, last), [True, False, False])

    def turns(self, others: list[Browser], last: Browser) -> list[bool]:
        """Whether the last browser still waits after each of three claims, while the others send
        more."""
        send(last, past_hours(1))
        waits = []
        for _ in range(3):
            for one in others:
                send(one, past_hours(10, seq=len(waits)))
            self.drain(others[0], backlog=True)
            waits.append(last.pk in waiting())
        return waits

    def test_a_drain_takes_all_marks_and_reports_them(self):
        browsers = neighbours(9)
        for one in browsers:
            send(one, past_hours(60))
        while self.drain(browsers[0], backlog=True):
            pass
        self.assertEqual(waiting(), [])
        for one in browsers:
            assert_statuses_true(self, one, past_hours(60))

    def test_marks_without_a_number_of_samples_are_drained_too(self):
        (mine,) = neighbours(1)
        samples = past_hours(3)
        send(mine, samples)
        DirtyRange.objects.update(events=None)
        drain_all()
        assert_ladder_true(self, mine, samples)

    def test_marks_of_an_erased_browser_have_no_effect(self):
        gone, mine = neighbours(2)
        for one in (gone, mine):
            send(one, past_hours(2))
        Browser.objects.filter(pk=gone.pk)._raw_delete("default")
        drain_all()
        assert_ladder_true(self, mine, past_hours(2))
        self.assertEqual(stored_statuses(gone), [])


class BoundTests(TestCase):
    """Marks for a few samples whose buckets hold many."""

    def setUp(self):
        self.browser, self.neighbour = neighbours(2)
        self.spans = []
        self.enterContext(connection.execute_wrapper(self.note_spans))

    def note_spans(self, execute, sql, params, many, context):
        if sql == ROLL_UP:
            self.spans.append(params["spans"])
        return execute(sql, params, many, context)

    def fill(self) -> list[Sample]:
        samples = [one for second in range(6) for one in dense(second, 40)]
        send(self.browser, samples)
        drain_all()
        self.spans.clear()
        return samples

    def test_buckets_that_do_not_fit_are_put_back_for_later_claims(self):
        samples = self.fill()
        more = [sample(second + 0.99, 7, seq=99) for second in range(6)]
        send(self.browser, more)
        created = DirtyRange.objects.get(rung=FIRST).created_at
        with mock.patch.object(fit, "LARGE", 41):
            drain_backlog(rung=FIRST, shard=shard_of(self.browser.pk), now=NOW, seconds=0)
            (rest,) = DirtyRange.objects.filter(rung=FIRST)
            self.assertEqual(rest.created_at, created)
            drain_all()
        # Two seconds of 41 samples at a time.
        self.assertEqual(len(self.spans), 3)
        assert_ladder_true(self, self.browser, samples + more)

    def test_a_neighbour_with_few_samples_is_in_the_first_of_these_claims(self):
        self.fill()
        mark(self.browser, [sample(0, 0), sample(5, 0)], events=1)
        send(self.neighbour, [sample(0, 0)])
        with (
            mock.patch.object(fit, "LARGE", 41),
            mock.patch.object(drain, "BACKLOG_WORK", 100),
        ):
            drain_shard_of(self.neighbour)
        self.assertEqual(len(stored_statuses(self.neighbour)), 1)

    def test_a_late_sample_recomputes_only_its_bucket_and_the_next(self):
        samples = self.fill()
        with mock.patch.object(fit, "LARGE", 41):
            late = sample(1.999, 7, seq=99)
            send(self.browser, [late])
            drain_all()
        first, last = sample(1, 0).time, sample(3, 0).time
        ((span,),) = self.spans
        self.assertEqual(ends(span), [first, last])
        assert_ladder_true(self, self.browser, [*samples, late])

    def test_a_bucket_that_is_too_large_is_set_aside_and_all_others_are_done(self):
        samples = [*dense(0, 10), *dense(1, 60), *dense(2, 10)]
        send(self.browser, samples)
        send(self.neighbour, [sample(1.5, 3)])
        with mock.patch.object(fit, "LARGE", 40):
            drain_all()
            self.assertEqual([status.events for status in stored_statuses(self.browser)], [10, 10])
            self.assertEqual(len(stored_statuses(self.neighbour)), 1)
            large = DirtyRange.objects.get(rung=FIRST)
            self.assertEqual((large.large, large.browser), (True, self.browser))
            self.assertEqual(read_large_buckets(), (1, [str(self.browser.instance_id)]))
            # Only its own job takes it.
            self.assertEqual(drain_shard_of(self.browser), (0, 0))
            roll_up_large(last=None, now=NOW)
            drain_all()
        assert_ladder_true(self, self.browser, samples)
        self.assertEqual(read_large_buckets(), (0, []))

    def test_all_marks_of_a_bucket_that_is_set_aside_become_one(self):
        for n in range(10):
            send(self.browser, [sample(1 + n / 10 + m / 1000, m, seq=n) for m in range(10)])
        with mock.patch.object(fit, "LARGE", 40), mock.patch.object(drain, "BACKLOG_WORK", 15):
            drain_backlog(rung=FIRST, shard=shard_of(self.browser.pk), now=NOW, seconds=0)
        self.assertEqual([m.large for m in DirtyRange.objects.filter(rung=FIRST)], [True])

    def test_a_segment_into_a_large_bucket_does_not_recompute_it(self):
        samples = [sample(0.5, 0), *dense(1, 60)]
        with mock.patch.object(fit, "LARGE", 40):
            send(self.browser, samples)
            drain_all()
            roll_up_large(last=None, now=NOW)
            late = sample(0.9, 300, seq=9)
            send(self.browser, [late])
            drain_all()
            self.assertEqual(read_large_buckets().buckets, 1)
            roll_up_large(last=None, now=NOW)
            drain_all()
        assert_ladder_true(self, self.browser, [*samples, late])

    def test_each_run_of_the_job_takes_one_bucket_and_queues_the_next(self):
        client().delete("celery\x06\x169")
        samples = [*dense(1, 60), *dense(3, 60)]
        with mock.patch.object(fit, "LARGE", 40):
            send(self.browser, samples)
            drain_all()
        last = DirtyRange.objects.filter(large=True).latest("pk").pk
        for left in (1, 0, 0):
            roll_up_large(last=last, now=NOW)
            self.assertEqual(read_large_buckets().buckets, left)
        self.assertEqual(client().llen("celery\x06\x169"), 2)
        client().delete("celery\x06\x169", f"pointerscope:roll_up_large:{last}")


class InterleavingTests(TransactionTestCase):
    def setUp(self):
        self.browser = new_browser()
        self.early, self.samples = sample(-5, 1), dense(1, 60)
        self.enterContext(mock.patch.object(fit, "LARGE", 40))
        # The chunk and the job's row must exist: a session that creates them blocks all others.
        send(self.browser, [self.early])
        drain_all()
        with transaction.atomic(), connection.cursor() as cursor:
            lock_job(cursor, rung=FIRST, slot=LARGE_BUCKETS)
        send(self.browser, self.samples)
        drain_all()
        self.job = partial(roll_up_large, last=None, now=NOW)

    def test_a_batch_that_arrives_while_the_job_runs_is_not_lost(self):
        job = Session(self.job, before=ROLL_UP_LARGE).until_held()
        late = sample(1.99, 700, seq=99)
        send(self.browser, [late])
        drain_all()
        job.finish()
        self.assertEqual(read_large_buckets().buckets, 1)
        roll_up_large(last=None, now=NOW)
        drain_all()
        assert_ladder_true(self, self.browser, [self.early, *self.samples, late])

    def test_a_job_that_dies_leaves_the_bucket_to_the_next(self):
        def die():
            with transaction.atomic():
                self.job()
                raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            Session(die).finish()
        self.assertEqual(read_large_buckets().buckets, 1)

    def test_a_second_job_leaves_the_bucket_to_the_first(self):
        job = Session(self.job, after=ROLL_UP_LARGE).until_held()
        roll_up_large(last=None, now=NOW)
        job.finish()
        self.assertEqual(read_large_buckets().buckets, 0)

    def test_a_drain_does_not_wait_for_the_job(self):
        job = Session(self.job, after=ROLL_UP_LARGE).until_held()
        late = sample(5, 1)
        send(self.browser, [late])
        drain_shard_of(self.browser)
        times = [status.time for status in stored_statuses(self.browser)]
        self.assertEqual(times, [self.early.time, late.time])
        job.finish()
        drain_all()
        assert_ladder_true(self, self.browser, [self.early, *self.samples, late])

    def test_the_job_restores_nothing_of_a_browser_erased_meanwhile(self):
        with transaction.atomic():
            erase(instance_id=self.browser.instance_id, token=None)
            job = Session(self.job)
            until_sessions_wait(1)
        job.finish()
        self.assertEqual(stored_statuses(self.browser), [])
        self.assertFalse(DirtyRange.objects.exists())


class LockTests(TransactionTestCase):
    """A login that may only read cannot stop a drain."""

    def test_no_advisory_lock_stops_a_drain(self):
        browser = new_browser()
        send(browser, [sample(1, 1)])
        held = "select count(pg_advisory_xact_lock(rung, slot)) from generate_series(-2, 64) slot,"
        held += " unnest(array[0, 1000, 10000, 60000, 3600000]) rung"

        def hold():
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(held)

        session = Session(hold, after=held).until_held()
        drain_all()
        with transaction.atomic(), connection.cursor() as cursor:
            self.assertTrue(lock_job(cursor, rung=FIRST, slot=LARGE_BUCKETS))
        assert_ladder_true(self, browser, [sample(1, 1)])
        session.finish()

    def test_an_analyst_cannot_take_the_turns(self):
        drain_all()
        with analyst() as url, self.assertRaisesRegex(Exception, "permission denied"):
            ask(url, "begin read write; select from analytics_turn for update")
