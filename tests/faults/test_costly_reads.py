"""Clients that request large answers, and do not read them, do not affect other callers."""

import contextlib
import json
import socket
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import pytest
import requests

from tests.faults.background import Background
from tests.faults.invariants import check
from tests.faults.test_slow_and_large_bodies import processes_of_web
from tests.faults.traffic import Attempt, Sender, Traffic
from tests.patience import wait_until
from tests.service import Service

ROWS = 20_000
FORMATS = ("csv", "ndjson", "parquet")
EXPORTS = [
    *(f"events/?format={name}" for name in FORMATS),
    *(f"statuses/?format={name}&interval=1s&since=2020-01-01T00:00:00Z" for name in FORMATS),
]
# An answer of a megabyte that is not streamed: as many buckets as allowed.
LONG_SERIES = "statuses/?interval=1s&fill=zero&since={since}"
# Of each process of web. The first export to Parquet loads the library; the memory of later exports
# is bounded.
GROWTH_BYTES = 80_000_000
SAMPLES = """
insert into analytics_pointerpositionevent (time, browser_id, x, y, seq, enter)
select now() - interval '1 day' + n * interval '8 ms', id, n %% 1920 + 0.37, n %% 1080 + 0.2, n,
       n = 1
from dashboard_browser, generate_series(1, %s) n where instance_id = any(%s::uuid[])
"""
STATUSES = """
insert into dashboard_pointerstatus (time, browser_id, interval_ms, events, traversed_distance,
    avg_velocity, peak_velocity, moving_time, start_x, start_y, end_x, end_y)
select date_trunc('second', now()) - n * interval '1 second', id, 1000, 125, 100.5 + n %% 7, 100.5,
       333.25, 0.8, 1.5, 2.5, 3.5, 4.5
from dashboard_browser, generate_series(1, %s) n where instance_id = any(%s::uuid[])
"""


class Readers:
    """Instances with much data, each of which may call as often as its limit allows."""

    def __init__(self, service: Service, chance: Random, count: int, rows: int = ROWS) -> None:
        self.service = service
        self.senders = [Sender(service, chance) for _ in range(count)]
        instances = [sender.instance_id for sender in self.senders]
        for statement in (SAMPLES, STATUSES):
            service.sql(statement, (rows, instances))
        self.lines: list[socket.socket] = []
        self._asked = 0

    def ask(self, path: str, method: str = "GET") -> socket.socket:
        """Send a request with a tiny receive buffer, and do not read the answer."""
        sender = self.senders[self._asked % len(self.senders)]
        self._asked += 1
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        line.connect(("127.0.0.1", self.service.port))
        target = f"/api/v1/browsers/{sender.instance_id}/{path}"
        token = f"Authorization: Bearer {sender.write_token}"
        line.sendall(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{token}\r\n\r\n".encode())
        self.lines.append(line)
        return line

    def statuses(self) -> Counter[str]:
        """Return how many answers have begun with each status, "" for those without an answer."""
        return Counter(begun(line) for line in self.lines)

    def erase(self) -> None:
        for sender in self.senders:
            assert sender.session.delete(sender.path, timeout=30).status_code == 204

    def close(self) -> None:
        for line in self.lines:
            line.close()
        self.lines.clear()


def begun(line: socket.socket) -> str:
    line.setblocking(False)
    with contextlib.suppress(BlockingIOError, ConnectionError):
        return line.recv(12, socket.MSG_PEEK).decode()[9:]
    return ""


class Callers(Background):
    """A caller with cheap calls, and the duration of each in seconds."""

    def __init__(self, service: Service) -> None:
        self.url, self.seconds = f"{service.url}/api/v1/browsers/", [0.0]
        super().__init__(self._call, [service])

    def _call(self, service: Service) -> None:
        while not self.stopping.wait(0.05):
            began = time.monotonic()
            assert requests.post(self.url, timeout=60).status_code == 201
            self.seconds.append(time.monotonic() - began)


@pytest.fixture
def readers(service: Service, chance: Random, whole_or: Callable) -> Iterator[Readers]:
    readers = Readers(service, chance, whole_or(12, 6))
    # Memory that a process loads once does not count as an export's. The kernel selects which of
    # two processes gets a call, and six calls miss one of them once in 32 times.
    for path in whole_or(6, 1) * (*EXPORTS, LONG_SERIES.format(since=4_800_000)):
        requests.get(f"{readers.senders[0].path}{path}", headers=bearer(readers), timeout=30)
    yield readers
    readers.close()
    readers.erase()


def bearer(readers: Readers) -> dict[str, str]:
    return {"Authorization": f"Bearer {readers.senders[0].write_token}"}


def test_exports_that_nobody_reads_delay_nobody_and_hold_little_memory(
    service: Service, seed: int, readers: Readers, whole_or: Callable
) -> None:
    count = whole_or(590, 240)
    memory = memories(service)
    since = int((time.time() - 4800) * 1000)
    paths = [*EXPORTS, LONG_SERIES.format(since=since)]
    with Traffic(service, seed, senders=2) as traffic, Callers(service) as callers:
        for n in range(count):
            # A HEAD must not compute its answer. Some clients leave before their answer begins.
            line = readers.ask(paths[n % len(paths)], "HEAD" if n % 5 == 0 else "GET")
            if n % 7 == 0:
                readers.lines.remove(line)
                line.close()
        peak = max(growth_soon(service, memory) for _ in range(whole_or(40, 15)))
        wait_until(lambda: not readers.statuses()[""], what="all that have stayed are answered")
        statuses = readers.statuses()
    readers.close()
    assert set(statuses) == {"200", "503"}, statuses
    assert statuses["503"] > count / 3, statuses
    assert max(callers.seconds) < 2, max(callers.seconds)
    assert peak < GROWTH_BYTES, peak >> 20
    assert growth_soon(service, memory) < GROWTH_BYTES, "it is not given back"
    # A client that left frees its place: the next one is served at once.
    wait_until(lambda: is_exported(readers), what="exports go on")
    check(traffic)


def memories(service: Service) -> dict[int, int]:
    """Return the memory of each process of web, by its pid."""
    return {one.pid: one.memory_info().rss for one in processes_of_web(service)}


def growth_soon(service: Service, before: dict[int, int]) -> int:
    """Return by how much the process that has grown most has grown."""
    time.sleep(0.2)
    now = memories(service)
    return max(now[pid] - memory for pid, memory in before.items())


def is_exported(readers: Readers) -> bool:
    url = f"{readers.senders[0].path}{EXPORTS[0]}"
    answer = requests.get(url, headers=bearer(readers), timeout=30)
    return answer.status_code == 200 and answer.text.count("\n") == ROWS + 1


def test_the_refusal_is_a_problem_that_says_when_to_retry(readers: Readers) -> None:
    for _ in range(30):
        readers.ask(EXPORTS[0])
    wait_until(lambda: readers.statuses()["503"], what="one is refused")
    refused = next(line for line in readers.lines if begun(line) == "503")
    refused.setblocking(True)
    head, _, body = b"".join(iter(lambda: refused.recv(4096), b"")).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:])
    assert headers["content-type"] == "application/problem+json"
    assert headers["retry-after"].isdecimal()
    assert json.loads(body)["code"] == "busy"


class Reading(Background):
    """A dozen threads that read a path without pause, as far as they are allowed."""

    def __init__(self, readers: Readers, path: str) -> None:
        self.path, self.statuses = path, Counter[int]()
        super().__init__(self._read, readers.senders * 3)

    def _read(self, sender: Sender) -> None:
        url = self.path if self.path.startswith("http") else f"{sender.path}{self.path}"
        while not self.stopping.is_set():
            answer = requests.get(url, headers=sender.session.headers, timeout=60)
            self.statuses[answer.status_code] += 1
            if not answer.ok:
                self.stopping.wait(0.5)


@pytest.mark.parametrize("path", ["measures/", "{url}/api/v1/schema/", EXPORTS[0]])
def test_beside_costly_reads_batches_and_cheap_calls_continue(
    service: Service, seed: int, chance: Random, path: str, whole_or: Callable
) -> None:
    seconds = whole_or(15, 3)
    readers = Readers(service, chance, 4, rows=40_000)
    with Traffic(service, seed, senders=2, size=30) as traffic, Callers(service) as callers:
        traffic.wait_for_more(20)
        # A dozen clients use the machine in both phases; only their requests differ.
        with Reading(readers, f"{service.url}/api/v1/time/"):
            calm, before = time.monotonic(), len(callers.seconds)
            time.sleep(seconds)
            quiet, between = time.monotonic(), len(callers.seconds)
        with Reading(readers, path.format(url=service.url)) as reading:
            busy, during = time.monotonic(), len(callers.seconds)
            time.sleep(seconds)
            over, after = time.monotonic(), len(callers.seconds)
    readers.erase()
    assert reading.statuses[200] > 2, reading.statuses
    assert set(reading.statuses) <= {200, 503}, reading.statuses
    slower = {
        "batches": median(traffic.attempts(busy, over)) / median(traffic.attempts(calm, quiet)),
        "cheap calls": statistics.median(callers.seconds[during:after])
        / statistics.median(callers.seconds[before:between]),
    }
    # A call that waited for the costly answers would take ten times as long or more.
    assert max(slower.values()) < 6, slower
    check(traffic)


def median(attempts: list[Attempt]) -> float:
    return statistics.median(attempt.seconds for attempt in attempts)
