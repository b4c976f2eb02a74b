"""Recordings are sent within the service's limits, and erased on a failure."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from analytics.recordings import Recording, Sender, SendingError, to_end_now

STARTED = {"instance_id": "i", "write_token": "t", "server_time": "2026-11-20T10:00:00Z"}


class Strict(BaseHTTPRequestHandler):
    """Answers as the service does to a caller over its limit; the real one takes a minute."""

    server: "Server"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        if self.server.refusals:
            self.server.refusals -= 1
            self._answer(429, {"detail": "Too many."}, ("Retry-After", "1"))
        elif self.path.endswith("/browsers/"):
            self._answer(201, STARTED)
        elif self.path.endswith("/shares/"):
            self._answer(201, {"url": f"{self.server.url}/browsers/i/#share=s"})
        else:
            stored = len(body.get("events", []))
            self._answer(202, {"accepted": stored, "duplicates": 0, "conflicts": 0})

    def do_DELETE(self) -> None:
        self.server.asked.append((self.path, None))
        self.send_response(self.server.erasing)
        self.end_headers()

    def _answer(self, status: int, body: dict, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """A service that refuses a number of calls first, and answers an erasure with `erasing`."""

    refusals, erasing = 0, 204

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Strict)
        self.asked: list[tuple] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def recording() -> Recording:
    recording = Recording()
    for i in range(700):
        recording.times_us.append(8000 * i)
        recording.xs.append(i)
        recording.ys.append(7)
        recording.seqs.append(i)
        recording.enters.append(i == 0)
        recording.places.append(i + 1)
    return recording


def test_a_sender_waits_for_a_limit_and_the_last_sample_falls_on_now(
    server: Server, recording: Recording
) -> None:
    server.refusals = 2
    sent = Sender(server.url).send(recording, shift_us=to_end_now(recording))
    assert sent.accepted == 700
    assert [path for path, _ in server.asked] == [
        *["/api/v1/browsers/"] * 3,
        *["/api/v1/browsers/i/events/"] * 2,
        "/api/v1/browsers/i/log-off/",
        "/api/v1/browsers/i/shares/",
    ]
    first, last = server.asked[3][1]["events"][0], server.asked[4][1]["events"][-1]
    assert first == {"time": last["time"] - 699 * 8, "x": 0, "y": 7, "seq": 0, "enter": True}
    assert last == {"time": sent.server_time_us / 1000, "x": 699, "y": 7, "seq": 699}


@pytest.mark.parametrize(("status", "left"), [(204, 0), (404, 0), (403, 1)])
def test_begun_instances_are_erased_or_named(
    server: Server, recording: Recording, status: int, left: int
) -> None:
    server.erasing = status
    sender = Sender(server.url)
    sender.send(recording, shift_us=lambda _: 0)
    assert len(sender.erase()) == left
    assert server.asked[-1] == ("/api/v1/browsers/i/", None)


def test_if_the_service_goes_away_begun_instances_are_named(
    recording: Recording,
) -> None:
    sender = Sender("http://127.0.0.1:9")
    with pytest.raises(SendingError, match="cannot be reached"):
        sender.send(recording, shift_us=lambda _: 0)
    assert sender.begun == []
