"""Clients of the stream: some read it as a browser does, others never read."""

import contextlib
import json
import queue
import socket
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlsplit

PATIENCE_SECONDS = 15


class Event(NamedTuple):
    """One server-sent event, and its arrival (monotonic seconds)."""

    name: str
    id: int
    data: dict[str, Any]
    at: float


class Watcher:
    """Reads a stream in a thread; events and comments wait in queues."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.connection = HTTPConnection(parts.netloc, timeout=60)
        self.connection.request("GET", f"{parts.path}?{parts.query}")
        self.response = self.connection.getresponse()
        self.events: queue.Queue[Event] = queue.Queue()
        self.comments: queue.Queue[str] = queue.Queue()
        self.ended = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def next(self, name: str, seconds: float = PATIENCE_SECONDS) -> Event:
        """Return the next event, which must have this name."""
        event = self.events.get(timeout=seconds)
        assert event.name == name, event
        return event

    def until(self, wanted: Callable[[Event], bool], seconds: float = PATIENCE_SECONDS) -> Event:
        """Read events until one is wanted; return it."""
        deadline = time.monotonic() + seconds
        while not wanted(event := self.events.get(timeout=max(0.01, deadline - time.monotonic()))):
            pass
        return event

    def until_events(self, count: int) -> Event:
        """Read statuses until one has `count` events in its bucket; return it."""
        return self.until(lambda e: e.name == "status" and e.data["events"] == count)

    def until_nothing_waits(self) -> None:
        """Read until nothing has arrived for a fifth of a second."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.events.get(timeout=0.2)

    def close(self) -> None:
        # The thread is reading: closing would wait for it, and so for the next heartbeat.
        if self.connection.sock:
            with contextlib.suppress(OSError):
                self.connection.sock.shutdown(socket.SHUT_RDWR)

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            for raw in self.response:
                line = raw.decode().rstrip("\n")
                if line.startswith(":"):
                    self.comments.put(line)
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "event" in fields:
                    self._put(fields)
                    fields = {}
        except (OSError, HTTPException, ValueError):
            pass  # Either side has closed.
        self.ended.set()

    def _put(self, fields: dict[str, str]) -> None:
        data = json.loads(fields["data"])
        self.events.put(Event(fields["event"], int(fields["id"]), data, time.monotonic()))


def open_and_never_read(url: str) -> socket.socket:
    """Request a stream with the smallest possible buffer, and never read the answer."""
    parts = urlsplit(url)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    client.connect((parts.hostname, parts.port))
    path = f"{parts.path}?{parts.query}"
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    return client
