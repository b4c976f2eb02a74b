"""Callers that send a byte a second, or far too much, do not affect other callers."""

import contextlib
import gzip
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import psutil
import pytest
import requests

from tests.faults.background import Background
from tests.faults.invariants import check
from tests.faults.traffic import Sender, Traffic, p99
from tests.patience import wait_until
from tests.raw_http import Sender as RawSender
from tests.service import Service

SLOW_CLIENTS = 200
GROWTH_BYTES = 20_000_000
MEGABYTES_20 = b" " * 20_000_000
PAGES = ("/", "/log-on/", "/browsers/", "/browsers/rows/", "/login/", "/logout/", "/admin/login/")
METHODS = ("get", "post", "put", "patch", "delete")


class SlowClients(Background):
    """Requests that announce a body, or further headers, and send a byte of it per second."""

    def __init__(self, service: Service, sender: Sender, count: int) -> None:
        self.address = ("127.0.0.1", service.port)
        self.path = f"/api/v1/browsers/{sender.instance_id}/events/"
        self.answers: Counter[bytes] = Counter()
        self.lines = [self._open(n) for n in range(count)]
        super().__init__(self._send, [self.lines])

    def _open(self, number: int) -> socket.socket:
        line = socket.create_connection(self.address, timeout=10)
        line.sendall(f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\n".encode())
        if number % 4:  # A quarter of them never end their headers.
            line.sendall(b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n")
        line.setblocking(False)
        return line

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        for line in self.lines:
            line.close()

    def _send(self, lines: list[socket.socket]) -> None:
        while not self.stopping.wait(1):
            for line in lines:
                with contextlib.suppress(OSError):
                    line.send(b" ")
                with contextlib.suppress(OSError):
                    if answer := line.recv(4096):
                        self.answers[answer[9:12]] += 1


def test_200_clients_that_send_a_byte_a_second_delay_nobody(
    service: Service, seed: int, chance: Random, whole_or: Callable
) -> None:
    seconds = whole_or(30, 4)
    memory = memory_of_web(service)
    with Traffic(service, seed, senders=2) as traffic:
        traffic.wait_for_more(20)
        before = time.monotonic()
        time.sleep(seconds)
        with SlowClients(service, Sender(service, chance), SLOW_CLIENTS) as slow:
            during = time.monotonic()
            time.sleep(seconds)
            after = time.monotonic()
            # Each client that sends a body is refused in the end.
            if whole_or(1, 0):
                wait_until(lambda: slow.answers[b"408"] >= SLOW_CLIENTS / 2, seconds=30)
        calm = time.monotonic()
        time.sleep(seconds)
    # The machine's noise varies, so the quiet phases before and after are both measured.
    baseline = max(p99(traffic.attempts(before, during)), p99(traffic.attempts(calm)))
    assert p99(traffic.attempts(during, after)) < 2 * baseline
    assert memory_of_web(service) - memory < GROWTH_BYTES
    check(traffic)


def processes_of_web(service: Service) -> list[psutil.Process]:
    web = psutil.Process(service.processes["web"].pid)
    return [web, *web.children(recursive=True)]


def memory_of_web(service: Service) -> int:
    return sum(process.memory_info().rss for process in processes_of_web(service))


@pytest.fixture(scope="module")
def routes(running: Service) -> list[str]:
    """Return the addresses of the pages, and of the API with an instance and an event filled in."""
    running.start_missing()
    paths = requests.get(f"{running.url}/api/v1/schema/?format=json", timeout=30).json()["paths"]
    me = running.log_on()["instance_id"]
    key = "2026-11-23T12:00:00.000125Z,17"
    filled = [path.replace("{instance_id}", me).replace("{key}", key) for path in paths]
    assert len(filled) >= 8
    return [path for path in [*filled, *PAGES] if "stream" not in path]


@pytest.mark.whole
def test_20_mb_and_bombs_on_every_route_change_nothing_for_the_others(
    service: Service, seed: int, routes: list[str]
) -> None:
    bomb = gzip.compress(bytes(20_000_000), 9)
    raw = RawSender(service)
    warm_up(raw, routes, bomb)
    memory = memory_of_web(service)
    with Traffic(service, seed, senders=2) as traffic:
        traffic.wait_for_more(20)
        statuses = Counter(attack(raw, routes, bomb))
    assert memory_of_web(service) - memory < GROWTH_BYTES
    assert max(statuses) < 500, statuses
    assert statuses[413] >= 2, statuses
    check(traffic)


def warm_up(raw: RawSender, routes: list[str], bomb: bytes) -> None:
    """Let web load the code for these routes once."""
    assert list(attack(raw, routes, bomb))


def attack(raw: RawSender, routes: list[str], bomb: bytes) -> Iterator[int]:
    for path in routes:
        for method in METHODS:
            answer = raw.send(bomb, "Content-Encoding: gzip", method=method.upper(), path=path)
            yield answer.status
        yield raw.send(MEGABYTES_20, method="POST", path=path).status
        yield raw.send_chunked(MEGABYTES_20, path=path).status
