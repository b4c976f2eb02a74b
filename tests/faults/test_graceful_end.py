"""SIGTERM under load: each process finishes what it has begun and is gone within ten seconds."""

import contextlib
import signal
import socket
import time
from collections.abc import Callable
from random import Random

import psycopg2
import pytest

from tests.faults.background import Background
from tests.faults.holding import held_drain
from tests.faults.invariants import check
from tests.faults.test_many_streams import Crowd
from tests.faults.test_slow_and_large_bodies import SlowClients
from tests.faults.traffic import Sender, Traffic
from tests.service import Service, wait_until

MOST_SECONDS = 10


class Callers(Background):
    """Threads that send a batch on a connection of its own each time, and see how it ends."""

    def __init__(self, service: Service, chance: Random, count: int) -> None:
        self.senders = [Sender(service, chance) for _ in range(count)]
        self.address = ("127.0.0.1", service.port)
        self.cut: list[str] = []
        self.answered = self.refused = 0
        super().__init__(self._call, self.senders)

    def _call(self, sender: Sender) -> None:
        while not self.stopping.is_set():
            body = sender.new_batch(10).body
            path = sender.path.partition(f":{self.address[1]}")[2]
            head = (
                f"POST {path}events/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                f"Authorization: Bearer {sender.write_token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            self._exchange(head.encode() + body)

    def _exchange(self, request: bytes) -> None:
        try:
            line = socket.create_connection(self.address, timeout=20)
        except ConnectionRefusedError:
            self.refused += 1
            time.sleep(0.05)
            return
        received = b""
        with line, contextlib.suppress(ConnectionError):
            line.sendall(request)
            received = b"".join(iter(lambda: line.recv(65536), b""))
        if received.startswith(b"HTTP/1.1 202") and received.endswith(b"}"):
            self.answered += 1
        else:
            self.cut.append(repr(received[:200]))


def end(service: Service, name: str) -> float:
    """Send SIGTERM to a process and return how long it took to end."""
    process = service.processes[name]
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    return time.monotonic() - began


def test_web_answers_whatever_it_has_begun(
    service: Service, chance: Random, whole_or: Callable
) -> None:
    for _ in range(whole_or(25, 2)):
        with Callers(service, chance, 6) as callers:
            time.sleep(1)
            answered = callers.answered
            assert end(service, "web") < MOST_SECONDS
            time.sleep(0.2)
        service.start("web")
        assert answered > 5
        assert callers.refused > 0
        assert callers.cut == []


@pytest.mark.whole
def test_slow_senders_do_not_hold_up_the_end(service: Service, chance: Random) -> None:
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
    # A sweep could pass for the drain.
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
        waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like %s"
        wait_until(lambda: service.sql(waits, (f"%{table}%",)), what="Beat waits for an answer")
        service.processes["beat"].send_signal(signal.SIGTERM)
        time.sleep(0.2)
    service.processes["beat"].wait(MOST_SECONDS)
