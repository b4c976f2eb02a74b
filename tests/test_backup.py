"""A backup is complete: it is dumped, restored into another database, verified and used."""

import os
import secrets
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import requests

from tests.databases import give, run_sql
from tests.patience import wait_until
from tests.pointer import Pointer
from tests.service import ROOT, Service, free_port

TABLES = (
    "dashboard_browser",
    "dashboard_page",
    "dashboard_pagevisit",
    "analytics_pointerpositionevent",
    "analytics_pointerscene",
    "analytics_pointermark",
    "analytics_trial",
    "dashboard_pointerstatus",
    "dashboard_coarsestatus",
    "auth_user",
)
DRAIN_ALL = """
from django.utils import timezone
from django.conf import settings
from analytics.rollups.sweep import sweep
[sweep(rung=rung, now=timezone.now()) for rung in settings.RUNGS_MS]
"""
MAKE_TRIALS = """
from datetime import timedelta
from django.utils import timezone
from analytics.studies.trial_drain import make_trials
make_trials(now=timezone.now(), settling=timedelta(0))
"""
TRIALS = "select samples, total_distance, cardinality(path_x), targets from analytics_trial"
# The chunks of today, as if they were over long ago.
COMPRESS = """
from datetime import timedelta
from django.utils import timezone
from analytics.upkeep.compression import compress
assert len(compress(now=timezone.now() + timedelta(days=400))) >= 2
"""
COMPRESSED = """
select distinct hypertable_name from timescaledb_information.chunks where is_compressed order by 1
"""


class Restored:
    """A database that was restored from a backup."""

    def __init__(self, service: Service, file: Path) -> None:
        self.service, self.name = service, f"test_restored_{secrets.token_hex(4)}"
        self.url = urlsplit(service.database_url)._replace(path=f"/{self.name}").geturl()
        self.env = {**service.environment, "DATABASE_URL": self.url, "METRICS_DIR": ""}
        self.done = services(service, "restore", str(file), self.name)

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True)

    def rows(self, table: str) -> list[tuple]:
        return rows(self.url, table)


def services(service: Service, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "services", *words],
        env=service.environment,
        capture_output=True,
        text=True,
    )


def rows(url: str, table: str) -> list[tuple]:
    session = psycopg2.connect(url)
    try:
        cursor = session.cursor()
        cursor.execute(f"select t::text from {table} t order by 1")
        return cursor.fetchall()
    finally:
        session.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of this module's own, whose statuses are all true."""
    with Service(tmp_path_factory.mktemp("backup")) as running:
        yield running


def is_community(service: Service) -> bool:
    return service.sql("show timescaledb.license") == [("timescale",)]


@pytest.fixture
def backup(service: Service, tmp_path: Path) -> Path:
    """A backup of a service with samples on every rung and a trial, compressed if possible."""
    pointer = Pointer(service)
    pointer.send(*range(1, 200))
    for rung in (1000, 10_000):
        wait_until(lambda rung=rung: service.is_rolled_up(rung), seconds=30)
    # After the drain of the samples, which marks the trials that they lie in.
    mark_trial(pointer)
    shell = [sys.executable, "manage.py", "shell", "-c", MAKE_TRIALS]
    subprocess.run(shell, cwd=ROOT, env=service.environment, check=True)
    if is_community(service) and not service.sql(COMPRESSED):
        command = [sys.executable, "manage.py", "shell", "-c", COMPRESS]
        subprocess.run(command, cwd=ROOT, env=service.environment, check=True)
    file = tmp_path / "pointerscope.dump"
    done = services(service, "backup", str(file))
    assert done.returncode == 0, done.stderr
    return file


@pytest.fixture
def restored(service: Service, backup: Path) -> Iterator[Restored]:
    restored = Restored(service, backup)
    yield restored
    service.administer(f'drop database if exists "{restored.name}" with (force)')


def mark_trial(pointer: Pointer) -> None:
    """Mark a trial of the samples 11 to 110."""
    data = {"study": "kept", "targets": {"to": [300, 400, 20, 20]}}
    marks = [
        {"time": pointer.base_ms + ms / 1000, "seq": ms, "name": f"trial:{name}", "data": given}
        for ms, name, given in ((11, "start", data), (110, "end", {"response": "to"}))
    ]
    answer = pointer.session.post(
        f"{pointer.url}events/", json={"events": [], "marks": marks}, timeout=10
    )
    assert answer.status_code == 202, answer.text


def test_a_restored_database_is_equal_verifies_and_can_be_used(
    service: Service, restored: Restored, backup: Path
) -> None:
    assert restored.done.returncode == 0, restored.done.stderr
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    for table in TABLES:
        assert restored.rows(table) == rows(service.database_url, table), table
    assert len(restored.rows("analytics_pointerpositionevent")) >= 199
    trials = run_sql(restored.url, TRIALS)
    assert trials == [(100, 495.0, 101, {"to": [300, 400, 20, 20]})] * len(trials) != []
    compressed = ["analytics_pointerpositionevent", "dashboard_pointerstatus"]
    wanted = [(name,) for name in compressed] if is_community(service) else []
    assert run_sql(restored.url, COMPRESSED) == wanted
    assert restored.manage("migrate", "--check").returncode == 0
    findings = restored.manage("doctor").stdout
    assert findings.count("ok   indexes:") == 8, findings
    assert restored.manage("shell", "-c", DRAIN_ALL).returncode == 0
    verified = restored.manage("verify_rollups")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    before = len(restored.rows("analytics_pointerpositionevent"))
    send_batch(restored)
    assert len(restored.rows("analytics_pointerpositionevent")) == before + 30
    assert restored.manage("shell", "-c", DRAIN_ALL + MAKE_TRIALS).returncode == 0
    assert restored.rows("analytics_dirtyrange") == []
    verified = restored.manage("verify_rollups")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_backup_is_restored_where_each_new_database_has_the_extension_already(
    tmp_path: Path,
) -> None:
    """As in TimescaleDB's image, whose template has it."""
    service = Service(tmp_path, own_database=True)
    service.start("postgres")
    try:
        template = urlsplit(service.admin_url)._replace(path="/template1").geturl()
        run_sql(template, "create extension timescaledb")
        service.administer(f'create database "{service.database}"')
        give(service.owner_url, service.database, service.password)
        subprocess.run(service.commands["migrate"], cwd=ROOT, env=service.environment, check=True)
        assert services(service, "backup", str(tmp_path / "dump")).returncode == 0
        restored = Restored(service, tmp_path / "dump")
        assert restored.done.returncode == 0, restored.done.stderr
        assert restored.manage("migrate", "--check").returncode == 0
    finally:
        service.stop("postgres", how=signal.SIGQUIT)


def send_batch(restored: Restored) -> None:
    """Let a separate web process store a batch in the restored database."""
    port = free_port()
    words = ["-m", "core.web.server", "--port", str(port), "analytics.asgi:application"]
    web = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=restored.env)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(url), seconds=30)
        me = requests.post(f"{url}/api/v1/browsers/", timeout=10).json()
        now = requests.get(f"{url}/api/v1/time/", timeout=10).json()["server_time"]
        events = [{"time": now, "x": n, "y": n, "seq": n} for n in range(30)]
        answer = requests.post(
            f"{url}/api/v1/browsers/{me['instance_id']}/events/",
            json={"events": events, "token": me["write_token"]},
            timeout=10,
        )
        assert (answer.status_code, answer.json()["accepted"]) == (202, 30)
    finally:
        web.terminate()
        web.wait(15)


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=1).ok
    except requests.RequestException:
        return False


def test_a_file_that_is_not_a_backup_is_one_clear_line(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a dump")
    bad = Restored(service, file)
    try:
        assert bad.done.returncode == 1
        last = bad.done.stderr.strip().splitlines()[-1]
        assert last.startswith("services: pg_restore: ")
        assert "Traceback" not in bad.done.stderr
        databases = service.sql("select 1 from pg_database where datname = %s", (bad.name,))
        assert databases == [], "half a database is left"
    finally:
        service.administer(f'drop database if exists "{bad.name}" with (force)')


def test_a_backup_that_fails_leaves_no_partial_file(service: Service, tmp_path: Path) -> None:
    absent = urlsplit(service.database_url)._replace(path="/no_such_database").geturl()
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "services", "backup", str(tmp_path / "a.dump")],
        env={**os.environ, "DATABASE_URL": absent, "REDIS_URL": service.redis_url},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert 'database "no_such_database" does not exist' in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_new_databases_name_is_checked(service: Service, tmp_path: Path) -> None:
    done = services(service, "restore", str(tmp_path / "a.dump"), "new;drop")
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .startswith("services: 'new;drop' is not a database name")
    )
