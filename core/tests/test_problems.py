"""An unexpected error is a problem too: logged in full, and answered without details."""

from unittest import mock

from django.test import Client, TestCase, override_settings

from core.tests.problems import assert_problem


def fail(*_args, **_kwargs):
    raise RuntimeError("the secret is 42")


class UnforeseenErrorTests(TestCase):
    def get(self):
        with (
            mock.patch("dashboard.api.views.ServerTime", fail),
            self.assertLogs("core.api.answers") as log,
        ):
            return Client(raise_request_exception=False).get("/api/v1/time/"), log.output[0]

    def test_the_caller_gets_a_problem_without_details(self):
        answer, _ = self.get()
        assert_problem(self, answer, 500, "internal_error")
        self.assertNotIn(b"42", answer.content)

    @override_settings(DEBUG=True)
    def test_with_debug_on_it_is_the_same(self):
        answer, _ = self.get()
        assert_problem(self, answer, 500, "internal_error")

    def test_the_log_has_the_place_and_the_traceback(self):
        _, line = self.get()
        self.assertIn("GET /api/v1/time/", line)
        self.assertIn("the secret is 42", line)
