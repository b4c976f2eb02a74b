"""Stopping the service's work at a known point, to kill somebody right there."""

import contextlib
import socket
import threading
from collections.abc import Iterator

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


class SlowHints:
    """A way to Redis that holds each hint: what is sent after COMMIT and before the answer.

    `committed` is set while one is held. Everything else passes at once.
    """

    def __init__(self, service: Service, seconds: float = 0.2) -> None:
        self.redis_port, self.seconds = service.redis_port, seconds
        self.committed, self.closed = threading.Event(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.listener.getsockname()[1]}/0"

    def close(self) -> None:
        self.closed.set()
        self.listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.redis_port))
                for line in (client, server), (server, client):
                    threading.Thread(target=self._pump, args=line, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if b"pointerscope:hint" in data:
                    self.committed.set()
                    self.closed.wait(self.seconds)
                target.sendall(data)
        for end in (source, target):
            end.close()
