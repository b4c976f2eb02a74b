"""The job that finds departures, and the counts: the list is as if each instance were looked at."""

import random
from datetime import UTC, datetime, timedelta

from django.db.models import Sum
from django.test import TestCase

from dashboard.instances.browsers import log_off, log_on, set_active
from dashboard.instances.erasing import erase
from dashboard.models import Browser, BrowserCount
from dashboard.statuses.departures import note_departures
from dashboard.statuses.overview import list_glimpses, read_cursor
from dashboard.statuses.presence import GONE_AFTER
from dashboard.tasks import note_departures as task
from dashboard.tests.moving import add_movement

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def away():
    return list(Browser.objects.filter(away_since__isnull=False).order_by("pk"))


def counted():
    sums = BrowserCount.objects.aggregate(Sum("every"), Sum("present"))
    return tuple(sums.values())


class JobTests(TestCase):
    def test_what_was_silent_for_half_an_hour_is_away_and_a_second_run_changes_nothing(self):
        silent, moved = (log_on(now=NOW - GONE_AFTER) for _ in range(2))
        log_on(now=NOW - GONE_AFTER + MINUTE)
        add_movement(moved, NOW - MINUTE)
        self.assertEqual(note_departures(now=NOW), 1)
        self.assertEqual(away(), [silent])
        whole = list(Browser.objects.order_by("pk").values())
        self.assertEqual(note_departures(now=NOW), 0)
        self.assertEqual(list(Browser.objects.order_by("pk").values()), whole)

    def test_one_that_moved_is_looked_at_again_half_an_hour_later(self):
        browser = log_on(now=NOW - GONE_AFTER)
        add_movement(browser, NOW - MINUTE)
        note_departures(now=NOW)
        browser.refresh_from_db()
        self.assertEqual(browser.last_known_at, NOW - MINUTE)
        with self.assertNumQueries(3):
            note_departures(now=NOW + GONE_AFTER - 2 * MINUTE)
        self.assertEqual(away(), [])
        self.assertEqual(note_departures(now=NOW + GONE_AFTER), 1)
        self.assertEqual(away(), [browser])

    def test_a_movement_that_its_drain_and_the_job_missed_is_found_by_the_next_run(self):
        browser = log_on(now=NOW - GONE_AFTER)
        note_departures(now=NOW)
        self.assertEqual(away(), [browser])
        # Its drain committed it after the job's snapshot, and saw no departure yet.
        add_movement(browser, NOW)
        note_departures(now=NOW + timedelta(seconds=10))
        self.assertEqual(away(), [])

    def test_logging_off_is_a_departure_and_logging_on_ends_it(self):
        browser = log_on(now=NOW)
        log_off(instance_id=browser.instance_id, token=None, now=NOW + MINUTE)
        (found,) = away()
        self.assertEqual(found.away_since, NOW + MINUTE)
        set_active(found, is_active=True, now=NOW + 2 * MINUTE)
        self.assertEqual(away(), [])

    def test_more_than_one_statement_holds_are_found(self):
        Browser.objects.bulk_create(Browser(logged_on_at=NOW - GONE_AFTER) for _ in range(2001))
        self.assertEqual(note_departures(now=NOW), 2001)
        self.assertEqual(counted(), (2001, 0))

    def test_the_task_reads_the_clock(self):
        log_on(now=NOW - GONE_AFTER)
        task()
        self.assertEqual(counted(), (1, 0))


class CountTests(TestCase):
    def test_each_change_is_counted_and_the_job_keeps_one_row(self):
        first, second, third = (log_on(now=NOW) for _ in range(3))
        self.assertEqual(counted(), (3, 3))
        log_off(instance_id=first.instance_id, token=None, now=NOW)
        self.assertEqual(counted(), (3, 2))
        erase(instance_id=first.instance_id, token=None)
        erase(instance_id=second.instance_id, token=None)
        self.assertEqual(counted(), (1, 1))
        Browser.objects.update(token_version=2)
        self.assertEqual(BrowserCount.objects.count(), 6)
        for _ in range(2):
            note_departures(now=NOW)
            self.assertEqual(list(BrowserCount.objects.values_list("every", "present")), [(1, 1)])
        set_active(third, is_active=False, now=NOW)
        self.assertEqual(counted(), (1, 0))


class Story:
    """Instances that come, move, go and come back; the same in plain Python."""

    def __init__(self, seed):
        self.random, self.now = random.Random(seed), NOW
        self.browsers, self.moved, self.on, self.off = [], {}, {}, {}

    def go_on(self):
        self.now += timedelta(seconds=self.random.choice([1, 20, 300, 1000]))
        for _ in range(self.random.randrange(4)):
            self._come()
        for browser in self.random.sample(self.browsers, min(3, len(self.browsers))):
            browser.refresh_from_db()
            if self.random.random() < 0.6 and browser.is_active:
                self._move(browser)
            elif self.now > max(self.on[browser.pk], self.off.get(browser.pk, NOW)):
                self._turn(browser)
        if self.random.random() < 0.5:
            note_departures(now=self.now)

    def _come(self):
        browser = log_on(now=self.now)
        self.browsers.append(browser)
        self.on[browser.pk], self.moved[browser.pk] = self.now, []

    def _move(self, browser):
        """As a drain does, a little late at times (analytics/tests/test_comebacks.py)."""
        time = self.now - timedelta(seconds=self.random.choice([0, 5]))
        if time not in self.moved[browser.pk] and time > self.on[browser.pk]:
            add_movement(browser, time)
            self.moved[browser.pk].append(time)
            Browser.objects.filter(pk=browser.pk, away_since__isnull=False).update(away_since=None)

    def _turn(self, browser):
        set_active(browser, is_active=not browser.is_active, now=self.now)
        if browser.is_active:
            self.on[browser.pk] = self.now
            self.off.pop(browser.pk, None)
        else:
            self.off[browser.pk] = self.now

    def expected(self, at):
        order = sorted(self.browsers, key=lambda one: (not self._is_here(one.pk, at), -one.pk))
        return [browser.instance_id for browser in order]

    def count_here(self, at):
        return sum(self._is_here(browser.pk, at) for browser in self.browsers)

    def _is_here(self, key, at):
        moved = [time for time in self.moved[key] if time <= at]
        seen = max([self.on[key], *moved])
        return self.off.get(key, at + MINUTE) > at and at - GONE_AFTER < seen <= at


class ListTests(TestCase):
    def test_the_list_is_as_if_each_instance_were_looked_at(self):
        for seed in range(4):
            story = Story(seed)
            with self.subTest(seed):
                for _ in range(20):
                    story.go_on()
                    page = list_glimpses(place=None, limit=100, now=story.now)
                    ids = [one.instance_id for one in page.instances]
                    self.assertEqual(ids, story.expected(story.now))
                    self.assertEqual(page.totals.here, story.count_here(story.now))
                    self.assertEqual(page.totals.all, len(story.browsers))
            Browser.objects.all().delete()

    def test_later_pages_show_the_moment_of_the_first_while_all_goes_on(self):
        for seed in range(4):
            story = Story(seed)
            with self.subTest(seed):
                for _ in range(15):
                    story.go_on()
                page = list_glimpses(place=None, limit=3, now=story.now)
                expected, shown = story.expected(story.now), []
                shown += [one.instance_id for one in page.instances]
                while page.next_cursor:
                    story.now += timedelta(seconds=200)
                    for browser in story.random.sample(story.browsers, 2):
                        browser.refresh_from_db()
                        if browser.is_active:
                            story._move(browser)
                    note_departures(now=story.now)
                    page = list_glimpses(
                        place=read_cursor(page.next_cursor), limit=3, now=story.now
                    )
                    shown += [one.instance_id for one in page.instances]
                self.assertEqual(shown, expected)
            Browser.objects.all().delete()
