"""Browser instances are listed, read, changed and erased by authorised callers."""

import uuid
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Permission, User
from django.test import Client, TestCase
from django.utils import timezone

from core.tests.problems import assert_problem
from core.values.times import to_rfc3339
from dashboard.instances.browsers import log_off, log_on
from dashboard.instances.tokens import make_token
from dashboard.models import Browser, PointerStatus
from dashboard.tests.moving import add_movement

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def bearer(browser, version=1):
    token = make_token(instance_id=browser.instance_id, version=version)
    return {"Authorization": f"Bearer {token}"}


def path_of(browser):
    return f"/api/v1/browsers/{browser.instance_id}/"


class ListTests(TestCase):
    def setUp(self):
        self.browsers = [log_on(now=NOW + timedelta(seconds=i)) for i in range(5)]
        self.client.force_login(User.objects.create_user("ann", is_staff=True))

    def get(self, **query):
        return self.client.get("/api/v1/browsers/", query)

    def test_staff_see_all_the_newest_first(self):
        answer = self.get().json()
        newest = self.browsers[-1]
        # It depends on the current time; StateTests fix the time.
        answer["browsers"][0].pop("state")
        stream_url = answer["browsers"][0].pop("stream_url")
        self.assertIn(f"/api/v1/browsers/{newest.instance_id}/stream/?ticket=", stream_url)
        self.assertEqual(
            answer["browsers"][0],
            {
                "instance_id": str(newest.instance_id),
                "is_active": True,
                "seen_at": "2026-11-23T12:00:04.000000Z",
                "logged_on_at": "2026-11-23T12:00:04.000000Z",
                "logged_off_at": None,
                "label": "",
                "site": "",
            },
        )
        self.assertEqual(len(answer["browsers"]), 5)
        self.assertIsNone(answer["next_cursor"])

    def test_pages_follow_each_other_without_gap_or_repeat(self):
        for size in (1, 2, 5):
            seen, query = [], {"limit": size}
            while query:
                page = self.get(**query).json()
                seen += [browser["instance_id"] for browser in page["browsers"]]
                cursor = page["next_cursor"]
                query = {"limit": size, "cursor": cursor} if cursor else None
            self.assertEqual(seen, [str(b.instance_id) for b in reversed(self.browsers)])

    def test_an_instance_added_between_two_pages_shifts_nothing(self):
        first = self.get(limit=2).json()
        log_on(now=NOW)
        second = self.get(limit=2, cursor=first["next_cursor"]).json()
        self.assertEqual(second["browsers"][0]["instance_id"], str(self.browsers[2].instance_id))

    def test_the_list_can_be_limited_to_active_ones(self):
        Browser.objects.filter(pk=self.browsers[0].pk).update(is_active=False)
        self.assertEqual(len(self.get(is_active="true").json()["browsers"]), 4)
        self.assertEqual(len(self.get(is_active="false").json()["browsers"]), 1)

    def test_bad_parameters_are_named(self):
        for query in (
            {"is_active": "maybe"},
            {"cursor": "x"},
            {"cursor": "9" * 30},
            {"limit": 101},
        ):
            with self.subTest(query):
                (name,) = query
                assert_problem(self, self.get(**query), 400, "invalid", f"?{name}")

    def test_nobody_else_sees_the_list(self):
        self.client.logout()
        assert_problem(self, self.get(), 401, "not_authenticated")
        own = self.client.get("/api/v1/browsers/", headers=bearer(self.browsers[0]))
        assert_problem(self, own, 403, "permission_denied")


class StateTests(TestCase):
    def setUp(self):
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        self.now = timezone.now().replace(microsecond=0)

    def add(self, *, seen, moved=None):
        browser = log_on(now=self.now - timedelta(minutes=seen))
        if moved is not None:
            add_movement(browser, self.now - timedelta(minutes=moved))
        return browser

    def test_list_and_instance_agree_on_state_and_last_sight(self):
        moving, resting = self.add(seen=90, moved=0), self.add(seen=90, moved=29)
        gone, off = self.add(seen=90, moved=31), self.add(seen=90, moved=0)
        log_off(instance_id=off.instance_id, token=None, now=self.now)
        listed = self.client.get("/api/v1/browsers/").json()["browsers"]
        expected = (off, "off", 0), (gone, "gone", 31), (resting, "resting", 29)
        for shown, (browser, state, minutes) in zip(
            listed, (*expected, (moving, "moving", 0)), strict=True
        ):
            with self.subTest(state):
                alone = self.client.get(path_of(browser)).json()
                for answer in (shown, alone):
                    self.assertEqual(answer["state"], state)
                    seen = self.now - timedelta(minutes=minutes)
                    self.assertEqual(answer["seen_at"], to_rfc3339(seen))

    def test_one_that_logs_off_is_off_at_once(self):
        browser = self.add(seen=90, moved=0)
        self.client.force_login(User.objects.create_superuser("root"))
        answer = self.client.patch(
            path_of(browser), {"is_active": False}, content_type="application/json"
        )
        self.assertEqual(answer.json()["state"], "off")

    def test_the_list_takes_as_many_queries_for_one_as_for_many(self):
        for many in (1, 9):
            for _ in range(many):
                self.add(seen=5)
            with self.assertNumQueries(4):
                self.client.get("/api/v1/browsers/")


class OneBrowserTests(TestCase):
    def setUp(self):
        self.browser, self.other = log_on(now=NOW), log_on(now=NOW)

    def patch(self, body, headers):
        return self.client.patch(
            path_of(self.browser), body, content_type="application/json", headers=headers
        )

    def test_its_token_reads_it(self):
        answer = self.client.get(path_of(self.browser), headers=bearer(self.browser)).json()
        self.assertEqual(answer["instance_id"], str(self.browser.instance_id))

    def test_another_token_does_not(self):
        answer = self.client.get(path_of(self.browser), headers=bearer(self.other))
        assert_problem(self, answer, 403, "foreign_instance")

    def test_it_can_be_logged_off_and_on_by_a_patch(self):
        answer = self.patch({"is_active": False}, bearer(self.browser)).json()
        self.assertFalse(answer["is_active"])
        self.assertIsNotNone(answer["logged_off_at"])
        answer = self.patch({"is_active": True}, bearer(self.browser)).json()
        self.assertTrue(answer["is_active"])
        self.assertIsNone(answer["logged_off_at"])

    def test_it_can_be_labelled_by_a_patch(self):
        answer = self.patch({"label": " participant 7 "}, bearer(self.browser)).json()
        self.assertEqual((answer["label"], answer["is_active"]), ("participant 7", True))
        answer = self.patch({"label": "", "is_active": False}, bearer(self.browser)).json()
        self.assertEqual((answer["label"], answer["is_active"]), ("", False))
        answer = self.patch({"label": "mine"}, bearer(self.other))
        assert_problem(self, answer, 403, "foreign_instance")

    def test_staff_who_may_change_instances_may_label_any(self):
        ann = User.objects.create_user("ann", is_staff=True)
        self.client.force_login(ann)
        assert_problem(self, self.patch({"label": "a"}, {}), 403, "permission_denied")
        ann.user_permissions.set(Permission.objects.filter(codename="change_browser"))
        self.assertEqual(self.patch({"label": "a" * 100}, {}).json()["label"], "a" * 100)

    def test_no_other_field_can_be_changed(self):
        for body in (
            {},
            {"is_active": "no"},
            {"is_active": None},
            {"label": None},
            {"label": "a" * 101},
            {"label": "a\0"},
            {"label": "two\nlines"},
            {"site": "a.example"},
            {"is_active": True, "instance_id": str(uuid.uuid4())},
        ):
            with self.subTest(body):
                answer = self.patch(body, bearer(self.browser))
                assert_problem(self, answer, 400, "invalid")

    def test_a_staff_call_needs_the_csrf_token(self):
        staff = Client(enforce_csrf_checks=True)
        staff.force_login(User.objects.create_superuser("ann"))
        answer = staff.delete(path_of(self.browser))
        assert_problem(self, answer, 403, "permission_denied")
        self.assertEqual(Browser.objects.count(), 2)
        staff.get("/browsers/")
        token = staff.cookies["csrftoken"].value
        answer = staff.delete(path_of(self.browser), headers={"X-CSRFToken": token})
        self.assertEqual(answer.status_code, 204)

    def assert_staff_may(self, *granted, change, erase):
        ann = User.objects.create_user("ann", is_staff=True)
        ann.user_permissions.set(Permission.objects.filter(codename__in=granted))
        self.client.force_login(ann)
        self.assertEqual(self.client.get(path_of(self.browser)).status_code, 200)
        changed = self.patch({"is_active": False}, {})
        erased = self.client.delete(path_of(self.browser))
        for answer, may, done in ((changed, change, 200), (erased, erase, 204)):
            if may:
                self.assertEqual(answer.status_code, done)
            else:
                assert_problem(self, answer, 403, "permission_denied")
        left = Browser.objects.filter(pk=self.browser.pk).first()
        self.assertEqual(left is None, erase)
        self.assertTrue(erase or left.is_active != change)

    def test_staff_without_permissions_may_only_read(self):
        self.assert_staff_may(change=False, erase=False)

    def test_staff_with_the_view_permission_may_only_read_too(self):
        self.assert_staff_may("view_browser", change=False, erase=False)

    def test_staff_who_may_change_do_not_erase(self):
        self.assert_staff_may("change_browser", change=True, erase=False)

    def test_staff_who_may_erase_do_not_change(self):
        self.assert_staff_may("delete_browser", change=False, erase=True)

    def test_permissions_without_staff_status_grant_nothing(self):
        ann = User.objects.create_user("ann")
        ann.user_permissions.set(Permission.objects.filter(content_type__app_label="dashboard"))
        self.client.force_login(ann)
        answer = self.client.delete(path_of(self.browser))
        assert_problem(self, answer, 403, "permission_denied")

    def test_a_method_that_it_does_not_have_is_named_as_the_fault(self):
        answer = self.client.put(path_of(self.browser), headers=bearer(self.browser))
        assert_problem(self, answer, 405, "method_not_allowed")

    def test_a_format_that_it_does_not_have_is_named_as_the_fault(self):
        header = {**bearer(self.browser), "Accept": "image/png"}
        assert_problem(
            self, self.client.get(path_of(self.browser), headers=header), 406, "not_acceptable"
        )


class EraseTests(TestCase):
    def setUp(self):
        self.browser, self.other = log_on(now=NOW), log_on(now=NOW)
        for browser in (self.browser, self.other):
            PointerStatus.objects.create(
                browser=browser,
                interval_ms=1000,
                time=NOW,
                events=1,
                traversed_distance=0,
                avg_velocity=0,
                peak_velocity=0,
                moving_time=0,
                start_x=0,
                start_y=0,
                end_x=0,
                end_y=0,
            )

    def erase(self, headers):
        return self.client.delete(path_of(self.browser), headers=headers)

    def test_its_token_erases_it_with_its_statuses_and_becomes_void(self):
        self.assertEqual(self.erase(bearer(self.browser)).status_code, 204)
        self.assertEqual([b.pk for b in Browser.objects.all()], [self.other.pk])
        self.assertEqual([s.browser_id for s in PointerStatus.objects.all()], [self.other.pk])
        assert_problem(self, self.erase(bearer(self.browser)), 404, "no_such_instance")

    def test_nobody_else_erases_it(self):
        assert_problem(self, self.erase({}), 401, "not_authenticated")
        assert_problem(self, self.erase(bearer(self.other)), 403, "foreign_instance")
        assert_problem(self, self.erase(bearer(self.browser, 2)), 401, "authentication_failed")
        self.assertEqual((Browser.objects.count(), PointerStatus.objects.count()), (2, 2))
