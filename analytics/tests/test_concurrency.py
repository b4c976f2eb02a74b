"""No update is lost in any interleaving: each test forces one."""

from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase

from analytics.ingest.store import STORE
from analytics.models import DirtyRange
from analytics.rollups.claim import CLAIM
from analytics.rollups.recompute import ROLL_UP
from analytics.rollups.shards import shard_of
from analytics.tests.interleaving import Session, until_sessions_wait
from analytics.tests.pointers import (
    assert_ladder_true,
    drain_all,
    drain_shard_of,
    new_browser,
    sample,
    send,
    stored_samples,
    stored_statuses,
)
from analytics.wire import Receipt
from core.values.durations import FIRST_RUNG_MS
from dashboard.models import PointerStatus


class DrainTests(TransactionTestCase):
    def setUp(self):
        self.browser = new_browser()
        self.drain = partial(drain_shard_of, self.browser)

    def assert_true_after_the_next_drain(self, *samples):
        drain_all()
        assert_ladder_true(self, self.browser, samples)

    def test_a_batch_between_claim_and_compute_is_not_lost(self):
        first, second = sample(0.1, 0), sample(0.2, 30)
        send(self.browser, [first])
        session = Session(self.drain, before=ROLL_UP).until_held()
        send(self.browser, [second])
        session.finish()
        self.assert_true_after_the_next_drain(first, second)

    def test_a_batch_between_compute_and_commit_is_not_lost(self):
        first, second = sample(0.1, 0), sample(0.2, 30)
        send(self.browser, [first])
        session = Session(self.drain, after=ROLL_UP).until_held()
        send(self.browser, [second])
        session.finish()
        self.assert_true_after_the_next_drain(first, second)

    def test_ingest_does_not_wait_for_a_drain(self):
        send(self.browser, [sample(0.1, 0)])
        session = Session(self.drain, after=ROLL_UP).until_held()
        self.assertEqual(send(self.browser, [sample(0.2, 30)]).accepted, 1)
        self.assertTrue(session.is_alive())
        session.finish()

    def test_a_slow_drain_overwrites_nothing_newer(self):
        self.assert_nothing_newer_is_overwritten(shards=settings.ROLLUP_SHARDS)

    def test_a_slow_drain_with_another_number_of_shards_overwrites_nothing_newer(self):
        for shards in (1, 7, 16):
            with self.subTest(shards=shards):
                self.setUp()
                self.assert_nothing_newer_is_overwritten(shards=shards)

    def assert_nothing_newer_is_overwritten(self, *, shards):
        early, late, new = sample(0.5, 0), sample(5.5, 10), sample(5.7, 90)
        send(self.browser, [early, late])
        drain_all()
        send(self.browser, [sample(0.6, 1), sample(5.6, 11)])
        with transaction.atomic():
            # The slow drain stops here, on the earlier bucket, and holds its old snapshot.
            list(
                PointerStatus.objects.filter(browser=self.browser)
                .select_for_update()
                .order_by("time")[:1]
            )
            slow = Session(self.drain)
            until_sessions_wait(1)
            Session(lambda: send(self.browser, [new])).finish()
            with self.settings(ROLLUP_SHARDS=shards):
                fast = Session(self.drain)
                until_sessions_wait(1, of="analytics_turn")
        slow.finish()
        fast.finish()
        self.assert_true_after_the_next_drain(early, sample(0.6, 1), late, sample(5.6, 11), new)

    def test_a_second_drain_of_a_shard_waits_for_the_first(self):
        send(self.browser, [sample(0.1, 0)])
        first = Session(self.drain, after=CLAIM).until_held()
        second = Session(self.drain)
        until_sessions_wait(1, of="analytics_turn")
        self.assertEqual(stored_statuses(self.browser), [])
        first.finish()
        second.finish()
        self.assert_true_after_the_next_drain(sample(0.1, 0))

    def test_drains_of_different_shards_do_not_wait_for_each_other(self):
        others = [new_browser() for _ in range(settings.ROLLUP_SHARDS)]
        neighbour = next(b for b in others if shard_of(b.pk) != shard_of(self.browser.pk))
        send(self.browser, [sample(0.1, 0)])
        # The chunk must exist: the session that creates it blocks others until its commit.
        drain_all()
        send(self.browser, [sample(0.2, 5)])
        send(neighbour, [sample(0.1, 0)])
        first = Session(self.drain, after=ROLL_UP).until_held()
        drain_shard_of(neighbour)
        self.assertEqual(len(stored_statuses(neighbour)), 1)
        first.finish()

    def test_a_late_sample_across_a_bucket_edge_corrects_the_bucket_a_drain_is_computing(self):
        before, late, after = sample(0.5, 0), sample(0.9, 400), sample(1.1, 10)
        send(self.browser, [before, after])
        session = Session(self.drain, after=ROLL_UP).until_held()
        send(self.browser, [late])
        session.finish()
        self.assert_true_after_the_next_drain(before, late, after)

    def test_a_late_sample_between_claim_and_compute_across_a_bucket_edge_is_not_lost(self):
        before, late, after = sample(0.5, 0), sample(0.9, 400), sample(1.1, 10)
        send(self.browser, [before, after])
        session = Session(self.drain, before=ROLL_UP).until_held()
        send(self.browser, [late])
        session.finish()
        self.assert_true_after_the_next_drain(before, late, after)

    def test_a_drain_that_dies_before_its_commit_leaves_its_claim_to_the_next(self):
        send(self.browser, [sample(0.1, 0)])

        def die():
            with transaction.atomic():
                self.drain()
                raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            Session(die).finish()
        self.assertEqual(DirtyRange.objects.get().rung, FIRST_RUNG_MS)
        self.assert_true_after_the_next_drain(sample(0.1, 0))


class IngestTests(TransactionTestCase):
    def setUp(self):
        self.browser = new_browser()

    def send(self, x):
        self.receipt = send(self.browser, [sample(0.1, x)])

    @transaction.atomic
    def send_slowly(self):
        send(self.browser, [sample(0.1, 1)])

    def receipt_beside_a_slow_twin(self, x):
        slow = Session(self.send_slowly, after=STORE).until_held()
        twin = Session(lambda: self.send(x))
        until_sessions_wait(1)
        slow.finish()
        twin.finish()
        return self.receipt

    def test_a_batch_waits_for_a_twin_that_is_being_stored(self):
        self.assertEqual(self.receipt_beside_a_slow_twin(1), Receipt(0, 1, 0))

    def test_another_position_for_the_key_of_a_slow_twin_is_a_conflict(self):
        self.assertEqual(self.receipt_beside_a_slow_twin(2), Receipt(0, 0, 1))

    def test_a_batch_on_a_connection_that_has_died_is_stored_once(self):
        self.send(1)
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            ((died,),) = cursor.fetchall()
        Session(partial(terminate, died)).finish()
        self.send(2)
        self.assertEqual(self.receipt, Receipt(0, 0, 1))
        send(self.browser, [sample(0.2, 3)])
        self.assertEqual(stored_samples(self.browser), [sample(0.1, 1), sample(0.2, 3)])


def terminate(process):
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 5000)", [process])
