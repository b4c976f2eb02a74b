"""API keys read what their user may read, until they end, by any caller, admin or command."""

import io
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings

from core.tests.limits import forget_all_calls
from core.tests.problems import assert_problem
from dashboard.access.api_keys import MOST_DAYS, make_api_key, revoke_api_keys
from dashboard.instances.browsers import log_on
from dashboard.instances.tokens import make_token
from dashboard.models import ApiKey

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
LIST = "/api/v1/browsers/"
SECOND = timedelta(seconds=1)


class ApiKeyTestCase(TestCase):
    def setUp(self):
        forget_all_calls()
        self.ann = User.objects.create_user("ann", is_staff=True)
        self.browser = log_on(now=NOW)

    def make(self, user=None, name="notebook", days=30):
        return make_api_key(user=user or self.ann, name=name, days=days, now=NOW)

    def get(self, text, path=LIST, *, now=NOW, scheme="Bearer"):
        with patch("django.utils.timezone.now", return_value=now):
            return self.client.get(path, headers={"Authorization": f"{scheme} {text}"})

    def assert_void(self, text, *, now=NOW):
        answer = self.get(text, now=now)
        assert_problem(self, answer, 401, "authentication_failed")
        self.assertEqual(answer["WWW-Authenticate"], "Bearer")


class UseTests(ApiKeyTestCase):
    def test_a_key_reads_what_its_user_may_read(self):
        text = self.make().text
        one = f"{LIST}{self.browser.instance_id}/"
        for path in (LIST, one, f"{one}statuses/", "/api/v1/statuses/", f"{one}events/"):
            with self.subTest(path):
                self.assertEqual(self.get(text, path).status_code, 200)
        self.assertEqual(self.get(text, scheme="bearer").status_code, 200)

    def test_only_a_hash_is_stored(self):
        made = self.make()
        (row,) = ApiKey.objects.values()
        for value in row.values():
            self.assertNotIn(made.text[len(made.key.prefix) :], str(value))
        self.assertTrue(made.text.startswith(f"{made.key.prefix}_"))
        self.assertEqual(len(made.text), 55)

    def test_keys_differ_each_time(self):
        self.assertEqual(len({self.make().text for _ in range(100)}), 100)

    def test_a_text_that_is_no_key_is_refused(self):
        made = self.make()
        other = self.make()
        wrong_end = made.text[:-1] + ("a" if made.text[-1] != "a" else "b")
        mixed = made.key.prefix + other.text[len(other.key.prefix) :]
        for text in (
            *("ps_", made.key.prefix, made.key.digest, f"ps_{made.key.digest}", wrong_end, mixed),
            *(made.text[:-1], f"{made.text}a", made.text.upper(), f"{made.text} x", "ps_\x00" * 9),
        ):
            with self.subTest(text):
                self.assert_void(text)

    def test_a_key_ends_at_its_end(self):
        text = self.make(days=7).text
        end = NOW + timedelta(days=7)
        self.assertEqual(self.get(text, now=end - SECOND).status_code, 200)
        self.assert_void(text, now=end)

    def test_a_revoked_key_is_void_at_once(self):
        made, other = self.make(), self.make()
        keys = ApiKey.objects.filter(pk=made.key.pk)
        self.assertEqual(revoke_api_keys(keys, now=NOW), 1)
        self.assertEqual(revoke_api_keys(keys, now=NOW + SECOND), 0)
        self.assert_void(made.text)
        self.assertEqual(self.get(other.text).status_code, 200)

    def test_a_key_is_void_while_its_user_is_not_active_or_not_staff(self):
        text = self.make().text
        for name in ("is_active", "is_staff"):
            with self.subTest(name):
                User.objects.filter(pk=self.ann.pk).update(**{name: False})
                self.assert_void(text)
                User.objects.filter(pk=self.ann.pk).update(**{name: True})
                self.assertEqual(self.get(text).status_code, 200)
        self.ann.delete()
        self.assert_void(text)

    def test_its_use_is_noted_at_most_once_an_hour(self):
        text = self.make().text
        expected = {0: 0, 1: 0, 3599: 0, 3600: 3600, 3601: 3600}
        for seconds, noted in expected.items():
            self.get(text, now=NOW + seconds * SECOND)
            self.assertEqual(ApiKey.objects.get().used_at, NOW + noted * SECOND)

    def test_a_refused_key_is_not_noted_as_used(self):
        text = self.make(days=1).text
        self.assert_void(text, now=NOW + timedelta(days=1))
        self.assertIsNone(ApiKey.objects.get().used_at)

    @override_settings(READS_PER_MINUTE=2)
    def test_each_key_has_its_own_limit(self):
        first, second = self.make().text, self.make().text
        self.assertEqual([self.get(first).status_code for _ in range(3)], [200, 200, 429])
        self.assertEqual(self.get(second).status_code, 200)
        self.client.force_login(self.ann)
        self.assertEqual(self.client.get(LIST).status_code, 200)

    def test_a_call_with_a_bad_key_looks_at_no_cookie(self):
        self.client.force_login(self.ann)
        self.assertEqual(self.client.get(LIST).status_code, 200)
        self.assert_void("ps_" + "a" * 52)
        answer = self.client.get(LIST, headers={"Authorization": "Bearer ps_"})
        self.assertEqual(answer.status_code, 401)

    def test_a_key_and_a_write_token_are_never_taken_for_each_other(self):
        text = self.make().text
        token = make_token(instance_id=self.browser.instance_id, version=1)
        path = f"{LIST}{self.browser.instance_id}/"
        body = {"instance_id": str(self.browser.instance_id), "write_token": text}
        answers = [
            self.client.post(LIST, body, content_type="application/json"),
            self.client.post(f"{path}log-off/", {"token": text}, content_type="application/json"),
            self.client.post(LIST, headers={"Authorization": f"Bearer {text}"}),
            self.get(f"ps_{token}", path),
        ]
        self.assertEqual([answer.status_code for answer in answers], [401] * 4)
        self.assertEqual(self.get(token, path).status_code, 200)


class AdminTests(ApiKeyTestCase):
    PATH = "/admin/dashboard/apikey/"

    def setUp(self):
        super().setUp()
        self.made = self.make()
        self.chosen = {"action": "revoke", "_selected_action": [self.made.key.pk]}

    def test_a_superuser_lists_and_revokes_keys_and_never_sees_one(self):
        self.client.force_login(User.objects.create_superuser("root"))
        for path in (self.PATH, f"{self.PATH}{self.made.key.pk}/change/"):
            page = self.client.get(path)
            self.assertContains(page, self.made.key.prefix)
            self.assertNotContains(page, self.made.text)
            self.assertNotContains(page, self.made.key.digest)
        self.assertEqual(self.client.get(f"{self.PATH}add/").status_code, 403)
        answer = self.client.post(self.PATH, self.chosen, follow=True)
        self.assertContains(answer, "1 is revoked.")
        self.assert_void(self.made.text)

    def test_staff_need_permissions(self):
        bob = User.objects.create_user("bob", is_staff=True)
        self.client.force_login(bob)
        self.assertEqual(self.client.get(self.PATH).status_code, 403)
        bob.user_permissions.add(Permission.objects.get(codename="view_apikey"))
        self.assertEqual(self.client.get(self.PATH).status_code, 200)
        self.client.post(self.PATH, self.chosen)
        self.assertEqual(self.get(self.made.text).status_code, 200)
        bob.user_permissions.add(Permission.objects.get(codename="change_apikey"))
        self.client.post(self.PATH, self.chosen)
        self.assert_void(self.made.text)


class CommandTests(ApiKeyTestCase):
    def run_command(self, *words, now=NOW):
        out, beside = io.StringIO(), io.StringIO()
        with patch("django.utils.timezone.now", return_value=now):
            call_command("api_key", *words, stdout=out, stderr=beside)
        return out.getvalue(), beside.getvalue()

    def test_it_makes_a_key_prints_it_once_lists_and_revokes_it(self):
        text, said = self.run_command("create", "ann", "a notebook", "--days", "7")
        self.assertIn("until 2026-11-30T12:00:00.000000Z", said)
        self.assertEqual(self.get(text.strip()).status_code, 200)
        (key,) = ApiKey.objects.all()
        listed, _ = self.run_command("list")
        self.assertEqual(
            listed,
            f"{key.prefix}  ann  a notebook  until 2026-11-30T12:00:00.000000Z"
            "  used 2026-11-23T12:00:00.000000Z\n",
        )
        self.assertEqual(self.run_command("revoke", key.prefix)[0], f"{key.prefix} is revoked.\n")
        self.assert_void(text.strip())
        self.assertEqual(self.run_command("list")[0], "")
        self.assertIn("revoked", self.run_command("list", "--all")[0])
        with self.assertRaisesMessage(CommandError, "not revoked"):
            self.run_command("revoke", key.prefix)

    def test_the_list_says_why_a_key_is_not_valid(self):
        self.make(days=1)
        end = NOW + timedelta(days=1)
        self.assertEqual(self.run_command("list", now=end)[0], "")
        self.assertIn("  ended 2026-11-24T12:00", self.run_command("list", "--all", now=end)[0])
        User.objects.update(is_staff=False)
        self.assertEqual(self.run_command("list")[0], "")
        self.assertIn("its user is not staff", self.run_command("list", "--all")[0])

    def test_it_refuses_what_cannot_be_a_key(self):
        User.objects.create_user("visitor")
        User.objects.create_user("gone", is_staff=True, is_active=False)
        for words in (
            *(("visitor", "x"), ("gone", "x"), ("nobody", "x"), ("ann", " "), ("ann", "a\nb")),
            *(("ann", "x" * 101), ("ann", "x", "--days", "0")),
            ("ann", "x", "--days", f"{MOST_DAYS + 1}"),
        ):
            with self.subTest(words), self.assertRaises(CommandError):
                self.run_command("create", *words)
        self.assertEqual(ApiKey.objects.count(), 0)
