"""After a failure, calls are skipped for a while, and then tried again."""

from unittest.mock import patch

from django.test import SimpleTestCase

from core.storage import breaker
from core.storage.breaker import Breaker


class BreakerTests(SimpleTestCase):
    def setUp(self):
        self.clock = 100.0
        clock = patch.object(breaker.time, "monotonic", lambda: self.clock)
        clock.start()
        self.addCleanup(clock.stop)
        self.breaker = Breaker(seconds=5)

    def test_a_breaker_is_open_for_its_time_after_each_failure(self):
        seen = [self.breaker.is_open]
        self.breaker.open()
        for moment in (100.0, 104.9, 105.0):
            self.clock = moment
            seen.append(self.breaker.is_open)
        self.assertEqual(seen, [False, True, True, False])
        self.breaker.open()
        self.assertTrue(self.breaker.is_open)

    def test_a_breaker_can_be_closed_at_once(self):
        self.breaker.open()
        self.breaker.close()
        self.assertFalse(self.breaker.is_open)
