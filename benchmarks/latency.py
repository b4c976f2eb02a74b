"""The time from the answer to a batch to a stream's message, at light load and at half load.

One pointer sends ten batches a second, as a hand does, and one client reads its stream. The clock
starts when the 202 has been read, so it measures the hint, the drain, the publishing and `live`.
"""

import statistics
import threading
import time

from tqdm import tqdm

from benchmarks.ingest import Bench
from benchmarks.stage import Stage, stage
from benchmarks.table import Row
from tests.pointer import Pointer
from tests.watching import Watcher

SAMPLES_PER_BATCH = 8
LIGHT_MS = 50
MOST_TIMES = 10


def measure(*, rounds: int = 3, batches: int = 60, seconds: float = 2) -> list[Row]:
    """Return the rows of the stream's latency, each ratio the median of the rounds'.

    If the machine slows down within a round, half of the earlier rate is more than half.
    """
    with stage() as running:
        bench = Bench(running)
        stream_latencies(running, 20)  # Opens connections and loads code.
        bench.over_http("service", size=30, seconds=1)
        every = [
            _at_both_loads(bench, batches, seconds)
            for _ in tqdm(range(rounds), desc="latency", unit="round", disable=None)
        ]
    light = statistics.median(light for light, _ in every)
    half = statistics.median(half / light for light, half in every) * light
    note = f"95th percentile {light:.0f} ms at light load, {half:.0f} ms at half of the top rate"
    what = "POST answered → message at the stream's client, 95th percentile"
    return [
        Row(
            "stream light",
            f"{what}, light load",
            f"{LIGHT_MS} ms",
            light / LIGHT_MS,
            1.0,
            low=True,
            note=note,
        ),
        Row(
            "stream half load",
            f"{what}, 50 % of the top rate",
            "itself at light load",
            half / light,
            float(MOST_TIMES),
            low=True,
            note=note,
        ),
    ]


def _at_both_loads(bench: Bench, batches: int, seconds: float) -> tuple[float, float]:
    light = p95(stream_latencies(bench.running, batches))
    top = bench.over_http("service", size=30, seconds=seconds)[1].per_second
    half = p95(beside_load(bench, rate=top / 2, batches=batches))
    return light, half


def beside_load(bench: Bench, *, rate: float, batches: int) -> list[float]:
    """Return the stream's latencies (ms) while other pointers send `rate` batches a second."""
    seconds = batches * 0.15 + 3
    load = threading.Thread(
        target=bench.over_http,
        args=["service"],
        kwargs={"size": 30, "seconds": seconds, "rate": rate},
        daemon=True,
    )
    load.start()
    time.sleep(2)
    latencies = stream_latencies(bench.running, batches)
    load.join()
    return latencies


def stream_latencies(running: Stage, batches: int) -> list[float]:
    """Return the milliseconds of each batch, in order."""
    pointer = Pointer(running)
    watcher = Watcher(pointer.stream_url)
    watcher.next("snapshot")
    latencies = []
    for n in range(batches):
        pointer.send(*range(n * SAMPLES_PER_BATCH, (n + 1) * SAMPLES_PER_BATCH))
        answered = time.monotonic()
        came = watcher.until_events((n + 1) * SAMPLES_PER_BATCH)
        latencies.append((came.at - answered) * 1000)
        time.sleep(0.1)
    watcher.close()
    return latencies


def p95(latencies: list[float]) -> float:
    return statistics.quantiles(latencies, n=20)[-1]
