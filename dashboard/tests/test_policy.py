"""Every page has a content policy, and contains no inline script."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, TestCase

PAGES = (
    "/",
    "/tasks/pointing/",
    "/browsers/00000000-0000-4000-8000-000000000000/",
    "/login/",
    "/admin/login/",
)
ERRORS = ("/nothing/", "/admin/nothing/", "/api/v1/nothing/")
STRICT = {
    "default-src": {"'none'"},
    "connect-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "frame-ancestors": {"'none'"},
    "base-uri": {"'none'"},
    "form-action": {"'self'"},
}
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son\w+=|javascript:")


def policy(response):
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: set(sources) for name, *sources in parts}


class PolicyTests(TestCase):
    def test_every_page_has_the_policy(self):
        for path in (*PAGES, *ERRORS, "/healthz"):
            with self.subTest(path):
                found = policy(self.client.get(path, follow=True))
                self.assertEqual({name: found[name] for name in STRICT}, STRICT)

    def test_a_page_that_failed_has_it_too(self):
        client = Client(raise_request_exception=False)
        refused = client.get("/", headers={"Host": "elsewhere.example"})
        forged = Client(enforce_csrf_checks=True).post("/login/")
        for response, status in ((refused, 400), (forged, 403)):
            with self.subTest(status):
                self.assertEqual(response.status_code, status)
                self.assertIn("Content-Security-Policy", response)

    def test_scripts_are_our_own_and_the_chart_library(self):
        sources = policy(self.client.get("/"))["script-src"]
        self.assertEqual(sources, {"'self'", settings.CHART_CDN_URL})
        # Without a path, the policy would allow any file that anybody publishes on the CDN.
        self.assertTrue(urlsplit(settings.CHART_CDN_URL).path.endswith("/apexcharts.min.js"))

    def test_inline_and_evaluated_scripts_are_forbidden(self):
        for path in PAGES:
            with self.subTest(path):
                self.assertNotIn("'unsafe", self.client.get(path)["Content-Security-Policy"])

    def test_no_page_holds_an_inline_script(self):
        self.client.force_login(User.objects.create_superuser("ann"))
        admin = ("/admin/", "/admin/dashboard/browser/", "/admin/django_celery_beat/periodictask/")
        for path in (*PAGES, *admin, f"{admin[-1]}add/"):
            with self.subTest(path):
                page = self.client.get(path).content.decode()
                self.assertIsNone(INLINE_SCRIPT.search(page))

    def test_every_page_has_the_policys_siblings(self):
        for path in (*PAGES, *ERRORS):
            with self.subTest(path):
                response = self.client.get(path, follow=True)
                self.assertIn("camera=()", response["Permissions-Policy"])
                self.assertEqual(response["Referrer-Policy"], "same-origin")
                self.assertEqual(response["Cross-Origin-Opener-Policy"], "same-origin")
                self.assertEqual(response["X-Content-Type-Options"], "nosniff")
                self.assertEqual(response["X-Frame-Options"], "DENY")
