"""Production settings pass Django's own check, and HTTPS is one setting."""

import secrets
import subprocess
import sys

from django.conf import settings
from django.test import SimpleTestCase

from core.tests.test_settings import environment_of

PRODUCTION = {
    "SECRET_KEY": secrets.token_urlsafe(50),
    "HTTPS": "true",
    "DEBUG": "false",
    "ALLOWED_HOSTS": "stats.example.org",
    "TRUSTED_PROXIES": "1",
}
SHOW = """
from core import settings
names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT",
         "SECURE_HSTS_SECONDS", "SECURE_HSTS_PRELOAD", "SECURE_PROXY_SSL_HEADER")
print(*(getattr(settings, name) for name in names), sep="\\n")
"""


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment_of({**PRODUCTION, **environment}),
        capture_output=True,
        text=True,
    )


def show(**environment: str) -> list[str]:
    return run("-c", SHOW, **environment).stdout.split("\n")[:-1]


class DeploymentTests(SimpleTestCase):
    def test_the_deployment_check_is_clean(self):
        done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_deployment_check_would_find_a_fault(self):
        done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", HTTPS="false")
        self.assertIn("SESSION_COOKIE_SECURE", done.stderr)
        self.assertNotEqual(done.returncode, 0)

    def test_https_is_one_setting(self):
        year = str(365 * 24 * 3600)
        header = "('HTTP_X_FORWARDED_PROTO', 'https')"
        self.assertEqual(show(), ["True", "True", "True", year, "False", header])
        self.assertEqual(show(HTTPS="false"), ["False", "False", "False", "0", "False", "None"])

    def test_without_a_proxy_no_header_can_claim_https(self):
        self.assertEqual(show(TRUSTED_PROXIES="0")[-1], "None")

    def test_preloading_needs_a_setting_of_its_own(self):
        self.assertEqual(show(HSTS_PRELOAD="true")[-2], "True")
