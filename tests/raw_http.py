"""Requests written byte by byte, as no well-bred client would let one."""

import json
import socket
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


class Sender:
    """An instance whose requests go out byte by byte as they are written here."""

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
    ) -> Answer:
        target = path if path.startswith("/") else self.path + path
        lines = [
            f"{method} {target} HTTP/1.1",
            "Host: 127.0.0.1",
            "Connection: close",
            f"Authorization: Bearer {self.me['write_token']}",
            *([f"Content-Type: {content_type}"] if content_type else []),
            *([f"Content-Length: {len(body)}"] if length else []),
            *headers,
        ]
        return exchange(self.service.port, "\r\n".join([*lines, "", ""]).encode("latin-1") + body)

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
    """Send a request's bytes to a port of this machine; return what came until it closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        # Refused before all of it was sent, the answer is there to be read all the same.
        with suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(request)
        received = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    status, _, headers = head.decode("latin-1").lower().partition("\r\n")
    return Answer(int(status.split()[1]), headers, body)
