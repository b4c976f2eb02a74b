"""SIGTERM under load: each process finishes its current work and ends within ten seconds."""

import contextlib
import signal
import time
from collections.abc import Callable
from random import Random

import psycopg2
import pytest

from tests.faults.holding import held_drain
from tests.faults.invariants import check
from tests.faults.test_many_streams import Crowd
from tests.faults.test_slow_and_large_bodies import SlowClients
from tests.faults.traffic import Sender, Traffic
from tests.patience import wait_until
from tests.raw_http import Sender as RawSender
from tests.service import Service

MOST_SECONDS = 10


def end(service: Service, name: str) -> float:
    """Send SIGTERM to a process and return how long it took to end."""
    process = service.processes[name]
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    return time.monotonic() - began


def test_web_loses_nothing_as_it_ends(service: Service, seed: int, whole_or: Callable) -> None:
    with Traffic(service, seed, senders=6) as traffic:
        for _ in range(whole_or(25, 2)):
            traffic.wait_for_more(20)
            assert end(service, "web") < MOST_SECONDS
            service.start("web")
        traffic.wait_for_more(20)
    # A connection may break at the end; its sender resends the batch.
    check(traffic, may_break=True)


def test_web_answers_what_it_has_begun(service: Service) -> None:
    sender, process = RawSender(service), service.processes["web"]
    body = b'{"events": [{"time": %d, "x": 1, "y": 2}]}' % (time.time() * 1000)
    with sender.connect() as connection:
        connection.send(sender.head(f"Content-Length: {len(body)}"), body[:10])
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        connection.send(body[10:])
        (answer,) = connection.read(1)
        process.wait(MOST_SECONDS)
    service.start("web")
    assert (answer.status, answer.is_last, sender.stored()) == (202, True, 1)


@pytest.mark.whole
def test_slow_senders_do_not_delay_the_end(service: Service, chance: Random) -> None:
    with SlowClients(service, Sender(service, chance), 50):
        time.sleep(0.5)
        assert end(service, "web") < MOST_SECONDS
    service.start("web")


@pytest.mark.whole
@pytest.mark.parametrize("name", ["worker", "beat", "live"])
def test_the_others_end_in_time_and_lose_nothing(service: Service, seed: int, name: str) -> None:
    with Traffic(service, seed, senders=2) as traffic:
        with Crowd(traffic.senders[0].stream_url, 5) as crowd:
            wait_until(lambda: all(crowd.snapshots), what="all have their snapshot")
            traffic.wait_for_more(10)
            assert end(service, name) < MOST_SECONDS
        service.start(name)
        traffic.wait_for_more(5)
    check(traffic)


@pytest.mark.whole
def test_a_worker_in_the_middle_of_a_drain_finishes_it(service: Service, seed: int) -> None:
    # A sweep could be mistaken for the drain.
    service.stop("beat")
    with Traffic(service, seed, senders=1) as traffic:
        with held_drain(service):
            began = time.monotonic()
            service.processes["worker"].send_signal(signal.SIGTERM)
            time.sleep(1)
            assert service.processes["worker"].poll() is None
            before = service.log("worker").count("succeeded")
        service.processes["worker"].wait(30)
        assert time.monotonic() - began < MOST_SECONDS
        assert service.log("worker").count("succeeded") > before
        service.start("worker", "beat")
    check(traffic)


@pytest.mark.whole
def test_beat_in_the_middle_of_writing_its_schedule_ends_too(service: Service) -> None:
    service.stop("beat")
    with contextlib.closing(psycopg2.connect(service.database_url)) as blocker:
        table = "django_celery_beat_periodictask"
        blocker.cursor().execute(f"lock table {table} in exclusive mode")
        service.start("beat")
        waits = """select 1 from pg_stat_activity where datname = current_database()
                   and wait_event_type = 'Lock' and query like %s"""
        wait_until(lambda: service.sql(waits, (f"%{table}%",)), what="Beat waits for an answer")
        service.processes["beat"].send_signal(signal.SIGTERM)
        time.sleep(0.2)
    service.processes["beat"].wait(MOST_SECONDS)
