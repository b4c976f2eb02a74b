"""A series works from the year 1 to 9999, also at both ends of the calendar."""

from datetime import UTC, datetime

from django.test import TestCase

from core.tests.problems import assert_problem
from dashboard.instances.browsers import log_on
from dashboard.instances.tokens import make_token

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
LAST = "9999-12-31T23:59:59.999999Z"


class CalendarTests(TestCase):
    def setUp(self):
        browser = log_on(now=NOW)
        token = make_token(instance_id=browser.instance_id, version=1)
        self.header = {"Authorization": f"Bearer {token}"}
        self.path = f"/api/v1/browsers/{browser.instance_id}/statuses/"

    def get(self, **query):
        return self.client.get(self.path, query, headers=self.header)

    def test_a_range_past_the_last_whole_bucket_has_none(self):
        for interval in ("1s", "1h", "366d"):
            answer = self.get(since=LAST, until=LAST, interval=interval)
            self.assertEqual(answer.json()["statuses"], [])

    def test_the_last_hour_of_the_calendar_can_be_filled(self):
        answer = self.get(since="9999-12-31T22:30:00Z", until=LAST, interval="1h", fill="zero")
        times = [status["time"] for status in answer.json()["statuses"]]
        self.assertEqual(times, ["9999-12-31T23:00:00.000000Z"])

    def test_the_first_second_of_the_calendar_can_be_filled(self):
        first = "0001-01-01T00:00:00Z"
        answer = self.get(since=first, until="0001-01-01T00:00:01Z", interval="1s", fill="zero")
        times = [status["time"] for status in answer.json()["statuses"]]
        self.assertEqual(times, ["0001-01-01T00:00:00.000000Z"])

    def test_two_minutes_before_the_year_1_do_not_exist(self):
        assert_problem(self, self.get(until="0001-01-01T00:01:59Z"), 400, "invalid", "?until")
