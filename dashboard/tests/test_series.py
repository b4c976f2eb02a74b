"""A series is the statuses of one browser in a range, with or without the empty buckets."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.test import TestCase

from core.tests.problems import assert_problem
from core.values.times import to_rfc3339
from dashboard.instances.browsers import log_on
from dashboard.instances.tokens import make_token
from dashboard.models import Browser, PointerStatus
from dashboard.statuses.series import buckets

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NUMBERS = {
    "events": 61,
    "traversed_distance": 903.4,
    "avg_velocity": 903.4,
    "peak_velocity": 2210.0,
    "moving_time": 0.98,
    "start_x": 1.0,
    "start_y": 2.0,
    "end_x": 3.5,
    "end_y": 4.0,
}
EMPTY = {**dict.fromkeys(NUMBERS, 0), **dict.fromkeys(["start_x", "start_y", "end_x", "end_y"])}


def add_status(browser, time):
    PointerStatus.objects.create(browser=browser, interval_ms=1000, time=time, **NUMBERS)


class SeriesTests(TestCase):
    def setUp(self):
        self.browser = log_on(now=NOW)
        token = make_token(instance_id=self.browser.instance_id, version=1)
        self.header = {"Authorization": f"Bearer {token}"}

    def get(self, browser=None, headers=None, **query):
        path = f"/api/v1/browsers/{(browser or self.browser).instance_id}/statuses/"
        return self.client.get(path, query, headers=self.header if headers is None else headers)

    def series(self, **query):
        return self.get(since=to_rfc3339(NOW), until=to_rfc3339(NOW + 4 * SECOND), **query).json()

    def test_a_status_has_every_number_and_its_time(self):
        add_status(self.browser, NOW)
        self.assertEqual(
            self.series(),
            {
                "instance_id": str(self.browser.instance_id),
                "interval_ms": 1000,
                "since": "2026-11-23T12:00:00.000000Z",
                "until": "2026-11-23T12:00:04.000000Z",
                "statuses": [
                    {"time": "2026-11-23T12:00:00.000000Z", "interval_ms": 1000, **NUMBERS}
                ],
            },
        )

    def test_the_range_includes_its_start_and_excludes_its_end(self):
        for i in (-1, 0, 3, 4):
            add_status(self.browser, NOW + i * SECOND)
        times = [status["time"][17:19] for status in self.series()["statuses"]]
        self.assertEqual(times, ["00", "03"])

    def test_fill_adds_the_empty_buckets(self):
        add_status(self.browser, NOW + SECOND)
        statuses = self.series(fill="zero")["statuses"]
        self.assertEqual(
            statuses,
            [
                {"time": to_rfc3339(NOW + i * SECOND), "interval_ms": 1000, **numbers}
                for i, numbers in enumerate([EMPTY, NUMBERS, EMPTY, EMPTY])
            ],
        )

    def test_filled_buckets_start_on_whole_seconds_within_the_range(self):
        half = timedelta(milliseconds=500)
        starts = buckets(since=NOW + half, until=NOW + 3 * SECOND + half, interval_ms=1000)
        self.assertEqual(starts, [NOW + i * SECOND for i in (1, 2, 3)])

    def test_without_a_range_it_is_the_last_two_minutes(self):
        answer = self.get().json()
        since, until = (datetime.fromisoformat(answer[name]) for name in ("since", "until"))
        self.assertEqual(until - since, timedelta(minutes=2))

    def test_a_range_may_be_given_in_epoch_milliseconds(self):
        answer = self.get(since="1795305600000", until="1795305601000").json()
        self.assertEqual(answer["since"], "2026-11-22T00:00:00.000000Z")

    def test_bad_parameters_are_named(self):
        for query, *pointers in (
            ({"since": "noon", "until": "x"}, "?since", "?until"),
            ({"interval": "7y"}, "?interval"),
            ({"fill": "maybe"}, "?fill"),
            ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "?since"),
            ({"since": "2026-01-02T00:00:00Z", "interval": "1s"}, "?interval"),
            ({"max_points": "5001"}, "?max_points"),
        ):
            with self.subTest(query):
                assert_problem(self, self.get(**query), 400, "invalid", *pointers)

    def test_others_do_not_see_it(self):
        other = log_on(now=NOW)
        assert_problem(self, self.get(headers={}), 401, "not_authenticated")
        assert_problem(self, self.get(other), 403, "foreign_instance")
        forged = {"Authorization": f"Bearer {self.header['Authorization'][7:]}x"}
        assert_problem(self, self.get(headers=forged), 401, "authentication_failed")

    def test_a_revoked_token_sees_nothing(self):
        Browser.objects.update(token_version=2)
        assert_problem(self, self.get(), 401, "authentication_failed")

    def test_an_erased_instance_is_not_found(self):
        Browser.objects.all().delete()
        assert_problem(self, self.get(), 404, "no_such_instance")

    def test_staff_see_every_instance(self):
        add_status(self.browser, NOW)
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        self.header = {}
        self.assertEqual(len(self.series()["statuses"]), 1)

    def test_a_login_that_is_not_staff_sees_none(self):
        self.client.force_login(User.objects.create_user("bob"))
        assert_problem(self, self.get(headers={}), 403, "permission_denied")
