"""The page of one instance: a range picker for staff, the live view for token holders."""

from datetime import datetime, timedelta
from unittest.mock import patch
from urllib.parse import quote
from uuid import uuid4

from django.contrib.auth.models import Permission, User
from django.test import TestCase

from core.values.times import to_rfc3339
from dashboard.instances.browsers import log_off, log_on
from dashboard.models import CoarseStatus
from dashboard.statuses.lifetime import life_of
from dashboard.tests.moving import add_movement

NOW = datetime.fromisoformat("2026-11-23T12:00:00Z")
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


class RangeTests(TestCase):
    def setUp(self):
        clock = patch("django.utils.timezone.now", return_value=NOW)
        clock.start()
        self.addCleanup(clock.stop)
        self.browser = log_on(now=NOW)
        self.path = f"/browsers/{self.browser.instance_id}/"

    def get(self, query="", is_staff=True):
        self.client.force_login(User.objects.create_user("ann", is_staff=is_staff))
        return self.client.get(self.path + query)

    def log_off(self):
        log_off(instance_id=self.browser.instance_id, token=None, now=NOW)

    def test_staff_begin_with_the_live_range_of_a_present_instance(self):
        page = self.get()
        self.assertContains(page, '<a href="?range=2m" aria-current="page">2 min</a>', html=True)
        self.assertContains(page, "dashboard/live.js")

    def test_staff_begin_with_the_whole_time_of_a_logged_off_instance(self):
        add_movement(self.browser, NOW - 30 * HOUR, NOW - 26 * HOUR)
        self.log_off()
        page = self.get()
        self.assertContains(page, '<a href="?range=all" aria-current="page">All</a>', html=True)
        since, until = NOW - 30 * HOUR, NOW - 26 * HOUR + SECOND
        self.assertContains(
            page, f'data-since="{to_rfc3339(since)}" data-until="{to_rfc3339(until)}"'
        )

    def test_staff_begin_with_the_whole_time_of_a_gone_instance(self):
        self.browser = log_on(now=NOW - 3 * HOUR)
        self.path = f"/browsers/{self.browser.instance_id}/"
        add_movement(self.browser, NOW - 2 * HOUR)
        self.assertContains(self.get(), 'data-range="all"')

    def test_a_chosen_range_applies_to_a_logged_off_instance_too(self):
        self.log_off()
        self.assertContains(self.get("?range=2m"), "dashboard/live.js")

    def test_another_range_is_read_once(self):
        page = self.get("?range=7d")
        self.assertContains(page, 'data-range-seconds="604800"')
        self.assertContains(page, "in the last 7 days")
        self.assertNotContains(page, "dashboard/live.js")

    def test_the_address_may_contain_the_interval(self):
        self.assertContains(self.get("?range=1h&interval=10s"), 'data-chosen-interval="10s"')

    def test_an_invalid_interval_is_left_to_the_page(self):
        for i, text in enumerate(("", "auto", "0s", "%22%3E", "9" * 9 + "d")):
            with self.subTest(text):
                User.objects.all().delete()
                page = self.get(f"?range=1h&interval={text}")
                self.assertContains(page, 'data-chosen-interval=""', msg_prefix=str(i))

    def test_a_custom_range_is_taken_from_the_address_and_escaped(self):
        page = self.get("?since=%22%3E&until=2026-11-23T12:00:00Z")
        self.assertContains(page, 'data-since="&quot;&gt;" data-until="2026-11-23T12:00:00Z"')

    def test_an_unknown_range_is_the_live_one(self):
        self.assertContains(self.get("?range=9y"), "dashboard/live.js")

    def test_nobody_else_gets_a_picker_or_a_range(self):
        self.log_off()
        for page in (self.client.get(f"{self.path}?range=7d"), self.get("?range=7d", False)):
            self.assertContains(page, "dashboard/live.js")
            self.assertNotContains(page, "data-range")


class LifeTests(TestCase):
    def setUp(self):
        self.browser = log_on(now=NOW - 5 * HOUR)

    def life(self):
        return tuple(life_of(self.browser, now=NOW))

    def test_it_goes_from_the_first_second_with_movement_to_the_last(self):
        first, last = NOW - 2 * HOUR, NOW - HOUR
        add_movement(self.browser, last, first, NOW - 1.5 * HOUR)
        add_movement(log_on(now=NOW), NOW)
        self.assertEqual(self.life(), (first, last + SECOND, last))

    def test_the_rungs_above_neither_blur_its_start_nor_its_end(self):
        first, last = NOW - 2 * HOUR, NOW - HOUR
        add_movement(self.browser, first, last)
        coarse = first - 4 * SECOND, last - 4 * SECOND
        add_movement(self.browser, *coarse, model=CoarseStatus, interval_ms=10_000)
        self.assertEqual(self.life(), (first, last + SECOND, last))

    def test_it_includes_movement_dropped_from_the_first_rung(self):
        oldest, last = NOW - 90 * HOUR, NOW - HOUR
        add_movement(self.browser, last)
        add_movement(self.browser, oldest, last, model=CoarseStatus, interval_ms=10_000)
        self.assertEqual(self.life(), (oldest, last + SECOND, last))

    def test_without_any_seconds_it_has_its_tens_of_seconds(self):
        oldest = NOW - 90 * HOUR
        add_movement(self.browser, oldest, model=CoarseStatus, interval_ms=10_000)
        self.assertEqual(self.life(), (oldest, oldest + 10 * SECOND, oldest))

    def test_one_that_never_moved_was_there_from_log_on_to_log_off(self):
        self.assertEqual(self.life(), (NOW - 5 * HOUR, NOW, None))
        log_off(instance_id=self.browser.instance_id, token=None, now=NOW - HOUR)
        self.browser.refresh_from_db()
        self.assertEqual(self.life(), (NOW - 5 * HOUR, NOW - HOUR, None))

    def test_a_single_second_is_shown_as_ten(self):
        add_movement(self.browser, NOW - HOUR)
        self.assertEqual(self.life()[:2], (NOW - HOUR, NOW - HOUR + 10 * SECOND))


class VisitorTests(TestCase):
    def setUp(self):
        self.path = f"/browsers/{log_on(now=NOW).instance_id}/"

    def test_without_a_login_the_view_has_a_link_that_leads_there_and_back(self):
        page = self.client.get(f"{self.path}?range=7d&interval=1h")
        back = f"{self.path}?range=7d&interval=1h"
        quoted = back.replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
        link = f"/login/?next={quoted.replace('&', '%26')}"
        self.assertContains(page, f'href="{link}"')
        User.objects.create_user("ann", password="correct horse", is_staff=True)
        form = self.client.get(link)
        self.assertContains(form, f'name="next" value="{back.replace("&", "&amp;")}"')
        fields = {"username": "ann", "password": "correct horse", "next": back}
        self.assertRedirects(self.client.post("/login/", fields), back)

    def test_the_login_leads_back_to_no_other_site(self):
        User.objects.create_user("ann", password="correct horse", is_staff=True)
        for target in (
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "javascript:0",
        ):
            with self.subTest(target):
                fields = {"username": "ann", "password": "correct horse", "next": target}
                self.assertRedirects(self.client.post("/login/", fields), "/overview/")

    def test_every_page_but_the_login_has_a_link_to_it(self):
        back = f"?next={quote(self.path, safe='')}"
        for path, status, query in (("/", 200, ""), (self.path, 200, back), ("/nothing/", 404, "")):
            page = self.client.get(path)
            self.assertContains(page, f'href="/login/{query}"', status_code=status)
        self.assertNotContains(self.client.get("/login/"), 'href="/login/"')

    def test_a_missing_instance_has_a_page_of_its_own(self):
        path = f"/browsers/{uuid4()}/"
        self.assertContains(self.client.get(path), "no instance with this id", status_code=404)
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        self.assertContains(self.client.get(path), 'href="/browsers/"', status_code=404)

    def test_the_admin_is_linked_only_for_people_with_permissions_there(self):
        ann = User.objects.create_user("ann", is_staff=True)
        self.client.force_login(ann)
        self.assertNotContains(self.client.get("/browsers/"), 'href="/admin/"')
        ann.user_permissions.add(Permission.objects.get(codename="view_browser"))
        self.assertContains(self.client.get("/browsers/"), 'href="/admin/"')
        self.client.force_login(User.objects.create_superuser("root"))
        self.assertContains(self.client.get("/browsers/"), 'href="/admin/"')

    def test_browsers_that_look_for_an_icon_find_one(self):
        answer = self.client.get("/favicon.ico", follow=True)
        self.assertEqual((answer.status_code, answer["Content-Type"]), (200, "image/svg+xml"))
