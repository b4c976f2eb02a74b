"""deploy/backup dumps the database day by day, keeps what it should, and brings one back."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from tests.databases import run_sql
from tests.patience import wait_until
from tests.production import Production
from tests.service import ROOT, free_port

sys.path.insert(0, str(ROOT / "scripts"))

from service_sources.debian_root import POSTGRES_BIN, root_place

DAY = 24 * 3600
ROLES = """
select rolname, rolsuper, rolcreaterole from pg_roles where rolname !~ '^pg_' order by rolname
"""
PROGRAMS = ("pg_dump", "pg_restore", "psql", "createdb", "dropdb")
# Of this database alone: other tests make dumps on the same server.
DUMPS = """
select pid from pg_stat_activity
where datname = current_database() and application_name = 'pg_dump'
"""
END_DUMPS = f"select pg_terminate_backend(pid) from ({DUMPS}) dumps"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """PostgreSQL's programs on a PATH of their own: those of the private root, or the host's."""
    folder, root = tmp_path / "programs", root_place().root
    folder.mkdir()
    has_root = os.geteuid() == 0 and (root / "mnt").exists()
    if not has_root and not shutil.which("pg_dump"):
        pytest.skip("no pg_dump here: neither the host's nor, as root, the Debian root's")
    for name in PROGRAMS:
        command = f"chroot {root} {POSTGRES_BIN / name}" if has_root else shutil.which(name)
        (folder / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups"


def backup(
    production: Production, programs: Path, folder: Path, *words: str, **env: str
) -> subprocess.CompletedProcess[str]:
    running = start(production, programs, folder, *words, **env)
    out, err = running.communicate(timeout=120)
    return subprocess.CompletedProcess(words, running.returncode, out, err)


def start(
    production: Production, programs: Path, folder: Path, *words: str, **env: str
) -> subprocess.Popen[str]:
    # As in Compose: the service's own role dumps, and the owner brings back.
    is_restored = words[0] == "restore"
    address = urlsplit(production.owner_url if is_restored else production.database_url)
    (folder.parent / "password").write_text(address.password or "")
    return subprocess.Popen(
        ["sh", ROOT / "deploy" / "backup", *words],
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PGHOST": str(address.hostname),
            "PGPORT": str(address.port),
            "PGUSER": str(address.username),
            "PGDATABASE": production.database,
            "PGPASSWORD_FILE": str(folder.parent / "password"),
            "BACKUP_FOLDER": str(folder),
            "DATABASE_ROLE": production.database,
            "ROLE_SQL": str(ROOT / "deploy" / "role.sql"),
            **env,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # The tests may run where it is ignored, and a shell keeps what is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@contextmanager
def held_dump(
    production: Production, programs: Path, folder: Path, *words: str
) -> Iterator[subprocess.Popen[str]]:
    """A backup whose dump is under way, and waits for a table that somebody has locked."""
    with closing(psycopg2.connect(production.owner_url)) as session, session.cursor() as cursor:
        cursor.execute("lock table analytics_heartbeat in access exclusive mode")
        running = start(production, programs, folder, *words)
        # The service waits for the table too, perhaps before the dump has begun.
        waits = f"{DUMPS} and wait_event_type = 'Lock'"
        wait_until(lambda: production.sql(waits), what="the dump waits")
        assert [file.suffix for file in folder.iterdir()] == [".part"]
        yield running


@pytest.mark.timed
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_told_to_stop_in_the_midst_of_a_dump_it_ends_at_once_and_leaves_nothing(
    production: Production, programs: Path, folder: Path, how: signal.Signals
) -> None:
    with held_dump(production, programs, folder, "loop") as running:
        running.send_signal(how)
        assert running.wait(2) == 0
        assert list(folder.iterdir()) == []
        wait_until(lambda: not production.sql(DUMPS), what="pg_dump has ended")


@pytest.mark.timed
def test_told_to_stop_between_two_dumps_it_ends_at_once(
    production: Production, programs: Path, folder: Path
) -> None:
    (folder / "pointerscope-fresh.dump").touch()
    running = start(production, programs, folder, "loop")
    time.sleep(1)
    running.send_signal(signal.SIGTERM)
    assert running.wait(2) == 0


def test_there_is_one_dump_at_a_time_and_what_a_killed_one_left_goes(
    production: Production, programs: Path, folder: Path
) -> None:
    with held_dump(production, programs, folder, "once") as running:
        second = backup(production, programs, folder, "once")
        assert (second.returncode, second.stderr) == (1, "backup: another one is under way\n")
        assert len(list(folder.iterdir())) == 1
        running.kill()
        running.wait()
        # In a container all its processes end.
        production.sql(END_DUMPS)
    wait_until(lambda: backup(production, programs, folder, "once").returncode == 0)
    assert [file.suffix for file in folder.iterdir()] == [".dump"]


def test_a_restoration_that_is_told_to_stop_leaves_no_half_a_database(
    production: Production, programs: Path, folder: Path
) -> None:
    assert backup(production, programs, folder, "once").returncode == 0
    (dump,) = folder.iterdir()
    slow = programs / "pg_restore"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    name = f"{production.database}_half"
    running = start(production, programs, folder, "restore", str(dump), name)
    exists = "select 1 from pg_database where datname = %s"
    wait_until(lambda: production.sql(exists, (name,)))
    time.sleep(1)
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == 128 + signal.SIGTERM
    assert production.sql(exists, (name,)) == []


def test_a_dump_is_made_and_brought_back_and_old_ones_go(
    production: Production, programs: Path, folder: Path
) -> None:
    old, kept = folder / "pointerscope-old.dump", folder / "pointerscope-kept.dump"
    for file, days in ((old, 16), (kept, 13)):
        file.touch()
        os.utime(file, (time.time() - days * DAY,) * 2)
    assert backup(production, programs, folder, "fresh").returncode == 1
    done = backup(production, programs, folder, "once")
    assert done.returncode == 0, done.stderr
    assert not any(file.stat().st_mode & 0o077 for file in folder.iterdir() if file != kept)
    (dump,) = set(folder.iterdir()) - {kept}
    assert backup(production, programs, folder, "fresh").returncode == 0

    name = f"{production.database}_back"
    restored = backup(production, programs, folder, "restore", str(dump), name)
    try:
        assert restored.returncode == 0, restored.stderr
        url = urlsplit(production.database_url)._replace(path=f"/{name}").geturl()
        (Path(production.folder) / "RESTORED").write_text(url)
        env = production.environment | {"DATABASE_URL_FILE": str(production.folder / "RESTORED")}
        verified = subprocess.run(
            [production.tree / "deploy" / "start", "verify_rollups"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert verified.returncode == 0, verified.stdout + verified.stderr
    finally:
        production.administer(f'drop database if exists "{name}" with (force)')


def test_a_dump_that_fails_leaves_the_others_and_no_half_one(
    production: Production, programs: Path, folder: Path
) -> None:
    old = folder / "pointerscope-old.dump"
    old.touch()
    os.utime(old, (time.time() - 16 * DAY,) * 2)
    done = backup(production, programs, folder, "once", PGDATABASE="there_is_none")
    assert done.returncode == 1
    assert "backup: failed; earlier dumps are kept" in done.stderr
    assert list(folder.iterdir()) == [old]


def test_what_cannot_be_restored_leaves_no_half_a_database(
    production: Production, programs: Path, folder: Path
) -> None:
    (folder / "torn.dump").write_bytes(b"PGDMP and then nothing")
    name = f"{production.database}_torn"
    done = backup(production, programs, folder, "restore", str(folder / "torn.dump"), name)
    assert done.returncode == 1
    assert f"{name} was dropped" in done.stderr
    assert production.sql("select 1 from pg_database where datname = %s", (name,)) == []


def test_a_cluster_whose_first_role_was_the_services_gets_an_ordinary_one(
    tmp_path: Path, programs: Path
) -> None:
    """As a volume of an earlier version is; for a new one the image makes `postgres` itself."""
    port = free_port()
    server = [ROOT / "scripts" / "services", "postgres", "--port", str(port)]
    running = subprocess.Popen([*server, "--data", tmp_path / "cluster"])
    (tmp_path / "password").write_text("secret\n")
    env = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "POSTGRES_PASSWORD_FILE": str(tmp_path / "password"),
        "ROLE_SQL": str(ROOT / "deploy" / "role.sql"),
    }
    first = f"postgres://pointerscope@127.0.0.1:{port}/"
    old = f"{first}pointerscope"
    try:
        wait_until(lambda: answers(f"{first}postgres"), seconds=30)
        run_sql(f"{first}postgres", "create database pointerscope")
        run_sql(old, "create extension timescaledb")
        run_sql(old, "create table kept (time timestamptz not null, word text)")
        run_sql(old, "select create_hypertable('kept', 'time')")
        run_sql(old, "insert into kept values (now(), 'pointer')")
        for _ in range(2):
            subprocess.run(["sh", ROOT / "deploy" / "database-role"], env=env, check=True)
            assert run_sql(old, ROLES) == [("pointerscope", False, True), ("postgres", True, True)]
            assert run_sql(old, "select word from kept") == [("pointer",)]
            run_sql(old, "insert into kept values (now() + interval '1 year', 'pointer')")
            run_sql(old, "delete from kept where time > now()")
            run_sql(old, "alter table kept add column more text")
            run_sql(old, "alter table kept drop column more")
    finally:
        running.send_signal(signal.SIGQUIT)
        running.wait(30)


def answers(url: str) -> bool:
    try:
        return bool(run_sql(url, "select 1"))
    except psycopg2.OperationalError:
        return False
