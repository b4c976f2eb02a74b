"""`/` keeps its instance in the Django session: only the same visitor resumes it."""

import json
import secrets

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import F
from django.test import Client, TestCase, override_settings
from django.utils import timezone

from dashboard.models import Browser
from dashboard.tasks import clear_sessions


def log_on(client, **headers):
    return client.post("/log-on/", headers=headers)


@override_settings(LOG_ON_PER_MINUTE=10**9)
class VisitTests(TestCase):
    def come(self, client=None):
        return log_on(client or self.client).json()["instance_id"]

    def test_the_answer_is_that_of_the_api(self):
        response = log_on(self.client)
        self.assertEqual(response.status_code, 201)
        api = self.client.post("/api/v1/browsers/", {}, content_type="application/json")
        self.assertEqual(set(response.json()), set(api.json()))

    def test_a_visitor_who_comes_back_has_the_same_instance(self):
        first = self.come()
        Browser.objects.update(is_active=False, logged_off_at=timezone.now())
        response = log_on(self.client)
        self.assertEqual((response.status_code, response.json()["instance_id"]), (200, first))
        self.assertTrue(Browser.objects.get().is_active)

    def test_another_visitor_has_another_instance(self):
        self.assertNotEqual(self.come(), self.come(Client()))

    def test_a_session_id_that_was_never_issued_opens_nothing(self):
        first = self.come()
        stranger = Client()
        stranger.cookies["sessionid"] = "a" * 32
        self.assertNotEqual(self.come(stranger), first)

    def test_an_erased_instance_is_followed_by_a_new_one(self):
        first = self.come()
        Browser.objects.all().delete()
        second = self.come()
        self.assertNotEqual(second, first)
        self.assertEqual(self.come(), second)

    def test_a_revoked_instance_is_followed_by_a_new_one(self):
        first = self.come()
        Browser.objects.update(token_version=F("token_version") + 1)
        self.assertNotEqual(self.come(), first)

    def test_the_write_token_works_and_is_not_kept_in_the_session(self):
        answer = log_on(self.client).json()
        path = f"/api/v1/browsers/{answer['instance_id']}/statuses/"
        token = answer["write_token"]
        reading = self.client.get(path, headers={"Authorization": f"Bearer {token}"})
        self.assertEqual(reading.status_code, 200)
        self.assertNotIn(token, json.dumps(dict(self.client.session)))

    def test_the_session_alone_opens_no_instance(self):
        instance = self.come()
        response = self.client.get(f"/api/v1/browsers/{instance}/statuses/")
        self.assertEqual(response.status_code, 401)

    def test_logging_in_keeps_the_instance_and_logging_out_ends_it(self):
        first = self.come()
        self.client.force_login(User.objects.create_user("ann"))
        self.assertEqual(self.come(), first)
        self.client.post("/logout/")
        self.assertNotEqual(self.come(), first)

    def test_viewing_the_page_creates_neither_an_instance_nor_a_session(self):
        self.client.get("/")
        self.assertFalse(Browser.objects.exists() or Session.objects.exists())

    def test_another_site_cannot_log_a_visitor_on(self):
        visitor = Client(enforce_csrf_checks=True)
        self.assertEqual(log_on(visitor).status_code, 403)
        self.assertFalse(Browser.objects.exists())

    def test_the_page_contains_the_csrf_token_of_its_log_on(self):
        visitor = Client(enforce_csrf_checks=True)
        page = visitor.get("/")
        token = str(page.context["csrf_token"])
        self.assertContains(page, f'data-csrf-token="{token}"')
        self.assertEqual(log_on(visitor, **{"X-CSRFToken": token}).status_code, 201)

    def test_no_cache_shares_the_page(self):
        page = self.client.get("/")
        self.assertIn("private", page["Cache-Control"])
        self.assertIn("Cookie", page["Vary"])

    def test_cookies_are_for_the_server_and_for_this_site_only(self):
        self.client.get("/")
        log_on(self.client)
        self.assertEqual(set(self.client.cookies), {"csrftoken", "sessionid"})
        for cookie in self.client.cookies.values():
            with self.subTest(cookie.key):
                self.assertTrue(cookie["httponly"])
                self.assertEqual(cookie["samesite"], "Lax")
                self.assertFalse(cookie["secure"])

    @override_settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True)
    def test_with_https_cookies_are_sent_only_over_it(self):
        self.client.get("/")
        log_on(self.client)
        self.assertTrue(all(cookie["secure"] for cookie in self.client.cookies.values()))

    @override_settings(LOG_ON_PER_MINUTE=1)
    def test_log_ons_of_an_address_are_limited(self):
        somewhere = f"2001:db8::{secrets.token_hex(2)}"
        codes = [Client(REMOTE_ADDR=somewhere).post("/log-on/").status_code for _ in range(2)]
        self.assertEqual(codes, [201, 429])

    def test_expired_sessions_are_deleted(self):
        self.come()
        self.come(Client())
        Session.objects.filter(pk=self.client.session.session_key).update(
            expire_date=timezone.now()
        )
        clear_sessions()
        self.assertEqual(Session.objects.count(), 1)
