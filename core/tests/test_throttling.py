"""Exactly the allowed number of calls passes, counted in a real Redis."""

import asyncio
import secrets
import threading
import time
from unittest import mock

import pytest
import redis
from django.test import SimpleTestCase
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.exceptions import Throttled

from core.api import throttling
from core.api.throttling import EVERYBODY, Limit, read_use, spend, spend_each
from core.storage.breaker import Breaker


class SpendTests(SimpleTestCase):
    def setUp(self):
        self.limit = Limit(f"test-{secrets.token_hex(8)}", 100, 60)

    def passes(self, units=1, whom="a", limit=None):
        try:
            spend([(limit or self.limit, whom, units)])
        except Throttled:
            return False
        return True

    def test_exactly_100_of_500_parallel_calls_pass_a_limit_of_100(self):
        passed = []
        threads = [
            threading.Thread(target=lambda: [passed.append(self.passes()) for _ in range(50)])
            for _ in range(10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(passed), sum(passed)), (500, 100))

    def test_units_are_counted_not_calls(self):
        self.assertEqual([self.passes(60), self.passes(60), self.passes(40)], [True, False, True])

    def test_a_refusal_says_how_long_to_wait(self):
        self.passes(100)
        with self.assertRaises(Throttled) as caught:
            spend([(self.limit, "a", 1)])
        self.assertTrue(1 <= caught.exception.wait <= 60)

    def test_callers_do_not_share_a_limit(self):
        self.passes(100, "a")
        self.assertEqual((self.passes(1, "a"), self.passes(1, "b")), (False, True))

    @pytest.mark.timed
    def test_the_window_ends(self):
        short = Limit(self.limit.name, 1, 1)
        self.assertEqual([self.passes(limit=short), self.passes(limit=short)], [True, False])
        time.sleep(1.05)
        self.assertTrue(self.passes(limit=short))

    def test_a_call_that_one_limit_refuses_is_charged_to_no_limit(self):
        tight = Limit(f"{self.limit.name}-tight", 1, 60)
        spend([(self.limit, "a", 1), (tight, "a", 1)])
        with self.assertRaises(Throttled):
            spend([(self.limit, "a", 1), (tight, "a", 1)])
        self.assertTrue(self.passes(99))
        self.assertFalse(self.passes(1))

    def test_a_shared_limit_is_exact_for_calls_in_one_round_trip(self):
        shared = Limit(f"{self.limit.name}-shared", 10, 60)
        calls = [[(self.limit, f"{n}", 1), (shared, EVERYBODY, 3)] for n in range(5)]
        refusals = asyncio.run(spend_each(calls))
        self.assertEqual(list(map(bool, refusals)), [False, False, False, True, True])
        self.assertEqual(read_use([shared]), [9])
        # A refused call is charged to none of its limits.
        self.assertTrue(self.passes(99, "0"))
        self.assertFalse(self.passes(1, "0"))
        self.assertTrue(self.passes(100, "3"))

    def test_several_calls_of_a_caller_in_one_round_trip_are_all_counted(self):
        calls = [[(self.limit, "a", 40)] for _ in range(4)]
        refusals = asyncio.run(spend_each(calls))
        self.assertEqual(list(map(bool, refusals)), [False, False, True, True])
        self.assertFalse(self.passes(21))
        self.assertTrue(self.passes(20))

    def test_a_refusal_names_and_counts_the_limit_with_the_longer_wait(self):
        short, long = Limit(f"{self.limit.name}-s", 1, 60), Limit(f"{self.limit.name}-l", 1, 3600)
        charges = [(short, "a", 1), (long, "a", 1)]
        spend(charges)
        refused = throttling.REFUSALS.labels(long.name)
        for count in (1, 2):
            with self.assertRaises(Throttled) as caught:
                spend(charges)
            self.assertTrue(60 < caught.exception.wait <= 3600)
            self.assertIn(long.name, str(caught.exception.detail))
            self.assertEqual(refused._value.get(), count)

    @pytest.mark.timed
    def test_the_use_of_all_callers_is_zero_before_the_first_and_after_the_window(self):
        short = Limit(self.limit.name, 100, 1)
        self.assertEqual(read_use([short]), [0])
        spend([(short, EVERYBODY, 7)])
        self.assertEqual(read_use([short]), [7])
        time.sleep(1.05)
        self.assertEqual(read_use([short]), [0])

    @pytest.mark.timed
    def test_without_redis_everything_passes_and_nothing_waits(self):
        away = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))
        with (
            mock.patch.object(throttling, "client", return_value=away),
            mock.patch.object(throttling, "_breaker", Breaker(seconds=5)),
        ):
            began = time.monotonic()
            self.assertTrue(all(self.passes(100) for _ in range(50)))
            self.assertEqual(read_use([self.limit]), [None])
            self.assertLess(time.monotonic() - began, 1)
