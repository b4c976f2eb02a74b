"""Requests written byte by byte, which ordinary clients would not send."""

import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from tests.service import Service


class Answer(NamedTuple):
    status: int
    headers: str
    body: bytes

    def problem(self) -> dict[str, Any]:
        assert "content-type: application/problem+json" in self.headers, self
        problem = json.loads(self.body)
        assert problem["status"] == self.status
        assert problem["detail"]
        return problem

    @property
    def request_id(self) -> str:
        return self._header("x-request-id")

    @property
    def is_last(self) -> bool:
        """Return whether it announces the end of the connection."""
        return self._header("connection") == "close"

    def _header(self, name: str) -> str:
        return next(iter(re.findall(rf"(?m)^{name}: *(.*?)\r?$", self.headers)), "")


class Connection:
    """A connection on which requests are sent packet by packet, with all their answers."""

    # So that the server reads a packet before the next one arrives.
    PAUSE_SECONDS = 0.01

    def __init__(self, connected: socket.socket) -> None:
        self.socket, self._received = connected, b""
        self.answers: list[Answer] = []

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *packets: bytes, end: bool = False) -> None:
        # If the server refuses early, its answer can still be read.
        with suppress(ConnectionError, TimeoutError, ssl.SSLEOFError):
            for number, packet in enumerate(packets):
                time.sleep(self.PAUSE_SECONDS if number else 0)
                self.socket.sendall(packet)
            if end:
                self.socket.shutdown(socket.SHUT_WR)

    def read(self, count: int) -> list[Answer]:
        """Read until there are `count` answers in all, or no more come; return all of them."""
        with suppress(ConnectionError, TimeoutError):
            while len(self.answers) < count and (piece := self.socket.recv(65536)):
                self._received += piece
                self.answers += self._whole_answers()
        return self.answers

    def _whole_answers(self) -> Iterator[Answer]:
        while (end := _end_of_answer(self._received)) is not None:
            answer, self._received = _to_answer(self._received[:end]), self._received[end:]
            if answer.status != 100:
                yield answer


def _end_of_answer(received: bytes) -> int | None:
    head, blank, rest = received.lower().partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head:
        body, last, _ = rest.partition(b"0\r\n\r\n")
        return len(head + blank + body + last) if last else None
    length = re.search(rb"\r\ncontent-length: *([0-9]+)", head)
    end = len(head + blank) + (int(length[1]) if length else 0)
    return end if blank and end <= len(received) else None


def _to_answer(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    status, _, headers = head.decode("latin-1").lower().partition("\r\n")
    return Answer(int(status.split()[1]), headers, body)


class Sender:
    """An instance whose requests are sent exactly as written."""

    def __init__(self, service: Service) -> None:
        self.service, self.me = service, service.log_on()
        self.path = f"/api/v1/browsers/{self.me['instance_id']}/"

    def send(
        self,
        body: bytes,
        *headers: str,
        method: str = "POST",
        path: str = "events/",
        content_type: str = "application/json",
        length: bool = True,
        token: str = "",
    ) -> Answer:
        lines = [
            "Connection: close",
            *([f"Content-Length: {len(body)}"] if length else []),
            *headers,
        ]
        target = path if path.startswith("/") else self.path + path
        head = self.head(
            *lines, method=method, target=target, content_type=content_type, token=token
        )
        return exchange(self.service.port, head + body)

    def head(
        self,
        *headers: str,
        method: str = "POST",
        target: str = "",
        content_type: str = "application/json",
        token: str = "",
    ) -> bytes:
        lines = [
            f"{method} {target or self.path + 'events/'} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {token or self.me['write_token']}",
            *([f"Content-Type: {content_type}"] if content_type else []),
            *headers,
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def connect(self) -> Connection:
        return Connection(socket.create_connection(("127.0.0.1", self.service.port), timeout=20))

    def send_chunked(self, body: bytes, path: str = "events/") -> Answer:
        chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        return self.send(chunk, "Transfer-Encoding: chunked", path=path, length=False)

    def stored(self) -> int:
        ((count,),) = self.service.sql(
            "select count(*) from analytics_pointerpositionevent e"
            " join dashboard_browser b on b.id = e.browser_id where b.instance_id = %s",
            (self.me["instance_id"],),
        )
        return count


def exchange(port: int, request: bytes) -> Answer:
    """Send a request on a new connection; return its answer, read until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        # If the server refuses early, its answer can still be read.
        connection.sendall(request)
        return _to_answer(b"".join(iter(lambda: connection.recv(65536), b"")))
