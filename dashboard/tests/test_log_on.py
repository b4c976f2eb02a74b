"""Browser instances log on, come back, and log off."""

import uuid
from datetime import UTC, datetime

from django.contrib.auth.models import Permission, User
from django.test import Client, TestCase, override_settings

from core.tests.problems import assert_problem
from core.values.times import parse_time
from dashboard.instances.browsers import log_on
from dashboard.instances.tokens import make_token
from dashboard.models import Browser

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def post(test, path, body=None, **kwargs):
    kwargs = {"content_type": "application/json", **kwargs}
    return test.client.post(f"/api/v1/browsers/{path}", {} if body is None else body, **kwargs)


def token_of(browser):
    return make_token(instance_id=browser.instance_id, version=browser.token_version)


class LogOnTests(TestCase):
    def test_any_caller_gets_a_new_instance(self):
        first, second = post(self, ""), post(self, "")
        self.assertEqual((first.status_code, second.status_code), (201, 201))
        self.assertNotEqual(first.json()["instance_id"], second.json()["instance_id"])
        self.assertEqual(Browser.objects.filter(is_active=True).count(), 2)

    def test_without_a_body_it_is_a_new_instance_too(self):
        response = self.client.generic("POST", "/api/v1/browsers/")
        self.assertEqual(response.status_code, 201)

    def test_the_answer_holds_what_a_tracker_needs(self):
        answer = post(self, "").json()
        self.assertEqual(
            set(answer), {"instance_id", "write_token", "server_time", "config", "stream_url"}
        )
        self.assertEqual(answer["config"]["flush_interval_ms"], 250)
        self.assertTrue(parse_time(answer["server_time"]))

    def test_with_its_token_the_same_instance_comes_back(self):
        browser = log_on(now=NOW)
        Browser.objects.update(is_active=False, logged_off_at=NOW)
        body = {"instance_id": str(browser.instance_id), "write_token": token_of(browser)}
        response = post(self, "", body)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["instance_id"], str(browser.instance_id))
        browser.refresh_from_db()
        self.assertEqual((browser.is_active, browser.logged_off_at), (True, None))

    def test_a_label_is_kept_when_the_instance_comes_back(self):
        answer = post(self, "", {"label": " participant 7 "}).json()
        again = {name: answer[name] for name in ("instance_id", "write_token")}
        for label in ({}, {"label": ""}, {"label": "another"}):
            self.assertEqual(post(self, "", again | label).status_code, 200)
            self.assertEqual(Browser.objects.get().label, "participant 7")
        Browser.objects.update(label="")
        post(self, "", again | {"label": "another"})
        self.assertEqual(Browser.objects.get().label, "another")

    def test_without_its_token_it_does_not(self):
        browser = log_on(now=NOW)
        body = {"instance_id": str(browser.instance_id)}
        assert_problem(self, post(self, "", body), 401, "authentication_failed")

    def test_with_another_instances_token_it_does_not(self):
        mine, other = log_on(now=NOW), log_on(now=NOW)
        body = {"instance_id": str(mine.instance_id), "write_token": token_of(other)}
        assert_problem(self, post(self, "", body), 403, "foreign_instance")

    def test_an_erased_instance_does_not_come_back(self):
        browser = log_on(now=NOW)
        body = {"instance_id": str(browser.instance_id), "write_token": token_of(browser)}
        Browser.objects.all().delete()
        assert_problem(self, post(self, "", body), 404, "no_such_instance")

    def test_a_revoked_token_does_not_bring_it_back(self):
        browser = log_on(now=NOW)
        body = {"instance_id": str(browser.instance_id), "write_token": token_of(browser)}
        Browser.objects.update(token_version=2)
        assert_problem(self, post(self, "", body), 401, "authentication_failed")

    def test_an_invalid_body_is_refused(self):
        for body, code, *pointers in (
            (b"{", "malformed"),
            (b"\xff", "malformed"),
            (b"[]", "invalid", ""),
            (b'{"instance_id": "x"}', "invalid", "/instance_id"),
            (b'{"instance": "x"}', "invalid", ""),
            (b'{"label": null}', "invalid", "/label"),
            (b'{"label": "a\\u0000"}', "invalid", "/label"),
            (b'{"label": "a\\nb"}', "invalid", "/label"),
            (b'{"label": "%s"}' % (b"a" * 101), "invalid", "/label"),
            (b'{"label": "\\ud800"}', "malformed"),
        ):
            with self.subTest(body):
                assert_problem(self, post(self, "", body), 400, code, *pointers)
        self.assertFalse(Browser.objects.exists())

    def test_a_form_is_not_json(self):
        form = "application/x-www-form-urlencoded"
        response = self.client.generic("POST", "/api/v1/browsers/", "a=1", content_type=form)
        assert_problem(self, response, 415, "unsupported_media_type")


# What a browser or another program sends as Origin, and the site that it means.
ORIGINS = {
    "https://shop.example": "shop.example",
    "https://Shop.Example:443": "shop.example",
    "http://shop.example:80": "shop.example",
    "http://shop.example:443": "shop.example:443",
    "http://localhost:3000": "localhost:3000",
    "http://[::1]:3000": "[::1]:3000",
    "chrome-extension://abcdefgh": "abcdefgh",
    "https://xn--bcher-kva.example": "xn--bcher-kva.example",
    "null": "",
    "": "",
    "file://": "",
    "shop.example": "",
    "https://shop.example/path": "",
    "https://a b": "",
    "https://joe@shop.example": "",
    "https://shop.example, https://b.example": "",
    f"https://{'a' * 254}": "",
    "https://shop.example:1000000": "",
    "https://b\xfccher.example": "",
}


class SiteTests(TestCase):
    def log_on(self, origin, **body):
        return post(self, "", body, headers={"Origin": origin})

    def test_the_site_is_the_host_of_the_origin(self):
        for origin, site in ORIGINS.items():
            with self.subTest(origin):
                self.assertEqual(self.log_on(origin).status_code, 201)
                self.assertEqual(Browser.objects.latest("pk").site, site)
        self.assertEqual(post(self, "").status_code, 201)
        self.assertEqual(Browser.objects.latest("pk").site, "")

    def test_an_instance_keeps_its_site(self):
        answer = self.log_on("https://a.example").json()
        again = {name: answer[name] for name in ("instance_id", "write_token")}
        self.assertEqual(self.log_on("https://b.example", **again).status_code, 200)
        self.assertEqual(Browser.objects.get().site, "a.example")

    @override_settings(SITES=["shop.example", "localhost:3000"])
    def test_only_listed_sites_may_log_on_or_come_back(self):
        answer = self.log_on("https://shop.example").json()
        again = {name: answer[name] for name in ("instance_id", "write_token")}
        for origin in ("https://evil.example", "http://localhost", "null", "", None):
            headers = {} if origin is None else {"Origin": origin}
            for body in ({}, again):
                with self.subTest(origin, body=body):
                    refused = post(self, "", body, headers=headers)
                    assert_problem(self, refused, 403, "foreign_site")
                    self.assertEqual(refused["Access-Control-Allow-Origin"], "*")
        self.assertEqual(Browser.objects.count(), 1)
        self.assertEqual(self.log_on("http://localhost:3000").status_code, 201)
        self.assertEqual(self.log_on("https://shop.example", **again).status_code, 200)

    @override_settings(SITES=["shop.example"])
    def test_the_services_own_pages_are_always_allowed_and_have_its_own_site(self):
        for answer in (
            self.client.post("/log-on/"),
            Client().post("/log-on/", headers={"Origin": "http://testserver"}),
            self.log_on("http://testserver"),
        ):
            self.assertEqual(answer.status_code, 201)
        sites = Browser.objects.order_by("pk").values_list("site", flat=True)
        self.assertEqual(list(sites), ["", "testserver", "testserver"])


class LogOffTests(TestCase):
    def setUp(self):
        self.browser = log_on(now=NOW)
        self.path = f"{self.browser.instance_id}/log-off/"

    def is_active(self):
        self.browser.refresh_from_db()
        return self.browser.is_active

    def test_its_token_logs_it_off(self):
        header = {"Authorization": f"Bearer {token_of(self.browser)}"}
        self.assertEqual(post(self, self.path, headers=header).status_code, 204)
        self.assertFalse(self.is_active())
        self.assertIsNotNone(self.browser.logged_off_at)

    def test_a_beacon_has_its_token_in_a_text_body(self):
        body = f'{{"token": "{token_of(self.browser)}"}}'
        response = post(self, self.path, body, content_type="text/plain;charset=UTF-8")
        self.assertEqual(response.status_code, 204)
        self.assertFalse(self.is_active())

    def test_a_beacon_with_a_staff_cookie_is_still_a_beacon(self):
        staff = Client(enforce_csrf_checks=True)
        staff.force_login(User.objects.create_user("ann", is_staff=True))
        path, body = f"/api/v1/browsers/{self.path}", f'{{"token": "{token_of(self.browser)}"}}'
        without = staff.generic("POST", path, "{}", content_type="text/plain")
        assert_problem(self, without, 401, "authentication_failed")
        response = staff.generic("POST", path, body, content_type="text/plain")
        self.assertEqual(response.status_code, 204)
        self.assertFalse(self.is_active())

    def test_staff_who_may_change_instances_log_it_off_with_a_csrf_token(self):
        ann = User.objects.create_user("ann", is_staff=True)
        self.client.force_login(ann)
        without = post(self, self.path, headers={"X-CSRFToken": "x"})
        assert_problem(self, without, 403, "permission_denied")
        self.assertTrue(self.is_active())
        ann.user_permissions.add(Permission.objects.get(codename="change_browser"))
        response = post(self, self.path, headers={"X-CSRFToken": "x"})
        self.assertEqual(response.status_code, 204)
        self.assertFalse(self.is_active())

    def test_staff_log_their_own_instance_off_by_its_token(self):
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        own = {"token": token_of(self.browser)}
        response = post(self, self.path, own, headers={"X-CSRFToken": "x"})
        self.assertEqual(response.status_code, 204)
        self.assertFalse(self.is_active())

    def test_logging_off_twice_changes_nothing(self):
        header = {"Authorization": f"Bearer {token_of(self.browser)}"}
        post(self, self.path, headers=header)
        self.is_active()
        first = self.browser.logged_off_at
        self.assertEqual(post(self, self.path, headers=header).status_code, 204)
        self.is_active()
        self.assertEqual(self.browser.logged_off_at, first)

    def test_nobody_else_logs_it_off(self):
        other = {"Authorization": f"Bearer {token_of(log_on(now=NOW))}"}
        assert_problem(self, post(self, self.path), 401, "authentication_failed")
        assert_problem(self, post(self, self.path, headers=other), 403, "foreign_instance")
        self.assertTrue(self.is_active())

    def test_a_missing_instance_cannot_log_off(self):
        ghost = uuid.uuid4()
        header = {"Authorization": f"Bearer {make_token(instance_id=ghost, version=1)}"}
        response = post(self, f"{ghost}/log-off/", headers=header)
        assert_problem(self, response, 404, "no_such_instance")


class ProblemTests(TestCase):
    def test_an_unknown_call_is_a_problem(self):
        for path in ("/api/", "/api/v1/nothing/", "/api/v1/browsers/not-a-uuid/events/"):
            with self.subTest(path):
                assert_problem(self, self.client.get(path), 404, "not_found")

    def test_a_method_that_a_call_does_not_have_is_a_problem(self):
        assert_problem(self, self.client.put("/api/v1/time/"), 405, "method_not_allowed")

    def test_outside_the_api_an_unknown_address_is_a_page(self):
        response = self.client.get("/nothing")
        self.assertEqual(response.status_code, 404)
        self.assertTemplateUsed(response, "404.html")

    def test_the_server_tells_its_time(self):
        response = self.client.get("/api/v1/time/")
        self.assertRegex(response.json()["server_time"], r"^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$")
