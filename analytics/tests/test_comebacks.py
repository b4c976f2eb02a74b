"""An instance that moves again after it was found gone is present again, from its next drain."""

from datetime import timedelta

from django.test import TestCase

from analytics.tests.pointers import NOW, drain_all, new_browser, sample, send
from dashboard.instances.browsers import log_off
from dashboard.models import Browser
from dashboard.statuses.departures import note_departures
from dashboard.statuses.overview import list_glimpses
from dashboard.statuses.presence import GONE_AFTER

HOUR = timedelta(hours=1)
# The time of sample(0).
START = NOW - timedelta(minutes=10)


class ComebackTests(TestCase):
    def setUp(self):
        self.browser, self.other = new_browser(), new_browser()
        Browser.objects.update(logged_on_at=NOW - HOUR)
        self.assertEqual(note_departures(now=NOW), 2)

    def is_away(self):
        return Browser.objects.filter(pk=self.browser.pk, away_since__isnull=False).exists()

    def test_a_movement_brings_back_its_instance_alone(self):
        send(self.browser, [sample(0, 1), sample(0.5, 9)])
        drain_all()
        self.assertFalse(self.is_away())
        page = list_glimpses(place=None, limit=9, now=NOW + timedelta(seconds=1))
        shown = [(one.instance_id, one.state.is_here) for one in page.instances]
        expected = [(self.browser.instance_id, True), (self.other.instance_id, False)]
        self.assertEqual(shown, expected)
        self.assertEqual(page.totals.here, 1)

    def test_a_movement_of_long_ago_does_not(self):
        send(self.browser, [sample(-GONE_AFTER.total_seconds() - 60, 1)])
        drain_all()
        self.assertTrue(self.is_away())

    def test_late_samples_of_one_that_has_logged_off_do_not(self):
        log_off(instance_id=self.browser.instance_id, token=None, now=NOW)
        send(self.browser, [sample(0, 1), sample(0.5, 9)])
        drain_all()
        self.assertTrue(self.is_away())


class FirstKnownTests(TestCase):
    """A life begins with the first movement if that is older than the first log-on."""

    def setUp(self):
        self.browser, self.other = new_browser(), new_browser()
        Browser.objects.update(first_known_at=START - HOUR)

    def first_known(self):
        found = Browser.objects.order_by("pk").values_list("first_known_at", flat=True)
        return [(time - START).total_seconds() for time in found]

    def test_an_older_movement_moves_it_back_and_a_second_run_changes_nothing(self):
        send(self.browser, [sample(-7200, 1), sample(-7199, 9)])
        for _ in range(2):
            drain_all()
            self.assertEqual(self.first_known(), [-7200, -3600])

    def test_a_later_movement_does_not_nor_one_in_the_second_of_the_log_on(self):
        Browser.objects.update(first_known_at=START - HOUR + timedelta(seconds=0.4))
        send(self.browser, [sample(-3600 + 0.2, 1), sample(-3599, 9), sample(0, 5)])
        drain_all()
        self.assertEqual(self.first_known(), [-3599.6, -3599.6])

    def test_one_that_is_off_stays_away(self):
        log_off(instance_id=self.browser.instance_id, token=None, now=NOW)
        send(self.browser, [sample(-7200, 1), sample(0, 9)])
        drain_all()
        self.browser.refresh_from_db()
        self.assertEqual(self.browser.away_since, NOW)
        self.assertEqual(self.first_known(), [-7200, -3600])
