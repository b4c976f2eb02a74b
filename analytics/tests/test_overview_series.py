"""The overview's numbers of all instances together: each instance counts once, for staff."""

from datetime import timedelta
from unittest import mock

from django.contrib.auth.models import User
from django.test import Client, TestCase

from analytics.tests.pointers import NOW, new_browser
from core.tests.limits import forget_all_calls
from core.values.times import to_rfc3339
from dashboard.models import CoarseStatus

URL = "/overview/series/"
MINUTE = timedelta(minutes=1)
# Each instance's minutes with movement, before NOW: the first moved in two minutes of one bucket.
MOVED = ((60, 58, 30), (59,), (30, 3 * 24 * 60))


class TogetherTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        for minutes in MOVED:
            browser = new_browser()
            for ago in minutes:
                CoarseStatus.objects.create(
                    browser=browser,
                    interval_ms=60_000,
                    time=NOW - ago * MINUTE,
                    events=9,
                    traversed_distance=90,
                    avg_velocity=1.5,
                    peak_velocity=30,
                    moving_time=3,
                    start_x=0,
                    start_y=0,
                    end_x=3,
                    end_y=4,
                )
        cls.staff = User.objects.create_user("sue", is_staff=True)

    def setUp(self):
        forget_all_calls()
        self.client.force_login(self.staff)
        patched = mock.patch("django.utils.timezone.now", return_value=NOW)
        patched.start()
        self.addCleanup(patched.stop)

    def test_an_instance_counts_once_in_a_bucket_and_once_in_the_range(self):
        answer = self.client.get(URL, {"range": "24h"}).json()
        self.assertEqual((answer["interval_ms"], answer["instances"]), (300_000, 3))
        self.assertEqual(len(answer["buckets"]), 288)
        moved = [
            (one["time"], one["instances"], one["events"], one["distance"], one["moving"])
            for one in answer["buckets"]
            if one["events"]
        ]
        self.assertEqual(
            moved,
            [
                (to_rfc3339(NOW - 60 * MINUTE), 2, 27, 270.0, 9.0),
                (to_rfc3339(NOW - 30 * MINUTE), 2, 18, 180.0, 6.0),
            ],
        )

    def test_it_is_for_staff_and_refuses_ranges_that_do_not_exist(self):
        self.assertEqual(self.client.get(URL, {"range": "8d"}).status_code, 400)
        self.assertEqual(Client().get(URL).status_code, 401)
        self.client.force_login(User.objects.create_user("joe"))
        self.assertEqual(self.client.get(URL).status_code, 403)
