"""People log in and out. A guesser has to wait, and nobody else does."""

from datetime import timedelta
from unittest.mock import patch

import redis
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, TestCase, override_settings
from django.utils import timezone

HERE, ELSEWHERE = "203.0.113.5", "198.51.100.7"
PASSWORD = "correct horse battery"
# The real hasher takes a third of a second per guess.
FAST = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])


def log_in(client, name="ann", password=PASSWORD, path="/login/", address=HERE, **headers):
    form = {"username": name, "password": password}
    return client.post(path, form, REMOTE_ADDR=address, headers=headers)


class People:
    def setUp(self):
        User.objects.create_user("ann", password=PASSWORD, is_staff=True)
        User.objects.create_user("bob", password=PASSWORD)


@FAST
class LoginTests(People, TestCase):
    def test_the_page_asks_for_a_name_and_a_password(self):
        response = self.client.get("/login/")
        self.assertTemplateUsed(response, "dashboard/login.html")
        self.assertContains(response, "csrfmiddlewaretoken")

    def test_staff_are_taken_to_the_overview_and_others_to_their_own_pointer(self):
        self.assertRedirects(log_in(self.client), "/overview/")
        self.assertRedirects(log_in(Client(), "bob"), "/", fetch_redirect_response=False)

    def test_a_login_leads_back_to_the_requested_page(self):
        path = "/login/?next=/admin/"
        self.assertRedirects(log_in(self.client, path=path), "/admin/")

    def test_a_login_never_leads_to_another_site(self):
        path = "/login/?next=https://evil.example/"
        self.assertRedirects(log_in(self.client, path=path), "/overview/")

    def test_a_wrong_password_is_named_as_the_fault(self):
        response = log_in(self.client, password="wrong")
        self.assertContains(response, "The name or the password is wrong.")
        self.assertNotIn("_auth_user_id", self.client.session)

    def test_a_missing_password_is_named_as_the_fault(self):
        self.assertContains(log_in(self.client, password=""), "Enter a name and a password.")

    def test_a_login_without_its_csrf_token_is_refused(self):
        response = log_in(Client(enforce_csrf_checks=True))
        self.assertEqual(response.status_code, 403)
        self.assertTemplateUsed(response, "403_csrf.html")

    def test_staff_see_the_list_and_everybody_who_logged_in_can_log_out(self):
        for name, sees_list in (("ann", True), ("bob", False)):
            with self.subTest(name):
                log_in(self.client, name)
                page = self.client.get("/").content.decode()
                self.assertEqual('href="/browsers/"' in page, sees_list)
                self.assertIn("Log out", page)
        self.assertNotContains(Client().get("/"), "Log out")

    def test_logging_out_ends_the_session_and_needs_a_post(self):
        log_in(self.client)
        self.assertEqual(self.client.get("/logout/").status_code, 405)
        self.assertRedirects(self.client.post("/logout/"), "/", fetch_redirect_response=False)
        self.assertNotIn("_auth_user_id", self.client.session)


@FAST
class GuessingTests(People, TestCase):
    def guess(self, times=settings.LOGIN_ATTEMPTS, **kwargs):
        for i in range(times):
            last = log_in(Client(), password=f"guess {i}", **kwargs)
        return last

    def test_the_last_guess_locks_and_says_for_how_long(self):
        response = self.guess()
        self.assertEqual(response.status_code, 429)
        self.assertTemplateUsed(response, "dashboard/locked_out.html")
        cooloff = settings.LOGIN_COOLOFF_MINUTES * 60
        self.assertTrue(cooloff - 5 <= int(response["Retry-After"]) <= cooloff)
        self.assertContains(response, f"{settings.LOGIN_COOLOFF_MINUTES} minutes", status_code=429)

    def test_before_the_last_guess_nothing_is_locked(self):
        self.guess(settings.LOGIN_ATTEMPTS - 1)
        self.assertEqual(log_in(self.client).status_code, 302)

    def test_the_right_password_resets_earlier_guesses(self):
        self.guess(settings.LOGIN_ATTEMPTS - 1)
        log_in(self.client)
        self.guess(settings.LOGIN_ATTEMPTS - 1)
        self.assertEqual(log_in(self.client).status_code, 302)

    def test_while_locked_the_right_password_does_not_help(self):
        self.guess()
        response = log_in(self.client)
        self.assertEqual(response.status_code, 429)
        self.assertIn("Retry-After", response)
        self.assertNotIn("_auth_user_id", self.client.session)

    def test_the_admins_login_is_under_the_same_lock(self):
        self.guess(path="/admin/login/")
        response = log_in(self.client, path="/admin/login/")
        self.assertEqual(response.status_code, 429)
        self.assertTemplateUsed(response, "dashboard/locked_out.html")
        self.assertEqual(log_in(self.client).status_code, 429)

    def test_another_browser_at_the_same_address_is_locked_too(self):
        for i in range(settings.LOGIN_ATTEMPTS):
            log_in(Client(), password="guess", **{"User-Agent": f"browser {i}"})
        self.assertEqual(log_in(self.client).status_code, 429)

    def test_nobody_can_lock_others_out(self):
        self.guess()
        self.assertEqual(log_in(self.client, address=ELSEWHERE).status_code, 302)
        self.assertEqual(log_in(Client(), "bob").status_code, 302)

    def test_a_spoofed_address_does_not_escape_the_lock(self):
        for i in range(settings.LOGIN_ATTEMPTS):
            log_in(Client(), password="guess", **{"X-Forwarded-For": f"198.51.100.{i}"})
        self.assertEqual(log_in(self.client).status_code, 429)

    @override_settings(LOGIN_ATTEMPTS_PER_ADDRESS=7)
    def test_an_address_that_guesses_at_many_names_is_locked_out_with_all_names(self):
        for i in range(7):
            self.assertEqual(log_in(Client(), f"name {i}", "guess").status_code, 200)
        for path in ("/login/", "/admin/login/"):
            locked = log_in(self.client, path=path)
            self.assertContains(locked, "Nobody can", status_code=429)
            cooloff = settings.LOGIN_COOLOFF_MINUTES * 60
            self.assertTrue(cooloff - 5 <= int(locked["Retry-After"]) <= cooloff)
        self.assertEqual(log_in(self.client, address=ELSEWHERE).status_code, 302)

    @override_settings(LOGIN_ATTEMPTS_PER_ADDRESS=7)
    def test_the_right_password_does_not_reset_guesses_at_other_names(self):
        for i in range(6):
            log_in(Client(), f"name {i}", "guess")
        self.assertEqual(log_in(Client(), "bob").status_code, 302)
        log_in(Client(), "name 6", "guess")
        self.assertEqual(log_in(self.client).status_code, 429)

    @override_settings(LOGIN_ATTEMPTS_PER_ADDRESS=7)
    def test_the_lock_of_an_address_ends_and_further_guesses_do_not_prolong_it(self):
        for i in range(20):
            log_in(Client(), f"name {i}", "guess")
        self.assertEqual(AccessAttempt.objects.count(), 7)
        past = timezone.now() - timedelta(minutes=settings.LOGIN_COOLOFF_MINUTES, seconds=1)
        AccessAttempt.objects.update(attempt_time=past)
        self.assertEqual(log_in(self.client).status_code, 302)

    @override_settings(LOGIN_ATTEMPTS_PER_ADDRESS=7)
    def test_callers_of_unknown_address_share_a_lock(self):
        for i in range(7):
            log_in(Client(), f"name {i}", "guess", address="")
        self.assertEqual(log_in(self.client, address="").status_code, 429)
        self.assertEqual(log_in(self.client).status_code, 302)

    def test_an_ipv6_network_shares_a_lock(self):
        for i in range(settings.LOGIN_ATTEMPTS):
            log_in(Client(), password="guess", address=f"2001:db8:1:2::{i}")
        locked = log_in(self.client, address="2001:db8:1:2::99")
        self.assertEqual(locked.status_code, 429)
        self.assertEqual(log_in(self.client, address="2001:db8:1:3::1").status_code, 302)

    @override_settings(TRUSTED_PROXIES=1)
    def test_behind_a_proxy_it_is_the_callers_address_that_is_locked(self):
        for i in range(settings.LOGIN_ATTEMPTS):
            log_in(Client(), password="guess", **{"X-Forwarded-For": f"1.1.1.{i}, {HERE}"})
        locked = log_in(self.client, **{"X-Forwarded-For": HERE})
        self.assertEqual(locked.status_code, 429)
        free = log_in(self.client, **{"X-Forwarded-For": ELSEWHERE})
        self.assertEqual(free.status_code, 302)

    def test_without_an_address_the_lock_still_holds(self):
        self.guess(address="")
        self.assertEqual(log_in(self.client, address="").status_code, 429)

    def test_the_lock_ends_and_further_guesses_do_not_prolong_it(self):
        self.guess()
        locked_at = AccessAttempt.objects.get().attempt_time
        self.guess()
        self.assertEqual(AccessAttempt.objects.get().attempt_time, locked_at)
        past = timezone.now() - timedelta(minutes=settings.LOGIN_COOLOFF_MINUTES, seconds=1)
        AccessAttempt.objects.update(attempt_time=past)
        self.assertEqual(log_in(self.client).status_code, 302)

    def test_no_password_is_stored(self):
        log_in(self.client, password="a secret slip")
        attempt = AccessAttempt.objects.get()
        self.assertNotIn("a secret slip", f"{vars(attempt)}")

    def test_the_lock_holds_while_redis_is_away(self):
        away = redis.ConnectionError
        with patch("redis.connection.AbstractConnection.connect", side_effect=away):
            self.assertEqual(self.guess().status_code, 429)
