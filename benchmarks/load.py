"""Pointers that send as fast as they are answered, or at a given pace."""

import itertools
import re
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, NoReturn

from tests.service import Service

SAMPLE_MS = 8  # 125 Hz, as a common mouse.
ANSWERED = b"HTTP/1.1 202 "
LENGTH = re.compile(rb"content-length: ([0-9]+)", re.IGNORECASE)


class Sender(NamedTuple):
    """An instance and its token; `base_ms` is when its samples begin."""

    instance_id: str
    token: str
    base_ms: int


class Count(NamedTuple):
    """What a run has done: batches answered with 202, in so many seconds, each after so many ms."""

    batches: int
    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        return self.batches / self.seconds

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.latencies, n=20)[-1]


def log_on(service: Service, count: int, age_seconds: float = 600) -> list[Sender]:
    """Return new instances; their samples begin some minutes ago and go on from there."""
    base_ms = int((time.time() - age_seconds) * 1000)
    answers = [service.log_on() for _ in range(count)]
    return [Sender(a["instance_id"], a["write_token"], base_ms) for a in answers]


def body(sender: Sender, batch: int, size: int) -> bytes:
    """Return a batch as tracker.js writes it; each number of a batch has samples of its own."""
    first = batch * size
    events = ",".join(
        f'{{"time":{sender.base_ms + n * SAMPLE_MS}.5,"x":{n * 7 % 1900}.25,"y":{n * 3 % 1000}.5,'
        f'"seq":{n}}}'
        for n in range(first, first + size)
    )
    return f'{{"events":[{events}]}}'.encode()


def request(path: str, sender: Sender, content: bytes) -> bytes:
    head = (
        f"POST {path.format(sender.instance_id)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {sender.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class Batches:
    """Endless requests of some senders in turn, the first ones of which are made beforehand."""

    def __init__(self, senders: list[Sender], *, path: str, size: int, first: int = 0) -> None:
        self.size = size
        self._requests = (
            request(path, sender, body(sender, batch, size))
            for batch in itertools.count(first)
            for sender in senders
        )
        self._ready: list[bytes] = []

    def prepare(self, count: int) -> None:
        self._ready = list(itertools.islice(self._requests, count))

    def __iter__(self) -> Iterator[bytes]:
        return itertools.chain(self._ready, self._requests)


def send(
    port: int, batches: list[Batches], *, seconds: float, rate: float = 0, most: int | None = None
) -> Count:
    """Send from one connection for each of `batches`, in parallel; `rate` is all theirs together.

    Without a rate each sends its next batch as soon as the last one is answered. With one, a batch
    that goes out late has waited since its time had come. None sends more than `most`.
    """
    latencies: list[list[float]] = [[] for _ in batches]
    start = time.perf_counter() + 0.05
    pause = len(batches) / rate if rate else 0

    def run(number: int) -> None:
        offset = pause * number / len(batches)
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for n, content in enumerate(itertools.islice(batches[number], most)):
                due = start + offset + n * pause if rate else max(start, time.perf_counter())
                if due >= start + seconds:
                    break
                time.sleep(max(0.0, due - time.perf_counter()))
                line.sendall(content)
                read_answer(line)
                latencies[number].append((time.perf_counter() - due) * 1000)

    in_parallel(run, len(batches))
    took = time.perf_counter() - start
    done = [latency for each in latencies for latency in each]
    return Count(len(done), took, done)


def read_answer(line: socket.socket) -> None:
    """Read one answer to its end; RuntimeError where it is no 202."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += line.recv(65536) or _hang_up(answer)
    head, _, content = answer.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    while len(content) < (int(length[1]) if length else 0):
        content += line.recv(65536) or _hang_up(answer)
    if not answer.startswith(ANSWERED):
        raise RuntimeError((head + content).decode())


def _hang_up(answer: bytes) -> NoReturn:
    raise ConnectionError(f"the server hung up after {answer!r}")


def in_parallel(function: Callable[[int], None], count: int) -> None:
    """Call the function with each number in a thread of its own; the first error is raised."""
    errors: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            function(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
