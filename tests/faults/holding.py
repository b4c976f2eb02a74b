"""Stops the service's work at a known point, to kill it or to overtake it there."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil
import psycopg2

from tests.faults.invariants import SETTLE_SECONDS, check_outbox
from tests.faults.traffic import Sender
from tests.patience import wait_until
from tests.service import SWEEP_SECONDS, Service

# A drain that has claimed its marks and waits to write its statuses.
HELD_DRAINS = """
select client_port from pg_stat_activity where datname = current_database()
and wait_event_type = 'Lock' and query like '%%with span as (%%unnest%%'
"""
LOCK_STATUS = """
select from dashboard_pointerstatus s join dashboard_browser b on b.id = s.browser_id
where b.instance_id = %s and s.time = to_timestamp(%s) for update of s
"""
HELD_BY = "select pid from pg_stat_activity where %s = any(pg_blocking_pids(pid))"
# Less than the ten seconds for which a drain waits for a lock, and longer than several sweeps.
OVERTAKING_SECONDS = 4 * SWEEP_SECONDS


@contextlib.contextmanager
def held_drain(service: Service) -> Iterator[int]:
    """Hold the next drain midway; yields the port of its database connection."""
    blocker = psycopg2.connect(service.database_url)
    try:
        blocker.cursor().execute("lock table dashboard_pointerstatus in exclusive mode")
        yield wait_until(lambda: service.sql(HELD_DRAINS), what="a drain is held")[0][0]
    finally:
        blocker.close()


def overtake(service: Service, sender: Sender) -> None:
    """Hold a drain that has computed but not yet written, and let others process newer samples.

    The browser's lock must keep the others waiting. Without it one of them writes the newer status,
    and the slow drain overwrites it with the older one, which no later sample corrects.
    """
    second = 1_000_000
    early = (sender.now_us() // second - 20) * second
    late = early + 10 * second
    sender.deliver_at(early, late)
    assert check_outbox(service, [sender], within=SETTLE_SECONDS) == []
    with contextlib.closing(psycopg2.connect(service.database_url)) as blocker:
        blocker.cursor().execute(LOCK_STATUS, (sender.instance_id, early / second))
        sender.deliver_at(early + 100_000, late + 100_000)
        pid = blocker.info.backend_pid
        wait_until(lambda: service.sql(HELD_BY, (pid,)), what="a drain is held")
        sender.deliver_at(late + 200_000)
        time.sleep(OVERTAKING_SECONDS)


def child_with(service: Service, port: int) -> psutil.Process:
    """Return the worker's child whose database connection has this local port."""
    for child in service.children("worker"):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(c.laddr.port == port for c in child.net_connections("tcp")):
                return child
    raise AssertionError(f"no child of the worker is connected from port {port}")


class HeldAnswers:
    """A proxy of the database that delays each batch's answer, after its COMMIT.

    `committed` is set while one is delayed. All other traffic passes at once.
    """

    def __init__(self, service: Service, seconds: float = 0.2) -> None:
        self.address, self.seconds = urlsplit(service.database_url), seconds
        self.committed, self.closed = threading.Event(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        login = self.address.netloc.rpartition("@")[0]
        netloc = f"{login}@127.0.0.1:{self.listener.getsockname()[1]}"
        return self.address._replace(netloc=netloc, query="sslmode=disable").geturl()

    def close(self) -> None:
        self.closed.set()
        self.listener.close()

    def _accept(self) -> None:
        database = self.address.hostname, self.address.port or 5432
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server, is_batch = socket.create_connection(database), threading.Event()
                for pump in (self._ask, self._tell):
                    line = [client, server, is_batch]
                    threading.Thread(target=pump, args=line, daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, is_batch: threading.Event) -> None:
        with _until_either_hangs_up(client, server):
            while data := client.recv(65536):
                if b"analytics_store_batches" in data:
                    is_batch.set()
                server.sendall(data)

    def _tell(
        self, client: socket.socket, server: socket.socket, is_batch: threading.Event
    ) -> None:
        with _until_either_hangs_up(client, server):
            while data := server.recv(65536):
                if is_batch.is_set():
                    is_batch.clear()
                    self.committed.set()
                    self.closed.wait(self.seconds)
                client.sendall(data)


@contextlib.contextmanager
def _until_either_hangs_up(*ends: socket.socket) -> Iterator[None]:
    try:
        with contextlib.suppress(OSError):
            yield
    finally:
        for end in ends:
            # Closing alone tells the other side nothing while the other thread reads here: a
            # session that has not logged in yet would stay for a minute, and block DROP DATABASE.
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
