"""PostgreSQL gone, or its disk full: 503, no acknowledged sample is lost, and ingest resumes."""

import contextlib
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import requests

from tests.faults.invariants import check
from tests.faults.traffic import Traffic
from tests.patience import wait_until
from tests.service import Service

# A job that is being written waits for the lock, and its writer loses the database.
CUT_OFF = """
select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock'
and query like '%%django_celery_beat_periodictask%%'
"""

# The session in which a web process stores its batches.
STORING = """
select pid from pg_stat_activity where datname = current_database()
and application_name = 'pointerscope' and query like '%%analytics_store_batches%%'
"""


def test_an_immediate_stop_of_postgresql_loses_nothing(
    database_service: Service, seed: int, whole_or: Callable
) -> None:
    service = database_service
    with Traffic(service, seed) as traffic:
        for _ in range(whole_or(10, 2)):
            traffic.wait_for_more(10, seconds=60)
            service.stop("postgres", how=signal.SIGQUIT)
            time.sleep(1)
            service.start("postgres")
        traffic.wait_for_more(10, seconds=60)
    assert any(attempt.status == 503 for attempt in traffic.attempts())
    # Beat recovers on its own, but may wait half a minute before it retries.
    check(traffic, longest=6, settle=60)


def test_while_the_database_is_frozen_each_call_is_refused_in_time(
    database_service: Service, seed: int
) -> None:
    service = database_service
    with Traffic(service, seed, senders=6) as traffic:
        traffic.wait_for_more(20)
        with frozen(postgres_processes(service)):
            time.sleep(0.5)
            sender = traffic.senders[0]
            for path in ("", "statuses/", "events/", "measures/", "events/?format=csv"):
                began = time.monotonic()
                answer = requests.get(
                    f"{sender.path}{path}", headers=sender.session.headers, timeout=30
                )
                assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
                assert answer.headers["Retry-After"].isdecimal()
                assert time.monotonic() - began < 6
        traffic.wait_for_more(20, seconds=60)
    check(traffic, longest=6.5, settle=60)


def test_one_frozen_session_delays_no_batch_for_long(database_service: Service, seed: int) -> None:
    service = database_service
    with Traffic(service, seed, senders=4) as traffic:
        traffic.wait_for_more(20)
        sessions = [pid for (pid,) in service.sql(STORING)]
        with frozen([p for p in postgres_processes(service) if p.pid in sessions]):
            time.sleep(8)
            frozen_since = time.monotonic() - 8
        traffic.wait_for_more(20, seconds=60)
    assert sessions
    assert any(attempt.seconds > 1 for attempt in traffic.attempts(frozen_since - 1))
    check(traffic, longest=6.5, settle=60)


def test_an_end_while_the_database_is_frozen_answers_all_current_requests(
    database_service: Service, seed: int
) -> None:
    service = database_service
    with Traffic(service, seed, senders=6) as traffic:
        traffic.wait_for_more(20)
        with frozen(postgres_processes(service)):
            time.sleep(0.3)
            told = time.monotonic()
            service.stop("web")
            ended = time.monotonic()
        service.start("web")
        traffic.wait_for_more(20, seconds=60)
    under_way = [a for a in traffic.attempts(until=told) if a.at + a.seconds > told]
    assert under_way
    assert {attempt.status for attempt in under_way} <= {202, 503}, under_way
    assert ended - told < 10
    # While web was away, its senders' connections were refused.
    check(traffic, longest=6.5, may_break=True, settle=60)


def postgres_processes(service: Service) -> list[psutil.Process]:
    """Return the server and its children, none of which accepts a connection or answers."""
    server = psutil.Process(service.processes["postgres"].pid)
    return [server, *server.children(recursive=True)]


@contextlib.contextmanager
def frozen(processes: list[psutil.Process]) -> Iterator[None]:
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


def test_beat_that_loses_the_database_while_it_writes_its_schedule_misses_no_job(
    service: Service,
) -> None:
    service.stop("beat")
    service.sql("delete from django_celery_beat_periodictask")
    with contextlib.closing(psycopg2.connect(service.database_url)) as blocker:
        blocker.cursor().execute("lock table django_celery_beat_periodictask in exclusive mode")
        service.start("beat")
        # The first job is Celery's own.
        for _ in range(3):
            wait_until(lambda: service.sql(CUT_OFF) == [(1,)], what="Beat is cut off")
    now = service.sql("select now()")[0]
    beats = "select 1 from analytics_heartbeat where beat_at > %s having count(*) = 3"
    wait_until(lambda: service.sql(beats, now), what="all sweeps")


@pytest.mark.whole
def test_a_full_disk_is_answered_with_503_and_the_service_resumes(
    database_service: Service, seed: int
) -> None:
    service = database_service
    if not service.folder.is_mount():
        pytest.fail("a small disk needs a tmpfs; mounting one needs root, and was refused here")
    with Traffic(service, seed, size=100) as traffic:
        traffic.wait_for_more(20)
        ballast = service.folder / "ballast"
        fill(ballast, leave=256 * 1024)
        wait_until(
            lambda: any(attempt.status == 503 for attempt in traffic.attempts()),
            seconds=60,
            what="the disk is full",
        )
        time.sleep(3)
        ballast.unlink()
        revive(service)
        traffic.wait_for_more(20, seconds=60)
    check(traffic, longest=6, settle=60)


def fill(ballast: Path, *, leave: int) -> None:
    """Fill the disk up to `leave` bytes."""
    room = shutil.disk_usage(ballast.parent).free - leave
    # PostgreSQL may take the last space first.
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        for _ in range(room // 65536):
            file.write(bytes(65536))


def revive(service: Service) -> None:
    """Restart PostgreSQL if it stopped, as it does when its log finds no space."""
    time.sleep(1)
    if service.processes["postgres"].poll() is not None:
        service.start("postgres")
