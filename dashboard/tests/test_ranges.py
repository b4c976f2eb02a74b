"""The page of one instance: a range picker for staff, the present watch for token holders."""

from django.contrib.auth.models import User
from django.test import TestCase
from django.utils import timezone

from dashboard.browsers import log_on


class RangeTests(TestCase):
    def setUp(self):
        self.path = f"/browsers/{log_on(now=timezone.now()).instance_id}/"

    def get(self, query="", is_staff=True):
        self.client.force_login(User.objects.create_user("ann", is_staff=is_staff))
        return self.client.get(self.path + query)

    def test_staff_begin_with_the_live_range(self):
        page = self.get()
        self.assertContains(page, '<a href="?range=2m" aria-current="page">2 min</a>', html=True)
        self.assertContains(page, "dashboard/live.js")

    def test_another_range_is_read_once(self):
        page = self.get("?range=7d")
        self.assertContains(page, 'data-range-seconds="604800"')
        self.assertContains(page, "in the last 7 days")
        self.assertNotContains(page, "dashboard/live.js")

    def test_a_custom_range_is_taken_from_the_address_and_escaped(self):
        page = self.get("?since=%22%3E&until=2026-11-23T12:00:00Z")
        self.assertContains(page, 'data-since="&quot;&gt;" data-until="2026-11-23T12:00:00Z"')

    def test_a_range_that_nobody_offers_is_the_live_one(self):
        self.assertContains(self.get("?range=9y"), "dashboard/live.js")

    def test_nobody_else_gets_a_picker_or_a_range(self):
        for page in (self.client.get(f"{self.path}?range=7d"), self.get("?range=7d", False)):
            self.assertContains(page, "dashboard/live.js")
            self.assertNotContains(page, "data-range")
