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
