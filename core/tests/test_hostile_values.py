"""Values that no table can hold are refused, and a page reports that the database is away."""

from unittest.mock import patch

from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client, TestCase

from core.tests.problems import assert_problem

BROWSERS = "/admin/dashboard/browser/"


class RefusalTests(TestCase):
    def setUp(self):
        self.staff = User.objects.create_superuser("ann")
        self.client = Client(raise_request_exception=False)
        self.client.force_login(self.staff)

    def test_nul_is_refused_before_the_session_is_read(self):
        with self.assertNumQueries(0):
            self.client.cookies["sessionid"] = "abc\0defgh"
            self.assertEqual(self.client.get("/browsers/").status_code, 400)
            assert_problem(self, self.client.get("/api/v1/browsers/"), 400, "malformed")
            self.assertEqual(self.client.get("/browsers/?cursor=%00").status_code, 400)
            assert_problem(self, self.client.get("/api/v1/a%00b/"), 404, "not_found")

    def test_an_escaped_percent_sign_before_zeros_is_not_nul(self):
        self.assertEqual(self.client.get("/browsers/?cursor=%2500").status_code, 200)

    def test_a_fault_of_the_admin_itself_stays_an_error(self):
        with patch("dashboard.admin.BrowserAdmin.get_queryset", side_effect=ValueError):
            self.assertEqual(self.client.get(BROWSERS).status_code, 500)
            with self.assertLogs("core.web.hostile_values", "WARNING") as logs:
                self.assertEqual(self.client.get(BROWSERS, {"q": "x"}).status_code, 400)
        self.assertIn("Traceback", logs.output[0])

    def test_a_page_without_the_database_can_be_retried(self):
        with patch("dashboard.admin.BrowserAdmin.get_queryset", side_effect=OperationalError):
            answer = self.client.get(BROWSERS, {"q": "x"})
        self.assertContains(answer, "database", status_code=503)
        self.assertEqual(answer["Retry-After"], "2")

    def test_a_name_that_is_too_long_is_a_wrong_login(self):
        self.client.logout()
        for path in ("/login/", "/admin/login/"):
            with self.subTest(path):
                answer = self.client.post(path, {"username": "a" * 5000, "password": "x"})
                self.assertEqual(answer.status_code, 200)
