"""Series of coarser intervals, and of all browsers together, are made of the finer statuses."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.test import TestCase, override_settings

from core.tests.problems import assert_problem
from core.values.durations import parse_duration
from core.values.times import to_rfc3339
from dashboard.instances.browsers import log_on
from dashboard.statuses.intervals import STEPS_MS, buckets, choose_interval, count_buckets
from dashboard.statuses.ladder import model_of
from dashboard.statuses.series import Range, list_statuses, list_total_statuses

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def add_status(browser, second, distance, peak=0.0, rung=1000):
    model_of(rung).objects.create(
        browser=browser,
        interval_ms=rung,
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


@override_settings(RUNGS_MS=(1000,))
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

    def test_empty_buckets_can_be_added(self):
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


class RungTests(TestCase):
    def setUp(self):
        self.browser = log_on(now=NOW)

    def read(self, interval):
        span = Range(NOW, NOW + timedelta(hours=2), parse_duration(interval), False)
        return [s.traversed_distance for s in list_statuses(browser_id=self.browser.pk, span=span)]

    def test_a_series_is_read_from_the_coarsest_rung_that_makes_it_up(self):
        rungs = {"1s": 1, "10s": 2, "1m": 3, "1h": 4}
        for rung, distance in rungs.items():
            add_status(self.browser, 0, distance, rung=parse_duration(rung))
        found = {i: self.read(i) for i in ("1s", "15s", "10s", "30s", "1m", "5m", "90s", "1h")}
        expected = [1, 1, 2, 2, 3, 3, 2, 4]
        self.assertEqual(list(found.values()), [[distance] for distance in expected], found)


class IntervalTests(TestCase):
    def test_an_interval_is_a_number_and_a_unit(self):
        cases = {"1s": 1000, "30s": 30_000, "5m": 300_000, "2h": 7_200_000, "7d": 604_800_000}
        self.assertEqual({text: parse_duration(text) for text in cases}, cases)

    def test_an_invalid_interval_is_refused(self):
        for text in ("", "0s", "s", "1", "-1s", "1.5s", "1w", "400d", "99999999999s", "1s\n"):
            with self.subTest(text), self.assertRaises(ValueError):
                parse_duration(text)

    def test_buckets_are_aligned_as_the_database_aligns_them(self):
        for interval_ms in (7000, 604_800_000):
            since = buckets(since=NOW, until=NOW + 15 * DAY, interval_ms=interval_ms)[0]
            with connection.cursor() as cursor:
                width = timedelta(milliseconds=interval_ms)
                cursor.execute("select time_bucket(%s, %s::timestamptz)", [width, since])
                self.assertEqual(cursor.fetchone(), (since,))

    def test_no_choice_exceeds_the_points(self):
        for days in (0.01, 1, 30, 365, 3650, 700_000):
            for most in (1, 7, 500):
                since = NOW + SECOND if days < 4000 else datetime(1, 1, 1, tzinfo=UTC)
                span = {"since": since, "until": since + days * DAY}
                step = choose_interval(**span, max_points=most, rung_ms=1000)
                self.assertLessEqual(count_buckets(**span, interval_ms=step), most)

    def test_no_choice_is_coarser_than_it_must_be(self):
        span = {"since": NOW, "until": NOW + DAY}
        step = choose_interval(**span, max_points=500, rung_ms=1000)
        finer = STEPS_MS[STEPS_MS.index(step) - 1]
        self.assertGreater(count_buckets(**span, interval_ms=finer), 500)

    def test_seconds_are_not_chosen_where_they_were_dropped(self):
        old = datetime.now(UTC) - 100 * DAY
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        query = {"since": to_rfc3339(old), "until": to_rfc3339(old + 60 * SECOND)}
        answer = self.client.get("/api/v1/statuses/", query).json()
        self.assertEqual(answer["interval_ms"], 10_000)

    def test_an_interval_that_is_too_fine_for_the_points_asked_for_is_refused(self):
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        query = {"since": to_rfc3339(NOW), "until": to_rfc3339(NOW + 60 * SECOND)}
        answer = self.client.get("/api/v1/statuses/", {**query, "interval": "1s", "max_points": 59})
        assert_problem(self, answer, 400, "invalid", "?interval")
