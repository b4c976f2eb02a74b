"""Ingest: over HTTP with the worker running, against the plain reference and the bare statement."""

import itertools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import psycopg2
from tqdm import tqdm

from analytics.ingest.batch import decode_batch, to_samples
from analytics.ingest.store import STORE, Sent, to_parameters
from benchmarks import without_scenes
from benchmarks.load import Batches, Count, Sender, body, in_parallel, log_on, send
from benchmarks.machine import CORES
from benchmarks.stage import Stage, spent, stage
from benchmarks.table import Row
from dashboard.instances.tokens import WriteToken

CLIENTS = 8
PATH = "/api/v1/browsers/{}/events/"
# Each run has its own browsers, so that all samples are new, and as fresh as a tracker's.
BROWSERS, AGE_SECONDS, LATE_SECONDS = 200, 60, 7 * 86400
# Beat and live do the same work at any load.
WORKING = ("web", "worker", "redis")
REFERENCE = {"rows": "/rows/{}/", "transaction": "/transaction/{}/", "empty": "/empty/{}/"}


class Run(NamedTuple):
    """The result of some seconds of sending; CPU seconds are of the servers, per batch."""

    events_per_second: float
    cpu: float
    web_cpu: float


class Bench:
    """A running service and reference, with this number of browsers in each run.

    Their first samples are of `age_seconds` ago.
    """

    def __init__(
        self, running: Stage, *, browsers: int = BROWSERS, age_seconds: float = AGE_SECONDS
    ) -> None:
        self.running, self.browsers, self.age_seconds = running, browsers, age_seconds

    def over_http(
        self,
        kind: str,
        *,
        size: int,
        seconds: float,
        clients: int = CLIENTS,
        rate: float = 0,
        most: int | None = None,
        scenes: int = 0,
    ) -> tuple[Run, Count]:
        """Send to the service, or to one of the reference's views by its name; see `send`."""
        ours = kind == "service"
        port = self.running.port if ours else self.running.reference_port
        path = PATH if ours else REFERENCE[kind]
        batches, senders = [], self._log_on()
        clients = min(clients, len(senders))
        for number in range(clients):
            share = senders[number::clients]
            batches.append(Batches(share, path=path, size=size, scenes=scenes))
            batches[-1].prepare(most or int(seconds * 4000 / clients))
        servers = ("database", *(WORKING if ours else ["reference"]))
        web = "web" if ours else "reference"
        before, web_before = self.running.cpu(*servers), self.running.cpu(web)
        count = send(port, batches, seconds=seconds, rate=rate, most=most)
        web_cpu = spent(web_before, self.running.cpu(web)) / count.batches
        self.running.wait_for_the_drain()
        cpu = spent(before, self.running.cpu(*servers)) / count.batches
        return Run(count.per_second * size, cpu, web_cpu), count

    def by_statement(self, *, size: int, seconds: float, connections: int) -> Run:
        """Run the bare store statement in a loop on each connection; CPU is the clients'."""
        senders, done, cpu = self._log_on(), [0] * connections, [0.0] * connections
        ready = [
            list(itertools.islice(_endless(senders[number::connections], size), 4000))
            for number in range(connections)
        ]
        start = time.perf_counter()

        def run(number: int) -> None:
            session = psycopg2.connect(self.running.database_url)
            session.autocommit = True
            with session.cursor() as cursor:
                began = time.thread_time()
                for parameters in ready[number]:
                    if time.perf_counter() - start > seconds:
                        break
                    cursor.execute(STORE, parameters)
                    cursor.fetchone()
                    done[number] += 1
                cpu[number] = time.thread_time() - began
            session.close()

        in_parallel(run, connections)
        took = time.perf_counter() - start
        self.running.wait_for_the_drain()
        return Run(sum(done) * size / took, sum(cpu) / sum(done), 0.0)

    def _log_on(self) -> list[Sender]:
        return log_on(self.running, self.browsers, age_seconds=self.age_seconds)


def measure(*, rounds: int = 5, seconds: float = 2) -> list[Row]:
    """Return the rows of ingest: the median of the rounds' ratios, all measured in each round."""
    with stage(reference=True) as running:
        bench = Bench(running)
        ways: dict[str, Callable[[], Run]] = {
            f"{kind} {size}": lambda kind=kind, size=size: bench.over_http(
                kind, size=size, seconds=seconds
            )[0]
            for size in (30, 100)
            for kind in ("service", "rows", "transaction")
        }
        ways["scenes 30"] = lambda: bench.over_http("service", size=30, seconds=seconds, scenes=1)[
            0
        ]
        late = Bench(running, age_seconds=LATE_SECONDS)
        ways["late 30"] = lambda: late.over_http("service", size=30, seconds=seconds)[0]
        ways["statement 100"] = lambda: bench.by_statement(
            size=100, seconds=seconds, connections=CORES
        )
        runs = take_turns(ways, rounds, "ingest")
        return [*_rows(runs), without_scenes.measure(), _web_cpu(bench, rounds + 2)]


def take_turns(ways: dict[str, Callable[[], Run]], rounds: int, name: str) -> dict[str, list[Run]]:
    """Run all ways in turn for `rounds` rounds, after one round of warm-up."""
    runs = defaultdict(list)
    for number in tqdm(range(rounds + 1), desc=name, unit="round", disable=None):
        for way, work in ways.items():
            run = work()
            if number:
                runs[way].append(run)
    return runs


def _rows(runs: dict[str, list[Run]]) -> list[Row]:
    def ratio(ours: str, other: str) -> float:
        pairs = zip(runs[ours], runs[other], strict=True)
        return statistics.median(a.events_per_second / b.events_per_second for a, b in pairs)

    return [
        Row(
            f"ingest {size} {kind}",
            f"ingest over HTTP, events/s, {CLIENTS} clients, {size} events a batch",
            f"row-by-row ORM inserts behind a plain DRF view, {words}",
            ratio(f"service {size}", f"{kind} {size}"),
            goal,
        )
        for kind, words in (("rows", "each committed"), ("transaction", "one transaction a batch"))
        for size, goal in ((30, 20.0), (100, 35.0))
    ] + [
        Row(
            "ingest statement",
            f"ingest over HTTP, events/s, {CLIENTS} clients, 100 events a batch",
            "the bare store statement in a loop, one connection per core",
            ratio("service 100", "statement 100"),
            0.6,
        ),
        Row(
            "ingest late",
            f"ingest over HTTP, events/s, {CLIENTS} clients, 30 late events a batch, a week old",
            "of this minute",
            ratio("late 30", "service 30"),
            0.7,
        ),
        Row(
            "ingest scenes",
            f"ingest over HTTP, events/s, {CLIENTS} clients, 30 events and a scene a batch",
            "without the scene",
            ratio("scenes 30", "service 30"),
            0.8,
        ),
    ]


def _web_cpu(bench: Bench, rounds: int) -> Row:
    """Return the row of the least CPU time, because other load can only add to it."""
    least = web_cpu(bench, rounds)
    return Row(
        "web cpu",
        "CPU time of web for a batch of 30",
        "an empty Django view's on the same server + the bare statement's in its client",
        least["service"] / (least["empty"] + least["statement"]),
        2.5,
        low=True,
    )


def web_cpu(bench: Bench, rounds: int) -> dict[str, float]:
    """Return the CPU seconds of a batch of 30 in web, an empty view and the bare statement."""
    least: dict[str, float] = {}
    for _ in range(rounds):
        found = {
            kind: bench.over_http(kind, size=30, seconds=60, most=75)[0].web_cpu
            for kind in ("service", "empty")
        }
        found["statement"] = bench.by_statement(size=30, seconds=1, connections=CORES).cpu
        least = {kind: min(cpu, least.get(kind, cpu)) for kind, cpu in found.items()}
    return least


def _endless(senders: list[Sender], size: int) -> Iterator[dict]:
    for sample in itertools.count(step=size):
        for sender in senders:
            yield _parameters(sender, sample, size)


def _parameters(sender: Sender, first: int, size: int) -> dict:
    samples = to_samples(decode_batch(body(sender, first, size)), now=datetime.now(UTC))
    token = WriteToken(UUID(sender.instance_id), version=1)
    return to_parameters([Sent(token, samples, "")], wait=True)
