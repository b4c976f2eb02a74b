"""The HTTP server: what it does to those who are slow or unreadable, and how it ends."""

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

from core import http, server
from tests.service import ROOT, free_port, wait_until

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


seen: list = []


async def hello(scope, receive, send):
    seen.append(scope["headers"])
    length = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": b"hello"})


async def much(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"much" * 5_000_000})


def ask(script, application=hello):
    """Run a server that waits for 0.3 s, and a script of what a client does on a connection."""

    def run_client(address):
        with socket.create_connection(address, timeout=5) as line:
            return script(line)

    async def run():
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(application, http=http.Protocol, lifespan="off", log_level="error")
        serving = server.Server(config)
        running = asyncio.create_task(serving.serve(sockets=[listener]))
        address = listener.getsockname()
        try:
            return await asyncio.to_thread(run_client, address)
        finally:
            serving.should_exit = True
            await running

    with patch.multiple(http, HEAD_SECONDS=0.3, STALL_SECONDS=0.3):
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
    # As of every answer, and of one to a call that no view has seen.
    assert re.search(rb"\r\nx-request-id: [0-9a-f]{32}$", head)
    assert b"\r\naccess-control-allow-origin: *\r\n" in head
    problem = json.loads(body)
    assert head.startswith(f"HTTP/1.1 {problem['status']} ".encode())
    return problem["status"], problem["code"]


@pytest.mark.parametrize("begun", [b"", b"GET", REQUEST[:-2]])
def test_headers_that_do_not_end_in_time_end_the_connection(begun):
    def send_a_part(line):
        line.sendall(begun)
        began = time.monotonic()
        return read_all(line), time.monotonic() - began

    answer, seconds = ask(send_a_part)
    assert answer == b""
    assert 0.2 < seconds < 2


def test_a_connection_may_idle_between_requests_but_not_within_the_next_ones_headers():
    def send_again(line):
        answers = []
        for _ in range(2):
            line.sendall(REQUEST)
            answers.append(read_hello(line))
            time.sleep(0.5)
        line.sendall(REQUEST[:10])
        return [*answers, read_all(line)]

    assert ask(send_again) == [b"hello", b"hello", b""]


@pytest.mark.parametrize("rest", [b"\r\n", b"a" * 100])
def test_what_is_no_next_request_does_not_keep_a_connection(rest):
    def send_the_rest(line):
        line.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        answer = read_hello(line)
        line.sendall(b"a" * 1000 if rest == b"\r\n" else b"")
        time.sleep(0.1)
        line.sendall(rest)
        began = time.monotonic()
        return answer, read_all(line), time.monotonic() - began

    *answers, seconds = ask(send_the_rest)
    assert answers == [b"hello", b""]
    assert seconds < 2


def test_what_follows_a_chunked_body_is_no_header():
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


def test_who_takes_nothing_of_an_answer_is_cut_off():
    def take_nothing(line):
        line.sendall(REQUEST)
        time.sleep(1)
        taken = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := line.recv(65536):
                taken += len(piece)
        return taken

    assert 0 < ask(take_nothing, much) < 15_000_000


def test_what_is_no_http_is_refused():
    def send_nonsense(line):
        line.sendall(b"good morning\r\n\r\n")
        return read_all(line)

    assert problem_of(ask(send_nonsense)) == (400, "malformed")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_told_to_end_while_it_starts_it_ends(workers):
    words = ["-m", "core.server", "--port", str(free_port()), "--workers", workers]
    process = subprocess.Popen(
        [sys.executable, *words, "analytics.asgi:application"],
        cwd=ROOT,
        env=dict(os.environ),
        stderr=subprocess.PIPE,
    )
    process.stderr.readline()
    # In the middle of loading the application.
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert process.returncode in (0, -signal.SIGTERM), log
    assert b"Traceback" not in log


@pytest.fixture
def two_workers():
    port = free_port()
    words = ["-m", "core.server", "--port", str(port), "--workers", "2"]
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


def test_one_worker_that_ends_leaves_the_door_open(two_workers):
    process, port = two_workers
    first, _ = workers_of(process)
    first.terminate()
    first.wait(10)
    assert all(answers(port) for _ in range(5))
    wait_until(lambda: len(workers_of(process)) == 2, seconds=10, what="it is started anew")
    process.terminate()
    assert process.wait(10) == 0
    assert not answers(port)


def test_workers_do_not_outlive_the_one_that_looks_after_them(two_workers):
    process, _ = two_workers
    workers = workers_of(process)
    process.kill()
    gone, alive = psutil.wait_procs(workers, timeout=10)
    assert (len(gone), alive) == (2, [])


def test_a_second_signal_does_not_cut_off_what_is_done_at_the_end(tmp_path):
    script = tmp_path / "late.py"
    script.write_text(
        "import atexit, sys, time\n"
        "from core.server import serve\n"
        "atexit.register(lambda: (time.sleep(1), print('done')))\n"
        f"serve(application='{__name__}:hello', host='127.0.0.1', "
        "port=int(sys.argv[1]), workers=1)\n"
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
    assert (process.returncode, out) == (0, b"done\n")
