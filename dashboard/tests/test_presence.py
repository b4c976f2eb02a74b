"""Whether an instance moves, rests, is gone or has logged off: the definition, at its limits."""

from datetime import UTC, datetime, timedelta

from django.test import SimpleTestCase, TestCase, override_settings

from dashboard.instances.browsers import log_on
from dashboard.models import Browser, CoarseStatus
from dashboard.statuses.presence import State, movements, seen_at, state_of
from dashboard.tests.moving import add_movement

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def ago(*, minutes=0.0, seconds=0.0):
    return NOW - timedelta(minutes=minutes, seconds=seconds)


class StateTests(SimpleTestCase):
    def state(self, *, moved=None, on=None, off=None):
        browser = Browser(
            is_active=off is None, logged_on_at=on or ago(minutes=600), logged_off_at=off
        )
        return state_of(browser, moved_at=moved, now=NOW)

    def test_it_moves_for_ten_seconds_after_a_movement(self):
        self.assertEqual(self.state(moved=ago(seconds=10)), State.MOVING)
        self.assertEqual(self.state(moved=ago(seconds=10.1)), State.RESTING)

    def test_it_rests_until_it_was_silent_for_half_an_hour(self):
        self.assertEqual(self.state(moved=ago(minutes=29.9)), State.RESTING)
        self.assertEqual(self.state(moved=ago(minutes=30)), State.GONE)

    def test_logging_on_counts_as_having_been_seen(self):
        self.assertEqual(self.state(on=ago(minutes=1)), State.RESTING)
        self.assertEqual(self.state(on=ago(minutes=1), moved=ago(minutes=90)), State.RESTING)
        self.assertEqual(self.state(on=ago(minutes=31)), State.GONE)

    def test_a_logged_off_instance_is_off_however_recently_it_moved(self):
        self.assertEqual(self.state(moved=ago(seconds=1), off=ago(seconds=1)), State.OFF)

    def test_it_was_seen_last_when_it_moved_logged_on_or_logged_off(self):
        on, moved, off = ago(minutes=3), ago(minutes=2), ago(minutes=1)
        browser = Browser(logged_on_at=on)
        self.assertEqual(seen_at(browser, None), on)
        self.assertEqual(seen_at(browser, moved), moved)
        browser.logged_off_at = off
        self.assertEqual(seen_at(browser, moved), off)


class MovementTests(TestCase):
    def setUp(self):
        self.browser = log_on(now=ago(minutes=600))

    def test_the_last_second_with_movement_is_found(self):
        add_movement(self.browser, ago(minutes=9), ago(minutes=5), ago(minutes=7))
        other = log_on(now=NOW)
        found = movements([self.browser.pk, other.pk])
        self.assertEqual(found, {self.browser.pk: ago(minutes=5)})

    def test_movement_dropped_from_the_first_rung_is_found_in_the_second(self):
        add_movement(self.browser, ago(minutes=9), model=CoarseStatus, interval_ms=10_000)
        self.assertEqual(movements([self.browser.pk]), {self.browser.pk: ago(minutes=9)})

    @override_settings(RUNGS_MS=(1000,))
    def test_a_ladder_of_one_rung_works(self):
        add_movement(self.browser, ago(minutes=9))
        self.assertEqual(movements([self.browser.pk]), {self.browser.pk: ago(minutes=9)})
