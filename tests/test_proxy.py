"""The proxy as it is configured, a real Caddy, before the service as its image runs it."""

import http.client
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.production import DOMAIN, Production
from tests.service import BIN, ROOT, free_port, wait_until

CADDYFILE = ROOT / "deploy" / "caddy" / "Caddyfile"
# In production 30 s; the tests wait less.
BODY_SECONDS = 3


class Proxy:
    """Caddy with our configuration, a CA of its own and ports that are free."""

    def __init__(self, service: Production, folder: Path) -> None:
        self.folder, self.http, self.https = folder, free_port(), free_port()
        self.caddy = subprocess.Popen(
            [BIN / "caddy", "run", "--config", CADDYFILE, "--adapter", "caddyfile"],
            env={
                "HOME": str(folder),
                "XDG_DATA_HOME": str(folder),
                "DOMAIN": DOMAIN,
                "ADMIN": "off",
                "HTTP_PORT": str(self.http),
                "HTTPS_PORT": str(self.https),
                "WEB": "127.0.0.1",
                "WEB_PORT": str(service.port),
                "LIVE": "127.0.0.1",
                "LIVE_PORT": str(service.live_port),
                "READ_BODY": f"{BODY_SECONDS}s",
            },
            stdout=subprocess.DEVNULL,
            stderr=(folder / "caddy.log").open("wb"),
        )

    def connect(self, *protocols: str) -> ssl.SSLSocket:
        """Connect as a browser does that trusts the proxy's CA and no other."""
        root = self.folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        context = ssl.create_default_context(cafile=root)
        if protocols:
            context.set_alpn_protocols(protocols)
        line = socket.create_connection(("127.0.0.1", self.https), timeout=20)
        return context.wrap_socket(line, server_hostname=DOMAIN)

    def answers(self) -> bool:
        with suppress(OSError):
            self.connect().close()
            return True
        return False

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        call = http.client.HTTPConnection(DOMAIN)
        call.sock = self.connect()
        call.request(method, path, body, headers or {})
        answer = call.getresponse()
        content = answer.read()
        call.close()
        return answer, content


@pytest.fixture(scope="module")
def proxy(production: Production, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    proxy = Proxy(production, tmp_path_factory.mktemp("caddy"))
    try:
        wait_until(proxy.answers, what=str(proxy.folder / "caddy.log"))
        yield proxy
    finally:
        proxy.caddy.terminate()
        proxy.caddy.wait(20)


@pytest.fixture
def me(proxy: Proxy) -> dict:
    """An instance that has logged on by way of the proxy."""
    answer, content = proxy.request("POST", "/api/v1/browsers/")
    assert answer.status == 201, content
    return json.loads(content)


def send(proxy: Proxy, me: dict, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
    return proxy.request(
        "POST",
        f"/api/v1/browsers/{me['instance_id']}/events/",
        body,
        {"Content-Type": "application/json", "Authorization": f"Bearer {me['write_token']}"},
    )


def batch(padding: int = 0) -> bytes:
    base_ms = int(time.time() - 5) * 1000
    events = [{"time": base_ms + seq, "x": 3 * seq, "y": 4 * seq, "seq": seq} for seq in range(5)]
    return json.dumps({"events": events}).encode() + b" " * padding


def test_it_speaks_tls_and_http_2(proxy: Proxy) -> None:
    with proxy.connect("h2", "http/1.1") as line:
        assert (line.selected_alpn_protocol(), line.version()) == ("h2", "TLSv1.3")


def test_plain_http_is_sent_to_https(proxy: Proxy) -> None:
    call = http.client.HTTPConnection("127.0.0.1", proxy.http, timeout=10)
    call.request("GET", "/", headers={"Host": DOMAIN})
    answer = call.getresponse()
    assert answer.status == 308
    assert answer.headers["Location"].startswith(f"https://{DOMAIN}")
    call.close()


@pytest.mark.parametrize("coding", ["zstd", "gzip"])
def test_pages_are_compressed(proxy: Proxy, coding: str) -> None:
    plain = proxy.request("GET", "/")[1]
    answer, content = proxy.request("GET", "/", headers={"Accept-Encoding": coding})
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, coding)
    assert len(content) < len(plain)


def test_what_is_for_operators_is_not_outside(proxy: Proxy) -> None:
    assert [proxy.request("GET", path)[0].status for path in ("/metrics", "/readyz")] == [404, 404]
    assert proxy.request("GET", "/healthz")[1] == b"ok\n"


def test_a_batch_is_taken_and_one_too_large_is_not(proxy: Proxy, me: dict) -> None:
    assert send(proxy, me, batch())[0].status == 202
    answer, content = send(proxy, me, batch(padding=256 * 1024))
    assert (answer.status, json.loads(content)["status"]) == (413, 413)
    with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
        assert send(proxy, me, batch(padding=4_000_000))[0].status == 413


def test_an_event_of_the_stream_comes_when_it_happens(proxy: Proxy, me: dict) -> None:
    line = proxy.connect()
    line.sendall(
        f"GET {me['stream_url']} HTTP/1.1\r\nHost: {DOMAIN}\r\n"
        "Accept-Encoding: gzip, zstd\r\n\r\n".encode()
    )
    line.settimeout(10)
    head = line.recv(65536).lower()
    assert b"content-type: text/event-stream" in head
    assert b"content-encoding" not in head
    seen = head
    while b"event: snapshot" not in seen:
        seen += line.recv(65536)
    began = time.monotonic()
    assert send(proxy, me, batch())[0].status == 202
    seen = b""
    while b"event: status" not in seen:
        seen += line.recv(65536)
    # The next heartbeat, which would push a held-back event out, is 15 s away.
    assert time.monotonic() - began < 10
    line.close()


def test_slow_senders_are_given_up_and_hold_nobody_up(proxy: Proxy, me: dict) -> None:
    body = batch()
    head = (
        f"POST /api/v1/browsers/{me['instance_id']}/events/ HTTP/1.1\r\nHost: {DOMAIN}\r\n"
        f"Authorization: Bearer {me['write_token']}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    # More of them than web has threads.
    slow = [proxy.connect() for _ in range(12)]
    for line in slow:
        line.sendall(head + body[:1])
    assert send(proxy, me, body)[0].status == 202
    time.sleep(BODY_SECONDS + 0.5)
    assert not [end for end in map(partial(send_rest, body[1:]), slow) if b" 202 " in end]


def send_rest(rest: bytes, line: ssl.SSLSocket) -> bytes:
    """Send what is left of a body, and return whatever comes for it."""
    received = b""
    with suppress(OSError), line:
        line.sendall(rest)
        received = b"".join(iter(lambda: line.recv(65536), b""))
    return received
