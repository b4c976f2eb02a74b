"""Series of coarser intervals, and of all browsers together, are made of the finer statuses."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.test import TestCase

from core.tests.problems import assert_problem
from core.times import to_rfc3339
from dashboard.browsers import log_on
from dashboard.intervals import buckets, choose_interval, count_buckets, parse_interval
from dashboard.models import PointerStatus
from dashboard.series import Range, list_statuses, list_total_statuses

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def add_status(browser, second, distance, peak=0.0):
    PointerStatus.objects.create(
        browser=browser,
        interval_ms=1000,
        time=NOW + second * SECOND,
        events=2,
        traversed_distance=distance,
        avg_velocity=distance,
        peak_velocity=peak,
        moving_time=0.5,
        start_x=second,
        start_y=0,
        end_x=second + 0.5,
        end_y=9,
    )


class CoarserTests(TestCase):
    def setUp(self):
        self.browser, self.other = log_on(now=NOW), log_on(now=NOW)
        for second, distance, peak in ((0, 10, 30), (3, 20, 90), (9, 5, 20), (10, 7, 10)):
            add_status(self.browser, second, distance, peak)
        add_status(self.other, 3, 100, 500)
        self.span = Range(NOW, NOW + 20 * SECOND, 10_000, False)

    def test_sums_are_added_the_peak_is_the_highest_and_the_ends_are_the_outermost(self):
        first, second = list_statuses(browser_id=self.browser.pk, span=self.span)
        self.assertEqual((first.events, first.traversed_distance, first.moving_time), (6, 35, 1.5))
        self.assertEqual((first.avg_velocity, first.peak_velocity), (3.5, 90))
        self.assertEqual((first.start_x, first.start_y, first.end_x, first.end_y), (0, 0, 9.5, 9))
        self.assertEqual((second.events, second.traversed_distance), (2, 7))

    def test_all_browsers_together_are_added_up(self):
        first, second = list_total_statuses(span=self.span)
        self.assertEqual((first.events, first.traversed_distance), (8, 135))
        self.assertEqual((first.peak_velocity, first.avg_velocity), (500, 13.5))
        self.assertEqual(second.events, 2)

    def test_empty_buckets_can_be_had_too(self):
        span = Range(NOW - 10 * SECOND, NOW + 30 * SECOND, 10_000, True)
        events = [status.events for status in list_total_statuses(span=span)]
        self.assertEqual(events, [0, 8, 2, 0])

    def test_only_whole_buckets_inside_the_range_are_given(self):
        span = Range(NOW + SECOND, NOW + 11 * SECOND, 10_000, False)
        statuses = list_statuses(browser_id=self.browser.pk, span=span)
        self.assertEqual(
            [(s.time, s.events) for s in statuses], [(to_rfc3339(NOW + 10 * SECOND), 2)]
        )

    def test_staff_get_the_series_of_all_and_nobody_else_does(self):
        query = {"since": to_rfc3339(NOW), "until": to_rfc3339(NOW + 20 * SECOND)}
        answer = self.client.get("/api/v1/statuses/", {**query, "interval": "10s"})
        assert_problem(self, answer, 401, "not_authenticated")
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        answer = self.client.get("/api/v1/statuses/", {**query, "interval": "10s"}).json()
        self.assertEqual(answer["interval_ms"], 10_000)
        self.assertEqual([status["events"] for status in answer["statuses"]], [8, 2])

    def test_auto_is_the_finest_interval_within_the_points(self):
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        query = {"since": to_rfc3339(NOW), "until": to_rfc3339(NOW + timedelta(hours=1))}
        for points, interval_ms in ((5000, 1000), (500, 10_000), (60, 60_000), (1, 3_600_000)):
            answer = self.client.get("/api/v1/statuses/", {**query, "max_points": points}).json()
            self.assertEqual(answer["interval_ms"], interval_ms)


class IntervalTests(TestCase):
    def test_an_interval_is_a_number_and_a_unit(self):
        cases = {"1s": 1000, "30s": 30_000, "5m": 300_000, "2h": 7_200_000, "7d": 604_800_000}
        self.assertEqual({text: parse_interval(text) for text in cases}, cases)

    def test_what_is_no_interval_is_refused(self):
        for text in ("", "0s", "s", "1", "-1s", "1.5s", "1w", "400d", "99999999999s", "1s\n"):
            with self.subTest(text), self.assertRaises(ValueError):
                parse_interval(text)

    def test_buckets_are_aligned_as_the_database_aligns_them(self):
        for interval_ms in (7000, 604_800_000):
            since = buckets(since=NOW, until=NOW + 15 * DAY, interval_ms=interval_ms)[0]
            with connection.cursor() as cursor:
                width = timedelta(milliseconds=interval_ms)
                cursor.execute("select time_bucket(%s, %s::timestamptz)", [width, since])
                self.assertEqual(cursor.fetchone(), (since,))

    def test_no_choice_gives_more_than_the_points(self):
        for days in (1, 30, 365, 3650):
            until = NOW + days * DAY
            step = choose_interval(since=NOW, until=until, max_points=500)
            self.assertLessEqual(count_buckets(since=NOW, until=until, interval_ms=step), 522)
