"""How cost grows: events/s by batch size, web processes, browsers, senders; latency by load."""

import statistics
from typing import Any, NamedTuple

from tqdm import tqdm

from benchmarks.ingest import CLIENTS, Bench
from benchmarks.latency import beside_load, p95
from benchmarks.machine import CORES
from benchmarks.stage import SERVICE, Stage, spent, stage

SIZES = (1, 5, 15, 30, 100, 300, 1000)
WORKERS = (1, 2, 4)
BROWSERS = (1, 10, 100, 1000)
SENDERS = (1, 8, 32, 128)
LOADS = (0.1, 0.25, 0.5, 0.75, 0.9)
# A quarter second of a moving hand, as browsers sample it.
HZ, BATCHES_PER_SECOND = 60, 4


class Capacity(NamedTuple):
    """Pointers that can move at 60 Hz at once, and each process's share of the CPU time."""

    pointers_per_core: float
    shares: dict[str, float]


def measure(*, seconds: float = 1.5) -> dict[str, Any]:
    """Return the curves by name, each [x, y] or {name: [x, y]}, and the capacity."""
    with stage() as running, tqdm(total=6, desc="curves", unit="curve", disable=None) as bar:
        bench = Bench(running)
        bench.over_http("service", size=30, seconds=seconds)
        curves: dict[str, Any] = {}
        for name, curve in (
            ("batch size", lambda: [[n, _events(bench, n, seconds)] for n in SIZES]),
            ("workers", lambda: _by_workers(running, bench, seconds)),
            ("browsers", lambda: _by_browsers(running, seconds)),
            ("senders", lambda: [[n, _events(bench, 30, seconds, clients=n)] for n in SENDERS]),
            ("load", lambda: _by_load(bench, seconds)),
            ("capacity", lambda: _capacity(bench, seconds)._asdict()),
        ):
            curves[name] = curve()
            bar.update()
    return curves


def _events(bench: Bench, size: int, seconds: float, clients: int = CLIENTS) -> float:
    """Return the better of two runs, because other load can only make a run slower."""
    runs = [
        bench.over_http("service", size=size, seconds=seconds, clients=clients)[0] for _ in range(2)
    ]
    return max(run.events_per_second for run in runs)


def _by_workers(running: Stage, bench: Bench, seconds: float) -> list[list[float]]:
    found = []
    for workers in WORKERS:
        _restart_web(running, WEB_WORKERS=str(workers))
        found.append([workers, _events(bench, 30, seconds)])
    _restart_web(running)
    return found


def _restart_web(running: Stage, **settings: str) -> None:
    running.stop("web")
    running.special["web"] = settings
    running.start("web")


def _by_browsers(running: Stage, seconds: float) -> list[list[float]]:
    return [[n, _events(Bench(running, browsers=n), 30, seconds)] for n in BROWSERS]


def _by_load(bench: Bench, seconds: float) -> dict[str, list[list[float]]]:
    """Return the milliseconds by the share of the top rate."""
    top = bench.over_http("service", size=30, seconds=seconds)[1].per_second
    post, stream = [], []
    for load in LOADS:
        _, count = bench.over_http("service", size=30, seconds=seconds, rate=top * load)
        post.append([load, count.p95])
        stream.append([load, p95(beside_load(bench, rate=top * load, batches=30))])
    return {"POST answered": post, "message at the stream's client": stream}


def _capacity(bench: Bench, seconds: float) -> Capacity:
    size = HZ // BATCHES_PER_SECOND
    names = (*SERVICE, "database")
    before = {name: bench.running.cpu(name) for name in names}
    runs = [bench.over_http("service", size=size, seconds=seconds)[0] for _ in range(3)]
    used = {name: spent(before[name], bench.running.cpu(name)) for name in names}
    pointers = statistics.median(run.events_per_second for run in runs) / HZ
    shares = {name: seconds / sum(used.values()) for name, seconds in used.items()}
    return Capacity(pointers / CORES, shares)
