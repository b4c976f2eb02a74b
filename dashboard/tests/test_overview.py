"""The list of all instances: who sees it, in which order, and how many queries it takes."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.test import TestCase
from django.utils import timezone

from core.tests.problems import assert_problem
from dashboard.browsers import log_off, log_on
from dashboard.models import PointerStatus
from dashboard.overview import list_glimpses

ZERO = dict.fromkeys(["moving_time", "start_x", "start_y", "end_x", "end_y"], 0)
NOW = timezone.now().replace(microsecond=0)
SECOND = timedelta(seconds=1)


def add_browser(*, moved=(), is_active=True):
    browser = log_on(now=NOW - timedelta(days=1))
    for ago in moved:
        PointerStatus.objects.create(
            browser=browser,
            interval_ms=1000,
            time=NOW - ago * SECOND,
            events=1,
            traversed_distance=ago,
            avg_velocity=ago,
            peak_velocity=ago,
            **ZERO,
        )
    if not is_active:
        log_off(instance_id=browser.instance_id, token=None, now=NOW)
    return str(browser.instance_id)


class OverviewTests(TestCase):
    def setUp(self):
        self.client.force_login(User.objects.create_user("ann", is_staff=True))

    def page(self, **query):
        return self.client.get("/browsers/rows/", query).json()

    def ids(self, page):
        return [instance["instance_id"] for instance in page["instances"]]

    def test_active_ones_come_first_and_the_latest_movement_first(self):
        gone = add_browser(moved=[1], is_active=False)
        old, new, never = add_browser(moved=[5000]), add_browser(moved=[9]), add_browser()
        self.assertEqual(self.ids(self.page()), [new, old, never, gone])

    def test_the_recent_velocities_lie_at_their_seconds(self):
        add_browser(moved=[1, 30, 500])
        page = list_glimpses(after=None, limit=9, now=NOW)
        self.assertEqual(page.instances[0].velocities, [(90, 30.0), (119, 1.0)])

    def test_pages_follow_one_another_without_a_hole(self):
        for i in range(5):
            add_browser(moved=[i + 1] if i % 2 else [], is_active=i != 3)
        whole, found, query = self.ids(self.page()), [], {}
        for _ in range(3):
            page = self.page(limit=2, **query)
            found += self.ids(page)
            query = {"cursor": page["next_cursor"]}
        self.assertEqual(found, whole)
        self.assertIsNone(page["next_cursor"])

    def test_it_takes_two_queries_however_many_there_are(self):
        for i in range(7):
            add_browser(moved=[i])
        with self.assertNumQueries(2):
            list_glimpses(after=None, limit=25, now=NOW)

    def test_a_cursor_of_somewhere_else_is_refused(self):
        for cursor in ("x", "1,2", "1,2026-11-23T12:00:00,5", "1,2026-11-23T12:00:00Z,-5"):
            with self.subTest(cursor):
                response = self.client.get("/browsers/rows/", {"cursor": cursor})
                assert_problem(self, response, 400, "invalid")

    def test_who_has_not_logged_in_is_sent_to_do_so_and_comes_back(self):
        self.client.logout()
        self.assertRedirects(self.client.get("/browsers/"), "/login/?next=/browsers/")
        self.assertIn(self.client.get("/browsers/rows/").status_code, (401, 403))

    def test_who_is_not_staff_sees_none(self):
        self.client.force_login(User.objects.create_user("bob"))
        for path in ("/browsers/", "/browsers/rows/"):
            self.assertEqual(self.client.get(path).status_code, 403)
