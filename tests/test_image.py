"""The image's files are enough: its start commands serve with production settings."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.patience import wait_until
from tests.production import DOMAIN, PROCESSES, Production, ask
from tests.service import Service


def test_the_image_has_no_tests_no_secrets_and_no_leftovers(production: Production) -> None:
    files = {str(path.relative_to(production.tree)) for path in production.tree.rglob("*")}
    assert {"manage.py", "Procfile", "deploy/start", "core/settings.py"} <= files
    assert not [file for file in files if "/tests" in file or file.startswith((".env", ".git"))]


def test_a_batch_over_https_is_stored_and_rolled_up(production: Production) -> None:
    series = production.move().series()
    assert [status["traversed_distance"] for status in series] == [10.0]


def test_plain_http_only_redirects_to_https(production: Production) -> None:
    answer = ask(production, "/", **{"X-Forwarded-Proto": "http"})
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{DOMAIN}/")


def test_the_page_has_hsts_and_the_chart_library_of_the_image(
    production: Production,
) -> None:
    assert "max-age=31536000" in ask(production, "/").headers["Strict-Transport-Security"]
    library = ask(production, "/static/vendor/apexcharts.min.js")
    assert library.status_code == 200
    assert len(library.content) > 100_000


@pytest.mark.timed
def test_each_process_is_found_healthy(production: Production) -> None:
    for name in PROCESSES:
        checked = production.run("deploy/healthy", name)
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.timed
@pytest.mark.parametrize("path", ["/metrics", "/readyz?only=database,migrations"])
def test_operators_machines_may_use_only_the_probe_port(production: Production, path: str) -> None:
    probes = f"http://127.0.0.1:{production.probe_port}"
    assert requests.get(f"{probes}{path}", timeout=10).status_code == 200
    # As through a proxy that does not report its callers' addresses.
    assert requests.get(f"{production.url}{path}", timeout=10).status_code == 403
    forwarded = {"X-Forwarded-For": "203.0.113.5:4711"}
    for url in (probes, production.url):
        assert requests.get(f"{url}{path}", headers=forwarded, timeout=10).status_code == 403


def test_processes_that_hang_are_found(production: Production) -> None:
    Path(production.environment["BEAT_PULSE"]).touch()
    with hung(production, *PROCESSES):
        # A pulse in the future, as after the clock was set back, does not count either.
        tomorrow = time.time() + 86400
        os.utime(production.environment["BEAT_PULSE"], (tomorrow, tomorrow))
        assert production.run("deploy/healthy", "beat").returncode == 1
        os.utime(production.environment["BEAT_PULSE"], (0, 0))
        with ThreadPoolExecutor() as pool:
            checks = list(pool.map(partial(production.run, "deploy/healthy"), PROCESSES))
    web, live, worker, beat = (check.stdout for check in checks)
    assert [check.returncode for check in checks] == [1, 1, 1, 1]
    assert web.startswith("web: TimeoutError")
    assert live.startswith("live: TimeoutError")
    assert worker.startswith("worker: LookupError: celery@")
    assert beat.startswith("beat: TimeoutError: Beat has not read its schedule")
    wait_until(lambda: production.run("deploy/healthy", "beat").returncode == 0)


def test_a_worker_that_passed_is_asked_again_only_after_the_period(
    production: Production,
) -> None:
    passed = Path(production.environment["PROBE_PASSED"])
    probe = ("deploy/healthy", "worker", "--every", "120")
    assert production.run(*probe).returncode == 0
    with hung(production, "worker"):
        assert production.run(*probe).returncode == 0
        # A check in the future, as after the clock was set back, does not count either.
        for age in (121, -60):
            os.utime(passed, (time.time() - age,) * 2)
            checked = production.run(*probe)
            assert checked.returncode == 1
            assert checked.stdout.startswith("worker: LookupError: celery@")
    passed.unlink()
    wait_until(lambda: production.run(*probe).returncode == 0)
    assert time.time() - passed.stat().st_mtime < 10


@contextmanager
def hung(service: Service, *names: str) -> Iterator[None]:
    """Stop processes and their children as if they hung, and continue them afterwards."""
    mothers = [service.processes[name].pid for name in names]
    children = [child.pid for name in names for child in service.children(name)]
    for pid in mothers + children:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in mothers + children:
            os.kill(pid, signal.SIGCONT)


def test_an_unknown_command_is_reported(production: Production) -> None:
    assert "Unknown command: 'webb'" in production.run("deploy/start", "webb").stderr
    assert production.run("deploy/start").returncode == 64
    assert production.run("deploy/start", "web", "--reload").returncode == 64
