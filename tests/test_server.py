"""The HTTP server: its answers to unreadable or slow callers, and its end."""

import asyncio
import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from unittest.mock import patch

import psutil
import pytest
import requests
import uvicorn

from core.web import http
from core.web.lifespan import live
from tests.patience import wait_until
from tests.service import ROOT, free_port

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


seen: list = []


async def hello(scope, receive, send):
    if scope["type"] == "lifespan":
        await live(receive, send, at_end=lambda: None)
        return
    seen.append(scope["headers"])
    length = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": b"hello"})


async def echo(scope, receive, send):
    seen.append(scope["headers"])
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    length = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


async def much(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"much" * 5_000_000})


def ask(script, application=hello):
    """Run a server with a timeout of 0.3 s, and a client's script on a connection."""

    def run_client(address):
        with socket.create_connection(address, timeout=5) as line:
            return script(line)

    async def run():
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(application, http=http.Protocol, lifespan="off", log_level="error")
        serving = uvicorn.Server(config)
        running = asyncio.create_task(serving.serve(sockets=[listener]))
        address = listener.getsockname()
        try:
            return await asyncio.to_thread(run_client, address)
        finally:
            serving.should_exit = True
            await running

    with patch.multiple(http, LINGER_SECONDS=0.3, STALL_SECONDS=0.3):
        return asyncio.run(run())


def read_hello(line):
    answer = b""
    while not answer.endswith(b"hello"):
        if not (piece := line.recv(65536)):
            raise ConnectionError(answer)
        answer += piece
    return answer[-5:]


def read_all(line):
    return b"".join(iter(lambda: line.recv(65536), b""))


def problem_of(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    # Headers of every answer, also of one that no view has produced.
    assert re.search(rb"\r\nx-request-id: [0-9a-f]{32}$", head)
    assert b"\r\naccess-control-allow-origin: *\r\n" in head
    problem = json.loads(body)
    assert head.startswith(f"HTTP/1.1 {problem['status']} ".encode())
    return problem["status"], problem["code"]


def test_a_connection_may_idle_between_requests():
    def send_again(line):
        for _ in range(2):
            line.sendall(REQUEST)
            yield read_hello(line)
            time.sleep(0.5)

    assert ask(lambda line: list(send_again(line))) == [b"hello", b"hello"]


@pytest.mark.timed
def test_an_offer_to_upgrade_is_declined_and_the_body_read_by_its_length():
    body = b"GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n"

    def offer(line):
        line.sendall(
            b"POST /a?b=c HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
            b"Upgrade: h2c\r\nX-More: 1\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        time.sleep(0.1)
        line.sendall(body)
        return read_all(line)

    seen.clear()
    answer = ask(offer, echo)
    assert answer.endswith(b"\r\n\r\n" + body)
    assert b"\r\nconnection: close\r\n" in answer
    headers = {b"host": b"localhost", b"x-more": b"1", b"content-length": b"%d" % len(body)}
    assert [dict(headers) for headers in seen] == [{**headers, b"connection": b"close"}]


def test_a_malformed_request_does_not_change_the_answer_to_the_one_before():
    def send_both(line):
        line.sendall(REQUEST + b"good morning\r\n\r\n")
        return read_all(line)

    answer = ask(send_both)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhello")


def test_data_after_a_chunked_body_is_not_read_as_a_header():
    def send_more(line):
        line.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        answer = read_hello(line)
        line.sendall(b"0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n")
        line.sendall(REQUEST)
        return answer, read_hello(line)

    seen.clear()
    assert ask(send_more) == (b"hello", b"hello")
    assert [dict(headers) for headers in seen] == [
        {b"host": b"localhost", b"transfer-encoding": b"chunked"},
        {b"host": b"localhost"},
    ]


@pytest.mark.timed
def test_headers_in_pieces_are_read():
    def send_in_pieces(line):
        for piece in (REQUEST[:10], REQUEST[10:20], REQUEST[20:]):
            line.sendall(piece)
            time.sleep(0.05)
        return read_hello(line)

    assert ask(send_in_pieces) == b"hello"


def test_headers_without_end_are_refused():
    def send_much(line):
        line.sendall(REQUEST[:-2])
        while not select.select([line], [], [], 0.01)[0]:
            line.sendall(b"x-more: " + b"a" * 4000 + b"\r\n")
        return read_all(line)

    assert problem_of(ask(send_much)) == (431, "large_headers")


@pytest.mark.parametrize(
    "part",
    [
        b"GET /" + b"a" * 10_000,
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-More: ",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;more=",
    ],
)
def test_only_a_body_may_be_endless(part):
    def send_much(line):
        line.sendall(part)
        with contextlib.suppress(ConnectionError):
            for _ in range(1000):
                line.sendall(b"a" * 4000)
                time.sleep(0.001)
            return "all of it was taken"

    assert ask(send_much) is None


@pytest.mark.timed
def test_a_client_that_sends_everything_first_can_read_its_refusal():
    def send_first(line):
        line.sendall(REQUEST[:-2] + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n")
        line.sendall(b"a" * 20_000_000)
        return read_all(line)

    assert problem_of(ask(send_first)) == (400, "malformed")


def test_a_client_that_reads_nothing_is_cut_off():
    def take_nothing(line):
        line.sendall(REQUEST)
        time.sleep(1)
        taken = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := line.recv(65536):
                taken += len(piece)
        return taken

    assert 0 < ask(take_nothing, much) < 15_000_000


def test_data_other_than_http_is_refused():
    def send_nonsense(line):
        line.sendall(b"good morning\r\n\r\n")
        return read_all(line)

    assert problem_of(ask(send_nonsense)) == (400, "malformed")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_during_the_start_ends_it(workers):
    words = ["-m", "core.web.server", "--port", str(free_port()), "--workers", workers]
    process = subprocess.Popen(
        [sys.executable, *words, "analytics.asgi:application"],
        cwd=ROOT,
        env=dict(os.environ),
        stderr=subprocess.PIPE,
    )
    process.stderr.readline()
    # While it loads the application.
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert process.returncode in (0, -signal.SIGTERM), log
    assert b"Traceback" not in log


@pytest.fixture
def two_workers():
    port = free_port()
    words = ["-m", "core.web.server", "--port", str(port), "--workers", "2"]
    process = subprocess.Popen([sys.executable, *words, f"{__name__}:hello"], cwd=ROOT)
    try:
        wait_until(lambda: answers(port), seconds=20, what="a worker answers")
        yield process, port
    finally:
        process.kill()
        process.wait(10)


def answers(port):
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=2).text == "hello"
    except requests.RequestException:
        return False


def workers_of(process):
    children = psutil.Process(process.pid).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


@pytest.mark.timed
def test_if_one_worker_ends_the_port_stays_open(two_workers):
    process, port = two_workers
    first, _ = workers_of(process)
    first.terminate()
    first.wait(10)
    assert all(answers(port) for _ in range(5))
    wait_until(lambda: len(workers_of(process)) == 2, seconds=10, what="it is started anew")
    process.terminate()
    assert process.wait(10) == 0
    assert not answers(port)


def test_workers_do_not_outlive_their_supervisor(two_workers):
    process, _ = two_workers
    workers = workers_of(process)
    process.kill()
    gone, alive = psutil.wait_procs(workers, timeout=10)
    assert (len(gone), alive) == (2, [])


def test_a_second_signal_does_not_interrupt_the_shutdown(tmp_path):
    script = tmp_path / "late.py"
    script.write_text(
        "import sys, time\n"
        "from core.web.lifespan import live\n"
        "from core.web.server import serve\n"
        "from tests.test_server import hello\n"
        "def at_end():\n"
        "    time.sleep(1)\n"
        "    print('done', flush=True)\n"
        "async def application(scope, receive, send):\n"
        "    if scope['type'] == 'lifespan':\n"
        "        await live(receive, send, at_end=at_end)\n"
        "    else:\n"
        "        await hello(scope, receive, send)\n"
        "serve(application=application, host='127.0.0.1', port=int(sys.argv[1]), workers=1)\n"
    )
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, script, str(port)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    wait_until(lambda: answers(port), seconds=20, what="it answers")
    process.terminate()
    for _ in range(8):
        time.sleep(0.1)
        process.terminate()
    out, _ = process.communicate(timeout=10)
    assert (process.returncode, out) == (-signal.SIGTERM, b"done\n")
