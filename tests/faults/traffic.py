"""Browser instances that send without pause, and record each attempt and its answer."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

import requests

from tests.faults.background import Background
from tests.service import Service

ANSWER_SECONDS = 15
# The service's Retry-After is in seconds; these senders wait less.
RETRY_SECONDS = (0.05, 0.3)
LAST_TRIES_SECONDS = 40

Key = tuple[int, int]
Place = tuple[float, float]


class Attempt(NamedTuple):
    """One attempt to send a batch: its start (monotonic), its duration and its result."""

    at: float
    seconds: float
    # None without an answer: the connection was refused or broke.
    status: int | None
    retry_after: str | None = None
    receipt: dict[str, int] | None = None
    text: str = ""


@dataclass
class Batch:
    """The samples of one body, by key (time in µs, seq), and all attempts to send it."""

    samples: dict[Key, Place]
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        events = [
            {"time": us / 1000, "seq": seq, "x": x, "y": y}
            for (us, seq), (x, y) in self.samples.items()
        ]
        return json.dumps({"events": events}).encode()

    @property
    def acknowledged(self) -> bool:
        return any(attempt.status == 202 for attempt in self.attempts)


class Sender:
    """A browser instance with a jumping pointer, which resends each batch until it is stored."""

    def __init__(self, service: Service, chance: Random) -> None:
        self.service, self.chance, self.count = service, chance, 0
        me = service.log_on()
        self.instance_id, self.write_token = me["instance_id"], me["write_token"]
        self.stream_url = me["stream_url"]
        self.path = f"{service.url}/api/v1/browsers/{self.instance_id}/"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.write_token}"
        self.batches: list[Batch] = []

    @staticmethod
    def now_us() -> int:
        return time.time_ns() // 1000

    def new_batch(self, size: int) -> Batch:
        now_us = self.now_us()
        return self.batch_at(*(now_us - self.chance.randrange(3_000_000) for _ in range(size)))

    def batch_at(self, *times_us: int) -> Batch:
        samples = {}
        for us in times_us:
            # Whole pixels, so that the database's float4 equals the sent value.
            place = float(self.chance.randrange(2000)), float(self.chance.randrange(2000))
            samples[us, self.count] = place
            self.count += 1
        self.batches.append(Batch(samples))
        return self.batches[-1]

    def deliver_at(self, *times_us: int) -> None:
        """Send a batch of samples with these times once; it must be accepted."""
        assert self.attempt(self.batch_at(*times_us)).status == 202

    def attempt(self, batch: Batch, body: bytes | None = None) -> Attempt:
        began = time.monotonic()
        try:
            answer = self.session.post(
                f"{self.path}events/",
                batch.body if body is None else body,
                headers={"Content-Type": "application/json"},
                timeout=ANSWER_SECONDS,
            )
        except requests.RequestException as error:
            attempt = Attempt(began, time.monotonic() - began, None, text=repr(error))
        else:
            attempt = Attempt(
                began,
                time.monotonic() - began,
                answer.status_code,
                answer.headers.get("Retry-After"),
                answer.json() if answer.status_code == 202 else None,
                answer.text,
            )
        batch.attempts.append(attempt)
        return attempt

    def deliver(self, batch: Batch, until: threading.Event) -> None:
        """Send the same bytes until they are acknowledged or refused for good."""
        body, last = batch.body, None
        while True:
            status = self.attempt(batch, body).status
            if status and status < 500 and status not in (408, 429):
                return
            if until.is_set():
                last = last or time.monotonic() + LAST_TRIES_SECONDS
                if time.monotonic() > last:
                    return
            time.sleep(self.chance.uniform(*RETRY_SECONDS))


class Traffic(Background):
    """Senders in threads during the block; at its end each finishes its batch."""

    def __init__(
        self,
        service: Service,
        seed: int,
        *,
        senders: int = 4,
        size: int = 10,
        pause: float = 0.02,
        kind: type[Sender] = Sender,
    ) -> None:
        self.service, self.size, self.pause = service, size, pause
        self.senders = [kind(service, Random(seed * 1000 + n)) for n in range(senders)]
        super().__init__(self._send, self.senders)

    def _send(self, sender: Sender) -> None:
        while not self.stopping.is_set():
            sender.deliver(sender.new_batch(self.size), self.stopping)
            time.sleep(self.pause)

    def batches(self) -> Iterator[Batch]:
        return (batch for sender in self.senders for batch in list(sender.batches))

    def attempts(self, since: float = 0.0, until: float = float("inf")) -> list[Attempt]:
        """Return all attempts that began in this interval (monotonic), in order."""
        attempts = (attempt for batch in self.batches() for attempt in list(batch.attempts))
        return sorted(attempt for attempt in attempts if since <= attempt.at < until)

    def wait_for_more(self, batches: int, seconds: float = 30) -> None:
        """Wait until `batches` more batches are acknowledged."""
        deadline = time.monotonic() + seconds
        wanted = self.acknowledged() + batches
        while self.acknowledged() < wanted:
            assert time.monotonic() < deadline, f"no {batches} batches within {seconds} s"
            time.sleep(0.05)

    def acknowledged(self) -> int:
        return sum(batch.acknowledged for batch in self.batches())


def p99(attempts: list[Attempt]) -> float:
    """Return the 99th percentile of the attempts' seconds."""
    seconds = sorted(attempt.seconds for attempt in attempts)
    return seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]
