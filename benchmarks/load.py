"""Pointers that send as fast as they are answered, or at a given rate."""

import heapq
import itertools
import re
import selectors
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, NoReturn

from tests.service import Service

SAMPLE_MS = 8  # 125 Hz, a common mouse.
ANSWERED = b"HTTP/1.1 202 "
LENGTH = re.compile(rb"content-length: ([0-9]+)", re.IGNORECASE)


class Sender(NamedTuple):
    """An instance and its token; `base_ms` is the time of its first sample."""

    instance_id: str
    token: str
    base_ms: int


class Count(NamedTuple):
    """The result of a run: batches answered with 202, the seconds, and the ms of each batch."""

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
    """Return new instances, whose samples begin `age_seconds` ago and continue from there."""
    base_ms = int((time.time() - age_seconds) * 1000)
    answers = [service.log_on() for _ in range(count)]
    return [Sender(a["instance_id"], a["write_token"], base_ms) for a in answers]


def body(sender: Sender, first: int, size: int, *, scenes: int = 0) -> bytes:
    """Return a batch as tracker.js writes it, beginning with the sender's sample `first`.

    Its first samples each have a scene, up to `scenes`: the page was scrolled between them.
    """
    events = ",".join(
        f'{{"time":{sender.base_ms + n * SAMPLE_MS}.5,"x":{n * 7 % 1900}.25,"y":{n * 3 % 1000}.5,'
        f'"seq":{n}}}'
        for n in range(first, first + size)
    )
    if not scenes:
        return f'{{"events":[{events}]}}'.encode()
    seen = ",".join(
        f'{{"time":{sender.base_ms + n * SAMPLE_MS}.5,"seq":{n},"viewport":[1280,720],'
        f'"document":[1280,5200],"scroll":[0,{n % 4000}],"pixel_ratio":2,"pointer":"mouse",'
        '"page":"/pricing"}'
        for n in range(first, first + scenes)
    )
    return f'{{"events":[{events}],"scenes":[{seen}]}}'.encode()


def request(path: str, sender: Sender, content: bytes) -> bytes:
    head = (
        f"POST {path.format(sender.instance_id)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {sender.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class Batches:
    """Endless requests of some senders in turn; `prepare` builds the first ones in advance."""

    def __init__(self, senders: list[Sender], *, path: str, size: int, scenes: int = 0) -> None:
        self.size = size
        self._requests = (
            request(path, sender, body(sender, sample, size, scenes=scenes))
            for sample in itertools.count(step=size)
            for sender in senders
        )
        self._ready: list[bytes] = []

    def prepare(self, count: int) -> None:
        self._ready = list(itertools.islice(self._requests, count))

    def __iter__(self) -> Iterator[bytes]:
        return itertools.chain(self._ready, self._requests)


class Line:
    """A connection, whose next request is due at its time."""

    def __init__(self, port: int, requests: Iterator[bytes], due: float) -> None:
        self.due = due
        self._requests = requests
        self._answer = b""
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fileno, self.close = self._socket.fileno, self._socket.close

    def __lt__(self, other: "Line") -> bool:
        return self.due < other.due

    def send_next(self) -> bool:
        """Send the due request; return False if there are no more."""
        content = next(self._requests, b"")
        self._socket.sendall(content)
        return bool(content)

    def receive(self) -> bool:
        """Read the received data; return True if the answer is complete. RuntimeError unless it is
        a 202.
        """
        self._answer += self._socket.recv(65536) or _hang_up(self._answer)
        head, end, content = self._answer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not end or len(content) < (int(length[1]) if length else 0):
            return False
        if not head.startswith(ANSWERED):
            raise RuntimeError(self._answer.decode())
        self._answer = b""
        return True


def send(
    port: int, batches: list[Batches], *, seconds: float, rate: float = 0, most: int | None = None
) -> Count:
    """Send on one connection for each of `batches`, in parallel; `rate` is their total.

    Without a rate each sends its next batch once the last one is answered. With a rate, the latency
    of a late batch includes its delay. None sends more than `most`.

    One thread does all this: more threads would take time from the service on the same machine.
    """
    start = time.perf_counter() + 0.05
    pause = len(batches) / rate if rate else 0
    dues = (start + pause * n / len(batches) for n in range(len(batches)))
    idle = [
        Line(port, itertools.islice(requests, most), due)
        for requests, due in zip(batches, dues, strict=True)
    ]
    latencies: list[float] = []
    # The selector whose clock is finer than a millisecond.
    with selectors.SelectSelector() as under_way:
        while _send_due(idle, under_way, until=start + seconds):
            for line in _answered(idle, under_way):
                now = time.perf_counter()
                latencies.append((now - line.due) * 1000)
                line.due = line.due + pause if rate else now
                heapq.heappush(idle, line)
    return Count(len(latencies), time.perf_counter() - start, latencies)


def _send_due(idle: list[Line], under_way: selectors.BaseSelector, *, until: float) -> bool:
    """Let each due line of the heap send; return False if none continues.

    A line is closed after its last request.
    """
    while idle and idle[0].due <= time.perf_counter():
        line = heapq.heappop(idle)
        if line.due < until and line.send_next():
            under_way.register(line, selectors.EVENT_READ)
        else:
            line.close()
    return bool(idle or under_way.get_map())


def _answered(idle: list[Line], under_way: selectors.BaseSelector) -> Iterator[Line]:
    """Wait for answers until the next line is due; yield the lines with a complete one."""
    patience = max(0.0, idle[0].due - time.perf_counter()) if idle else None
    for key, _ in under_way.select(patience):
        line = key.fileobj
        if line.receive():
            under_way.unregister(line)
            yield line


def _hang_up(answer: bytes) -> NoReturn:
    raise ConnectionError(f"the server closed the connection after {answer!r}")


def in_parallel(function: Callable[[int], None], count: int) -> None:
    """Call the function with each number in a thread; raise the first error."""
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
