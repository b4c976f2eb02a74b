"""Calls are limited: log on per address, reads per token. A refusal says how long to wait."""

from datetime import UTC, datetime

from django.test import TestCase, override_settings

from core.tests.limits import forget_all_calls
from core.tests.problems import assert_problem
from dashboard.instances.browsers import log_on
from dashboard.instances.tokens import make_token
from dashboard.models import Browser

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


class LimitTests(TestCase):
    def setUp(self):
        forget_all_calls()

    def log_on(self, address="203.0.113.1", **headers):
        body = {"content_type": "application/json", "data": {}}
        return self.client.post("/api/v1/browsers/", REMOTE_ADDR=address, headers=headers, **body)

    def assert_too_often(self, answer):
        assert_problem(self, answer, 429, "throttled")
        self.assertTrue(1 <= int(answer["Retry-After"]) <= 60)

    @override_settings(LOG_ON_PER_MINUTE=3)
    def test_log_ons_of_an_address_are_limited(self):
        self.assertEqual([self.log_on().status_code for _ in range(3)], [201] * 3)
        self.assert_too_often(self.log_on())

    @override_settings(LOG_ON_PER_MINUTE=1)
    def test_a_spoofed_address_changes_nothing(self):
        self.log_on()
        for n in range(3):
            self.assert_too_often(self.log_on(**{"X-Forwarded-For": f"203.0.113.{n}"}))

    def test_a_class_behind_one_address_logs_on_within_a_minute(self):
        answers = [self.log_on() for _ in range(100)]
        self.assertEqual({answer.status_code for answer in answers}, {201})

    @override_settings(INSTANCES_PER_DAY_PER_ADDRESS=2)
    def test_new_instances_of_an_address_are_limited_per_day(self):
        answers = [self.log_on(f"2001:db8::{n}") for n in range(3)]
        self.assertEqual([answer.status_code for answer in answers], [201, 201, 429])
        assert_problem(self, answers[2], 429, "throttled")
        self.assertTrue(3600 < int(answers[2]["Retry-After"]) <= 24 * 3600)
        self.assertEqual(self.client.post("/log-on/", REMOTE_ADDR="2001:db8::9").status_code, 429)
        self.assertEqual(Browser.objects.count(), 2)
        self.assertEqual(self.log_on("2001:db8:0:1::1").status_code, 201)

    @override_settings(INSTANCES_PER_DAY_OF_ALL=2)
    def test_new_instances_of_all_are_limited_per_day(self):
        answers = [self.log_on(f"203.0.113.{n}").status_code for n in range(3)]
        self.assertEqual(answers, [201, 201, 429])
        self.assertEqual(self.client.post("/log-on/").status_code, 429)
        self.assertEqual(Browser.objects.count(), 2)

    @override_settings(INSTANCES_PER_DAY_PER_ADDRESS=1)
    def test_resuming_an_instance_is_not_limited_as_a_new_one(self):
        me = self.log_on().json()
        self.assertEqual(self.log_on().status_code, 429)
        own = {name: me[name] for name in ("instance_id", "write_token")}
        again = self.client.post(
            "/api/v1/browsers/", own, content_type="application/json", REMOTE_ADDR="203.0.113.1"
        )
        self.assertEqual(again.status_code, 200)

    @override_settings(INSTANCES_PER_DAY_PER_ADDRESS=1)
    def test_resuming_the_sessions_instance_is_not_limited_as_a_new_one(self):
        answers = [self.client.post("/log-on/") for _ in range(2)]
        self.assertEqual([answer.status_code for answer in answers], [201, 200])

    @override_settings(LOG_ON_PER_MINUTE=60)
    def test_a_network_of_ipv6_is_one_caller(self):
        answers = [self.log_on(f"2001:db8:1:2::{n:x}") for n in range(61)]
        self.assertEqual([answer.status_code for answer in answers], [201] * 60 + [429])
        self.assertEqual(self.log_on("2001:db8:1:3::1").status_code, 201)

    @override_settings(LOG_ON_PER_MINUTE=1, TRUSTED_PROXIES=1)
    def test_a_port_does_not_make_another_caller_and_unknown_callers_are_one(self):
        def log_on(forwarded):
            return self.log_on(**{"X-Forwarded-For": forwarded}).status_code

        self.assertEqual([log_on(f"203.0.113.5:{port}") for port in (1, 2)], [201, 429])
        self.assertEqual([log_on(word) for word in ("unknown", "_hidden", "")], [201, 429, 429])
        self.assertEqual(log_on("203.0.113.6:1"), 201)

    @override_settings(READS_PER_MINUTE=1)
    def test_beacons_of_one_address_do_not_use_up_those_of_another(self):
        path = f"/api/v1/browsers/{log_on(now=NOW).instance_id}/log-off/"

        def log_off(address):
            return self.client.post(
                path, "{}", content_type="text/plain", REMOTE_ADDR=address
            ).status_code

        self.assertEqual([log_off("203.0.113.1") for _ in range(2)], [401, 429])
        self.assertEqual(log_off("203.0.113.2"), 401)

    @override_settings(READS_PER_MINUTE=2)
    def test_reads_are_limited_for_each_token(self):
        first, second = log_on(now=NOW), log_on(now=NOW)
        for browser in (first, second):
            token = make_token(instance_id=browser.instance_id, version=1)
            path = f"/api/v1/browsers/{browser.instance_id}/"
            header = {"Authorization": f"Bearer {token}"}
            answers = [self.client.get(path, headers=header) for _ in range(3)]
            self.assertEqual([answer.status_code for answer in answers], [200, 200, 429])
            self.assert_too_often(answers[-1])
