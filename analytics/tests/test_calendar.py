"""Times outside the calendar are refused like any other bad value, and so are odd cursors."""

import json

from django.test import TestCase

from analytics.models import PointerPositionEvent
from analytics.tests.pointers import new_browser
from core.tests.problems import assert_problem
from dashboard.instances.tokens import make_token


class CalendarTests(TestCase):
    def setUp(self):
        browser = new_browser()
        token = make_token(instance_id=browser.instance_id, version=1)
        self.header = {"Authorization": f"Bearer {token}"}
        self.path = f"/api/v1/browsers/{browser.instance_id}/events/"

    def post(self, *times):
        events = [{"time": time, "x": 1, "y": 2} for time in times]
        body = json.dumps({"events": events})
        return self.client.post(
            self.path, body, content_type="application/json", headers=self.header
        )

    def test_milliseconds_beyond_the_calendar_are_too_old_or_in_the_future(self):
        for far in (1.7e308, 1e18, 253_402_300_800_000):
            answer = self.post(-far, far)
            pointers = ("/events/0/time", "/events/1/time")
            problem = assert_problem(self, answer, 400, "invalid", *pointers)
            codes = [error["code"] for error in problem["errors"]]
            self.assertEqual(codes, ["too_old", "in_the_future"])
        self.assertFalse(PointerPositionEvent.objects.exists())

    def test_a_cursor_is_accepted_only_unchanged(self):
        for cursor in ("1_0,1", " 1,1", "+1,1", "\u0661,\u0661", "1,2147483648", "9" * 5000 + ",1"):
            answer = self.client.get(self.path, {"cursor": cursor}, headers=self.header)
            assert_problem(self, answer, 400, "invalid", "?cursor")
