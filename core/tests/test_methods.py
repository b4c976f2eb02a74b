"""A method that a call does not have is refused with 405, for every caller and every format."""

from django.test import TestCase

from core.tests.problems import assert_problem

BROWSER = "/api/v1/browsers/00000000-0000-0000-0000-000000000000/"
CALLS = {
    "/api/v1/browsers/": "PUT PATCH DELETE TRACE",
    BROWSER: "PUT POST TRACE",
    f"{BROWSER}log-off/": "GET PUT PATCH DELETE",
    f"{BROWSER}events/": "PUT PATCH DELETE TRACE",
    f"{BROWSER}statuses/": "PUT PATCH DELETE POST TRACE",
    f"{BROWSER}scenes/": "PUT PATCH DELETE POST TRACE",
    f"{BROWSER}marks/": "PUT PATCH DELETE POST TRACE",
    f"{BROWSER}measures/": "PUT PATCH DELETE POST TRACE",
    "/api/v1/statuses/": "PUT PATCH DELETE POST TRACE",
    "/api/v1/time/": "PUT PATCH DELETE POST TRACE",
}


class MethodTests(TestCase):
    def assert_refused(self, query="", **headers):
        for path, methods in CALLS.items():
            for method in methods.split():
                with self.subTest(f"{method} {path}"):
                    answer = self.client.generic(method, path + query, headers=headers)
                    assert_problem(self, answer, 405, "method_not_allowed")
                    self.assertNotIn(method, answer["Allow"])

    def test_without_a_token(self):
        self.assert_refused()

    def test_with_an_invalid_token(self):
        self.assert_refused(Authorization="Bearer none")

    def test_in_every_format(self):
        self.assert_refused("?format=csv")
