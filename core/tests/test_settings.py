"""Settings are complete, explained, and loud where they are wrong."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase

from core import settings as module

ROOT = Path(settings.BASE_DIR)


def documented_settings() -> set[str]:
    rows = (ROOT / "docs" / "settings.md").read_text()
    return set(re.findall(r"^\| `([A-Z_]+)` \|", rows, re.MULTILINE))


def example_settings() -> set[str]:
    lines = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^([A-Z_]+)=", lines, re.MULTILINE))


def environment_of(settings: dict[str, str]) -> dict[str, str]:
    """Return the environment of a process that has these settings and no others."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    defaults = {
        "SECRET_KEY": "k" * 50,
        "DATABASE_URL": "postgres://a@127.0.0.1/b",
        "REDIS_URL": "redis://127.0.0.1/0",
    }
    return {**kept, **defaults, **settings}


def boot(then: str = "", **environment: str) -> subprocess.CompletedProcess:
    """Import the settings in a process that has this environment only."""
    return subprocess.run(
        [sys.executable, "-c", f"import core.settings; {then}"],
        cwd=ROOT,
        env=environment_of(environment),
        capture_output=True,
        text=True,
    )


class SettingsTests(SimpleTestCase):
    def test_each_setting_is_in_the_example_and_in_the_docs(self):
        known = set(module.env.dump())
        self.assertEqual(example_settings(), known)
        self.assertEqual(documented_settings(), known)

    def test_the_example_holds_no_secret_that_works(self):
        self.assertRegex((ROOT / ".env.example").read_text(), r"(?m)^SECRET_KEY=$")

    def test_good_settings_boot(self):
        done = boot()
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_commands_find_the_service_at_its_port_or_where_they_are_told(self):
        shown = "print(core.settings.SERVICE_URL)"
        # Empty rather than absent, because a run of this checkout leaves its own address.
        for told, expected in (
            ({"PORT": "8001", "SERVICE_URL": ""}, "http://127.0.0.1:8001"),
            ({"PORT": "8001", "SERVICE_URL": "https://s.example/"}, "https://s.example"),
        ):
            with self.subTest(told):
                self.assertEqual(boot(shown, **told).stdout.strip(), expected)

    def test_every_fault_is_named_at_once(self):
        done = boot(SECRET_KEY="short", RAW_RETENTION_DAYS="0", REDIS_URL="http://x")
        last = done.stderr.strip().splitlines()[-1]
        self.assertNotEqual(done.returncode, 0)
        for name in ("SECRET_KEY", "RAW_RETENTION_DAYS", "REDIS_URL", "docs/settings.md"):
            self.assertIn(name, last)

    def test_an_empty_secret_key_stops_the_boot(self):
        done = boot(SECRET_KEY="")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("SECRET_KEY", done.stderr)

    def test_a_setting_can_be_read_from_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "secret_key"
            file.write_text(f"{'f' * 40}\n")
            done = boot("print(core.settings.SECRET_KEY)", SECRET_KEY_FILE=str(file))
        self.assertEqual((done.stdout, done.stderr), (f"{'f' * 40}\n", ""))

    def test_a_file_that_is_not_there_stops_the_boot(self):
        done = boot(SECRET_KEY_FILE="/nowhere/secret_key")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("SECRET_KEY_FILE", done.stderr.strip().splitlines()[-1])

    def test_debug_is_off_unless_asked_for(self):
        self.assertFalse(module.env.dump()["DEBUG"])
