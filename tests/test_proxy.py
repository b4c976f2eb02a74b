"""The configured proxy, a real Caddy, in front of the service as its image runs it."""

import http.client
import json
import socket
import ssl
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from tests.production import DOMAIN
from tests.proxy import BODY_SECONDS, Proxy


@pytest.fixture
def me(proxy: Proxy) -> dict:
    """An instance that has logged on through the proxy."""
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


def test_the_operators_pages_are_not_public(proxy: Proxy) -> None:
    assert [proxy.request("GET", path)[0].status for path in ("/metrics", "/readyz")] == [404, 404]
    assert proxy.request("GET", "/healthz")[1] == b"ok\n"


def test_a_batch_is_taken_and_one_too_large_is_not(proxy: Proxy, me: dict) -> None:
    assert send(proxy, me, batch())[0].status == 202
    answer, content = send(proxy, me, batch(padding=256 * 1024))
    assert (answer.status, json.loads(content)["status"]) == (413, 413)
    with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
        assert send(proxy, me, batch(padding=4_000_000))[0].status == 413


def test_a_malformed_body_does_not_affect_other_callers(proxy: Proxy, me: dict) -> None:
    for _ in range(3):
        with proxy.connect() as line:
            line.sendall(
                f"POST /api/v1/browsers/ HTTP/1.1\r\nHost: {DOMAIN}\r\n"
                "Transfer-Encoding: chunked\r\n\r\nno number\r\n".encode()
            )
            assert line.recv(65536).startswith((b"HTTP/1.1 4", b"HTTP/1.1 502"))
        assert send(proxy, me, batch())[0].status == 202


@pytest.mark.parametrize("path", ["/", f"/api/v1/browsers/{UUID(int=0)}/stream/"])
def test_an_offer_of_another_protocol_is_not_forwarded(tmp_path: Path, path: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with Proxy(tmp_path, web=port, live=port) as proxy, proxy.connect() as line:
            offer = "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1"
            line.sendall(f"POST {path} HTTP/1.1\r\nHost: {DOMAIN}\r\n{offer}\r\n\r\n.".encode())
            server.settimeout(20)
            passed_on, _ = server.accept()
            with passed_on:
                head = passed_on.recv(65536).lower()
    assert head.startswith(f"post {path} ".encode())
    assert b"upgrade" not in head
    assert b"\r\nconnection:" not in head


@pytest.mark.timed
def test_an_event_of_the_stream_arrives_at_once(proxy: Proxy, me: dict) -> None:
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
    # The next heartbeat, which would push out a delayed event, is 15 s away.
    assert time.monotonic() - began < 10
    line.close()


def test_slow_senders_are_dropped_and_delay_nobody(proxy: Proxy, me: dict) -> None:
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
    """Send the rest of a body, and return the answer."""
    received = b""
    with suppress(OSError), line:
        line.sendall(rest)
        received = b"".join(iter(lambda: line.recv(65536), b""))
    return received
