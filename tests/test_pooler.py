"""Everything works behind PgBouncer in transaction mode, which shares sessions."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
import requests

from core.settings import SESSION_SETTINGS
from tests.faults.invariants import check
from tests.faults.traffic import Traffic
from tests.patience import wait_until
from tests.pooler import PROGRAM, SERVER_SESSIONS, pooled
from tests.service import ROOT, Service

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="there is no PgBouncer; scripts/pgbouncer"),
    pytest.mark.slow,
    # No request may take over 2 s.
    pytest.mark.timed,
]

SETTINGS = {"RUNGS": "1s,2s,4s", "BATCHES_PER_MINUTE": "100000", "STATUS_RETENTION_DAYS": "1000"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose every process, including migrations, uses PgBouncer."""
    folder = tmp_path_factory.mktemp("pooler")
    service = Service(folder, **SETTINGS)
    with pooled(service.database_url, folder) as url:
        service.environment["DATABASE_URL"], service.migrates = url, True
        with service:
            # Beat continues without a job that it could not write at its start.
            service.stop("beat")
            for name, value in SESSION_SETTINGS.items():
                service.sql(f"alter database {service.database} set {name} = '{value}'")
            end_sessions(service)
            service.start("beat")
            yield service


def test_ingest_drains_sweeps_and_verification(service: Service) -> None:
    with Traffic(service, seed=1, senders=2 * SERVER_SESSIONS) as traffic:
        traffic.wait_for_more(300, seconds=120)
    check(traffic, longest=10, settle=60)


def test_an_export_gives_every_sample(service: Service) -> None:
    with Traffic(service, seed=2, senders=2, size=200) as traffic:
        traffic.wait_for_more(60, seconds=120)
    for sender in traffic.senders:
        answer = requests.get(
            f"{sender.path}events/?format=csv", headers=sender.session.headers, timeout=30
        )
        sent = sum(len(batch.samples) for batch in sender.batches)
        assert len(answer.text.splitlines()) == 1 + sent


def test_no_setting_or_lock_stays_in_a_shared_session(service: Service) -> None:
    with Traffic(service, seed=3, senders=4) as traffic:
        traffic.wait_for_more(20, seconds=120)
    wait_until(service.is_rolled_up, seconds=60, what="the drains")
    wanted = [(name, value) for name, value in sorted(SESSION_SETTINGS.items())]
    with ThreadPoolExecutor(4 * SERVER_SESSIONS) as many:
        for found in many.map(lambda _: settings_of_a_session(service), range(40)):
            assert found == wanted
    # A sweep may hold locks at this moment.
    locked = """select count(*) from pg_locks join pg_database on pg_database.oid = database
                where relation = 'analytics_turn'::regclass and datname = current_database()"""
    wait_until(lambda: service.sql(locked) == [(0,)], what="no lock stays")


def test_the_doctor_reports_that_the_pooler_drops_our_limits(
    service: Service,
) -> None:
    assert "ok   limits" in manage(service, "doctor")
    service.sql(f"alter database {service.database} reset statement_timeout")
    end_sessions(service)
    said = manage(service, "doctor")
    assert "warn limits" in said
    assert "set statement_timeout = '5s'" in said


def test_packing_changes_nothing_if_its_limits_do_not_arrive(service: Service) -> None:
    words = (
        "from django.utils import timezone; from analytics.upkeep.packing import pack;"
        "print(pack(now=timezone.now()))"
    )
    assert "nothing is packed through a pooler" in manage(service, "shell", "--command", words)


def end_sessions(service: Service) -> None:
    """End all sessions, because a database's settings apply to later sessions only."""
    service.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )


def settings_of_a_session(service: Service) -> list[tuple[str, str]]:
    """Query the assigned session, and keep it for a moment, so that all sessions are queried."""
    session = psycopg2.connect(service.environment["DATABASE_URL"])
    try:
        with session.cursor() as cursor:
            cursor.execute(
                "select name, current_setting(name), pg_sleep(0.05)"
                " from unnest(%s) name order by 1",
                [list(SESSION_SETTINGS)],
            )
            return [row[:2] for row in cursor.fetchall()]
    finally:
        session.close()


def manage(service: Service, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=service.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout
