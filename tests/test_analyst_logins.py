"""An analyst's login at a running service: it reads, and cannot delay anybody else."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psutil
import psycopg2
import pytest
from psycopg2 import errors

from tests.databases import ROOT, run_sql
from tests.service import Service

UNLOCK = """
set session characteristics as transaction read write;
set statement_timeout = 0; set idle_in_transaction_session_timeout = 0;
"""
FILLS_THE_DISK = (
    "create temporary table mine (n int)",
    "create table mine (n int)",
    "select 1 into temporary mine",
    "select lo_create(0)",
    "select lo_creat(-1)",
    "select lo_from_bytea(0, 'mine')",
    "select lo_put(1, 0, 'mine')",
    "select lowrite(0, 'mine')",
)
# A role that creates another is a member of it that may administer it, and no more.
AS_BEFORE = """
grant temporary on database "{database}" to public;
alter role {name} connection limit 10;
do $$ begin execute (
    select format('revoke {name} from "{database}" granted by %%I', grantor::regrole)
    from pg_auth_members where roleid = '{name}'::regrole and inherit_option
); end $$
"""
END_AT = """
import sys
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from analytics.reading.analyst_sessions import end_long_sessions
print(end_long_sessions(now=timezone.now() + timedelta(minutes=float(sys.argv[1]))))
"""


def manage(service: Service, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=service.environment | {"DJANGO_SETTINGS_MODULE": "core.settings"},
        capture_output=True,
        text=True,
        check=False,
    )


def end_long_sessions(service: Service, *, minutes: float) -> int:
    """Return how many sessions the service's own role ends, `minutes` from now."""
    done = manage(service, "-c", END_AT, str(minutes))
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.fixture(scope="module", params=["service", "production"])
def running(request: pytest.FixtureRequest) -> Service:
    """A service whose database's owner creates logins, and one whose own role creates them."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def login(running: Service) -> Iterator[tuple[str, str]]:
    """The name and the address of a login."""
    name = f"ann_{running.database}"
    made = manage(running, "manage.py", "analyst", name)
    assert made.returncode == 0, made.stderr
    assert made.stderr == ""
    yield name, re.search(r"^postgresql://\S+$", made.stdout, re.MULTILINE)[0]
    assert manage(running, "manage.py", "analyst", "--drop", name).returncode == 0
    group = f'"{running.database}_readonly"'
    running.sql(f"drop owned by {group}; drop role {group}")


@contextmanager
def session(url: str) -> Iterator[psycopg2.extensions.cursor]:
    """A session that has lifted its role's guards."""
    with closing(psycopg2.connect(url)) as mine:
        mine.autocommit = True
        with mine.cursor() as cursor:
            cursor.execute(UNLOCK)
            yield cursor


@contextmanager
def without_beat(service: Service) -> Iterator[None]:
    """Suspend Beat, which has such sessions ended each minute too."""
    beat = psutil.Process(service.processes["beat"].pid)
    beat.suspend()
    try:
        yield
    finally:
        beat.resume()


def test_it_cannot_fill_the_disk_even_if_it_lifts_its_guards(login: tuple[str, str]) -> None:
    with session(login[1]) as cursor:
        for statement in FILLS_THE_DISK:
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(statement)


def test_it_has_five_connections_and_cannot_have_more(login: tuple[str, str]) -> None:
    name, url = login
    with session(url) as cursor, pytest.raises(errors.InsufficientPrivilege):
        cursor.execute(f"alter role {name} connection limit -1")
    sessions = [psycopg2.connect(url) for _ in range(5)]
    try:
        with pytest.raises(psycopg2.OperationalError, match="too many connections for role"):
            psycopg2.connect(url)
    finally:
        for one in sessions:
            one.close()


@pytest.mark.parametrize("is_idle", [True, False])
def test_a_transaction_that_takes_too_long_is_ended(
    running: Service, login: tuple[str, str], is_idle: bool
) -> None:
    with session(login[1]) as cursor:
        cursor.execute("begin")
        if is_idle:
            cursor.execute("select count(*) from pointer_events")
        assert end_long_sessions(running, minutes=14) == 0
        assert end_long_sessions(running, minutes=16) == 1
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("select 1")


def test_a_session_that_holds_an_advisory_lock_is_ended(
    running: Service, login: tuple[str, str]
) -> None:
    with session(login[1]) as cursor, session(login[1]) as other, without_beat(running):
        cursor.execute("select pg_advisory_lock(n) from generate_series(0, 63) n")
        assert end_long_sessions(running, minutes=0) == 1
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("select 1")
        other.execute("select 1")


def test_sessions_of_all_others_continue(running: Service, login: tuple[str, str]) -> None:
    with closing(psycopg2.connect(running.database_url)) as ours, ours.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(-7)")
        assert end_long_sessions(running, minutes=16) == 0
        cursor.execute("select 1")


def test_the_services_own_role_is_not_an_analyst(running: Service, login: tuple[str, str]) -> None:
    for words in (["analyst", running.database], ["analyst", "--drop", running.database]):
        done = manage(running, "manage.py", *words)
        assert done.returncode == 1
        assert "There is" in done.stderr
    assert run_sql(running.database_url, "select current_user") == [(running.database,)]


def test_a_login_of_an_earlier_version_is_named_by_the_doctor_and_limited(
    running: Service, login: tuple[str, str]
) -> None:
    name, url = login
    running.sql(AS_BEFORE.format(name=name, database=running.database))
    told = manage(running, "manage.py", "doctor").stdout
    for said in (
        "makes temporary tables",
        "takes more than 5 connections",
        "has transactions that the service cannot end",
    ):
        assert f"analysts: {name} {said}" in told
    limited = manage(running, "manage.py", "analyst", "--limit-all")
    assert (limited.returncode, limited.stderr) == (0, ""), limited.stderr
    assert limited.stdout == f"limited: {name}\n"
    assert "no login does more than read" in manage(running, "manage.py", "doctor").stdout
    assert run_sql(url, "select count(*) >= 0 from pointer_events") == [(True,)]
