"""Stopping the service's work at a known point, to kill somebody right there."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil
import psycopg2

from tests.service import Service, wait_until

# A drain that has claimed its marks and waits to write what it computed from them.
HELD_DRAINS = """
select client_port from pg_stat_activity where datname = current_database()
and wait_event_type = 'Lock' and query like '%%with claimed as (%%unnest%%'
"""


@contextlib.contextmanager
def held_drain(service: Service) -> Iterator[int]:
    """Hold the next drain in its middle; gives the port of its connection to the database."""
    blocker = psycopg2.connect(service.database_url)
    try:
        blocker.cursor().execute("lock table dashboard_pointerstatus in exclusive mode")
        yield wait_until(lambda: service.sql(HELD_DRAINS), what="a drain is held")[0][0]
    finally:
        blocker.close()


def child_with(service: Service, port: int) -> psutil.Process:
    """The worker's child whose connection to the database has this local port."""
    for child in service.children("worker"):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(c.laddr.port == port for c in child.net_connections("tcp")):
                return child
    raise AssertionError(f"no child of the worker is connected from port {port}")


class HeldAnswers:
    """A way to the database that holds each batch's answer: what is committed and not yet told.

    `committed` is set while one is held. Everything else passes at once.
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
            # session that has not logged in yet would stay for a minute, and hold up DROP DATABASE.
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
