"""Settings are complete, documented, and checked with clear messages."""

import json
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

NUMBERS = (
    *("TRUSTED_PROXIES", "PROBE_PORT", "LOGIN_ATTEMPTS", "LOGIN_ATTEMPTS_PER_ADDRESS"),
    *("LOGIN_COOLOFF_MINUTES", "RAW_RETENTION_DAYS", "STATUS_RETENTION_DAYS"),
    *("COMPRESS_AFTER_DAYS", "ROLLUP_SHARDS", "SWEEP_SECONDS", "PORT", "STREAM_TICKET_SECONDS"),
    *("ANALYST_MINUTES", "FLUSH_INTERVAL_MS", "LOG_ON_PER_MINUTE", "BATCHES_PER_MINUTE"),
    *("INSTANCES_PER_DAY_PER_ADDRESS", "INSTANCES_PER_DAY_OF_ALL", "EVENTS_PER_MINUTE"),
    *("EVENTS_PER_MINUTE_PER_ADDRESS", "EVENTS_PER_MINUTE_OF_ALL", "READS_PER_MINUTE"),
    *("WEB_THREADS", "COSTLY_READS", "EXPORTS", "MAX_PAGES"),
)
WRONG = {
    **dict.fromkeys(NUMBERS, "many"),
    "SECRET_KEY": "",
    "DATABASE_URL": "db.example.org",
    "REPLICA_URL": "db.example.org",
    "DATABASE_OWNER_URL": "db.example.org",
    "REDIS_URL": "http://redis.example.org",
    "DEBUG": "perhaps",
    "HTTPS": "perhaps",
    "HSTS_PRELOAD": "perhaps",
    "ALLOWED_HOSTS": "localhost,https://stats.example.org/",
    "CSRF_TRUSTED_ORIGINS": "stats.example.org",
    "LOG_LEVEL": "LOUD",
    "LOG_FORMAT": "xml",
    "OPERATOR_NETWORKS": "127.0.0.1,the office",
    "SITES": "shop.example.org,https://stats.example.org",
    "SERVICE_URL": "stats.example.org",
    "STREAM_URL": "stats.example.org",
    "RUNGS": "10s,1s",
    "BASE_PATH": "/admin/",
    "TRACKER_PATH": "/admin/",
    "API_PREFIX": "/admin/",
}
ANYTHING = {"SECRET_KEY_FALLBACKS", "METRICS_DIR", "BEAT_PULSE"}
TRY_EACH = """
import json, os, sys
told = {}
for name, value in json.loads(os.environ["WRONG"]).items():
    before = dict(os.environ)
    os.environ[name] = value
    sys.modules.pop("core.settings", None)
    try:
        import core.settings
        told[name] = "it starts"
    except BaseException as error:
        told[name] = str(error) if isinstance(error, SystemExit) else repr(error)
    os.environ.clear()
    os.environ.update(before)
print(json.dumps(told))
"""
PROCESSES = (
    ["manage.py", "doctor"],
    ["-m", "core.web.server", "--port", "0", "--workers", "2", "analytics.asgi:application"],
    ["-m", "uvicorn", "--port", "0", "dashboard.asgi:application"],
    ["-m", "celery", "-A", "core", "worker"],
    ["-m", "celery", "-A", "core", "beat"],
)


def documented_settings() -> set[str]:
    rows = (ROOT / "docs" / "settings.md").read_text()
    return set(re.findall(r"^\| `([A-Z_]+)` \|", rows, re.MULTILINE))


def example_settings() -> set[str]:
    lines = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^([A-Z_]+)=", lines, re.MULTILINE))


def environment_of(settings: dict[str, str]) -> dict[str, str]:
    """Return the environment of a process with only these settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    defaults = {
        "SECRET_KEY": "k" * 50,
        "DATABASE_URL": "postgres://a@127.0.0.1/b",
        "REDIS_URL": "redis://127.0.0.1/0",
    }
    return {**kept, **defaults, **settings}


def boot(then: str = "", **environment: str) -> subprocess.CompletedProcess:
    """Import the settings in a process with only this environment."""
    return subprocess.run(
        [sys.executable, "-c", f"import core.settings\n{then}"],
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

    def test_the_path_of_the_service_is_read_with_slashes_or_without(self):
        for given, path in (("", ""), ("/", ""), ("stats", "/stats"), ("/a/stats/", "/a/stats")):
            done = boot("print(core.settings.BASE_PATH, core.settings.STATIC_URL)", BASE_PATH=given)
            self.assertEqual(done.stdout.strip(), f"{path} {path}/static/".strip(), done.stderr)

    def test_no_name_lies_in_the_path_that_a_proxy_may_cut_off(self):
        done = boot(BASE_PATH="stats", TRACKER_PATH="stats/move.js", API_PREFIX="statsy/v1")
        self.assertIn("TRACKER_PATH: stats/move.js begins as BASE_PATH does", done.stderr)
        self.assertNotIn("API_PREFIX", done.stderr)

    def test_sites_are_read_in_any_case_and_with_spaces(self):
        for given, sites in (("", []), ("Shop.example, [::1]:80", ["shop.example", "[::1]:80"])):
            done = boot("print(core.settings.SITES)", SITES=given)
            self.assertEqual(done.stdout.strip(), str(sites), done.stderr)

    def test_the_example_holds_no_secret_that_works(self):
        self.assertRegex((ROOT / ".env.example").read_text(), r"(?m)^SECRET_KEY=$")

    def test_good_settings_boot(self):
        done = boot()
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_commands_find_the_service_at_its_port_or_at_the_given_address(self):
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

    def test_each_wrong_setting_is_named_in_one_line(self):
        self.assertEqual({*WRONG, *ANYTHING}, documented_settings())
        told = json.loads(boot(TRY_EACH, WRONG=json.dumps(WRONG)).stdout)
        for name, said in told.items():
            with self.subTest(name):
                self.assertRegex(
                    said, rf"^Pointerscope cannot start\. {name}: .*docs/settings\.md.*$"
                )

    def test_a_wrong_setting_stops_each_process_with_one_line(self):
        for words in PROCESSES:
            with self.subTest(words):
                done = subprocess.run(
                    [sys.executable, *words],
                    cwd=ROOT,
                    env=environment_of({"SECRET_KEY": "", "METRICS_DIR": ""}),
                    capture_output=True,
                    text=True,
                    timeout=30,
                )
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stderr, r"^Pointerscope cannot start\. SECRET_KEY: [^\n]+\n$")

    def test_a_metrics_folder_that_cannot_be_created_is_one_line(self):
        set_up = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'core.settings'"
        done = boot(f"{set_up}; django.setup(); import core.metrics", METRICS_DIR="/dev/null/x")
        said = "Pointerscope cannot start. METRICS_DIR: Not a directory: /dev/null/x"
        self.assertEqual(done.stderr, f"{said} (docs/settings.md explains each setting)\n")

    def test_a_setting_can_be_read_from_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "secret_key"
            file.write_text(f"{'f' * 40}\n")
            done = boot("print(core.settings.SECRET_KEY)", SECRET_KEY_FILE=str(file))
        self.assertEqual((done.stdout, done.stderr), (f"{'f' * 40}\n", ""))

    def test_a_missing_file_stops_the_start(self):
        done = boot(SECRET_KEY_FILE="/nowhere/secret_key")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("SECRET_KEY_FILE", done.stderr.strip().splitlines()[-1])

    def test_debug_is_off_unless_asked_for(self):
        self.assertFalse(module.env.dump()["DEBUG"])
