"""A thousand streams, some of which are never read: bounded, and complete after a restart."""

import asyncio
import contextlib
import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from tests.faults.invariants import check_outbox
from tests.faults.traffic import Sender
from tests.patience import wait_until
from tests.service import Service
from tests.watching import open_and_never_read

# Four snapshots at a time, each with a connection during its query, and the sessions of asyncio's
# threads that are being closed.
MOST_CONNECTIONS = 8
GROWTH_BYTES = 20 * 2**20


class Crowd:
    """Clients of one stream in one event loop, which reconnect when it ends, as browsers do."""

    def __init__(self, url: str, clients: int) -> None:
        self.parts = urlsplit(url)
        self.buckets: list[dict[str, Any]] = [{} for _ in range(clients)]
        self.snapshots = [0] * clients
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Crowd":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join()

    def _run(self) -> None:
        with contextlib.closing(self.loop):
            self.loop.run_until_complete(self._watch_all())

    async def _watch_all(self) -> None:
        self.stopping = asyncio.Event()
        tasks = [asyncio.create_task(self._watch(n)) for n in range(len(self.buckets))]
        await self.stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, number: int) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, EOFError):
                await self._read(number)
            await asyncio.sleep(0.5 + number % 100 / 100)

    async def _read(self, number: int) -> None:
        reader, writer = await asyncio.open_connection(
            self.parts.hostname, self.parts.port, limit=2**20
        )
        try:
            path = f"{self.parts.path}?{self.parts.query}"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {self.parts.netloc}\r\n\r\n".encode())
            name = ""
            while line := await reader.readline():
                field, _, value = line.decode().rstrip().partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    self._take(number, name, json.loads(value))
        finally:
            writer.close()

    def _take(self, number: int, name: str, data: dict[str, Any]) -> None:
        if name == "snapshot":
            self.snapshots[number] += 1
        for status in data["statuses"] if name == "snapshot" else [data]:
            self.buckets[number][status["time"]] = status


@pytest.mark.whole
def test_a_crowd_of_streams_is_bounded_and_misses_nothing_over_a_restart(
    service: Service, chance: Random, whole_or: Callable
) -> None:
    clients, deaf = whole_or(1000, 200), whole_or(50, 10)
    allow_open_files(4 * clients + 1000)
    sender = Sender(service, chance)
    with deaf_clients(sender.stream_url, deaf), Crowd(sender.stream_url, clients - deaf) as crowd:
        wait_until(lambda: all(crowd.snapshots), seconds=60, what="all have their snapshot")
        live = psutil.Process(service.processes["live"].pid)
        sizes, connections = [], []
        for _ in range(whole_or(60, 12)):
            assert sender.attempt(sender.new_batch(20)).status == 202
            time.sleep(0.25)
            sizes.append(live.memory_info().rss)
            connections.append(connections_to_database(service, live))
        assert max(connections) <= MOST_CONNECTIONS, connections
        wait_until(
            lambda: connections_to_database(service, live) == 0,
            what="no connection is kept while the streams are open",
        )
        plateau = sizes[len(sizes) // 3 :]
        assert max(plateau) - plateau[0] < GROWTH_BYTES, [size >> 20 for size in sizes]
        service.stop("live")
        # No stream is open for this change; only a snapshot can deliver it.
        assert sender.attempt(sender.new_batch(20)).status == 202
        before = list(crowd.snapshots)
        service.start("live")
        wait_until(
            lambda: all(now > was for now, was in zip(crowd.snapshots, before, strict=True)),
            seconds=60,
            what="all have come back",
        )
        assert sender.attempt(sender.new_batch(20)).status == 202
        assert check_outbox(service, [sender], within=20) == []
        final = {status["time"]: status for status in series(sender)}
        assert len(final) > 3
        wait_until(
            lambda: all(final.items() <= seen.items() for seen in crowd.buckets),
            seconds=20,
            what="each client has each bucket's last value",
        )


def series(sender: Sender) -> list[dict[str, Any]]:
    answer = sender.session.get(f"{sender.path}statuses/?interval=1s", timeout=10)
    return answer.json()["statuses"]


@contextlib.contextmanager
def deaf_clients(url: str, count: int) -> Iterator[list[socket.socket]]:
    clients = [open_and_never_read(url) for _ in range(count)]
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


def connections_to_database(service: Service, process: psutil.Process) -> int:
    port = urlsplit(service.database_url).port
    return sum(c.raddr.port == port for c in process.net_connections("tcp") if c.raddr)


def allow_open_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard)), hard))
