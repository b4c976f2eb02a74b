"""The short version for every test run: CPU times and bytes, which other load affects least."""

import json
from collections import defaultdict
from pathlib import Path

from benchmarks import storage
from benchmarks.ingest import Bench, Run
from benchmarks.stage import stage
from benchmarks.table import Row, has_fallen

# Batches of each of two clients: enough that the kernel's 10 ms resolution matters little.
BATCHES = {
    ("service", 30): 200,
    ("rows", 30): 25,
    ("empty", 30): 500,
    ("service", 100): 150,
    ("rows", 100): 10,
}
EXPECTED = Path(__file__).parent / "expected.json"


def measure_short(*, rounds: int = 3) -> list[Row]:
    """Return ratios of the least CPU time of service and database per batch."""
    with stage(reference=True) as running:
        bench = Bench(running, browsers=10)
        runs: dict[tuple[str, int], list[Run]] = defaultdict(list)
        for _ in range(rounds):
            for (kind, size), most in BATCHES.items():
                run, _ = bench.over_http(kind, size=size, seconds=60, clients=2, most=most)
                runs[kind, size].append(run)
    cpu = {way: min(run.cpu for run in of_way) for way, of_way in runs.items()}
    web = {way: min(run.web_cpu for run in of_way) for way, of_way in runs.items()}
    plain = "row-by-row ORM inserts behind a plain DRF view"
    return [
        Row("cpu 30", "CPU time of a batch of 30", plain, cpu["rows", 30] / cpu["service", 30], 4),
        Row("cpu 100", "of 100", plain, cpu["rows", 100] / cpu["service", 100], 10),
        Row(
            "web cpu",
            "CPU time of web for a batch of 30",
            "an empty Django view's",
            web["service", 30] / web["empty", 30],
            5,
            low=True,
        ),
        *storage.measure(browsers=10, batches=100, size=30),
    ]


def fallen(rows: list[Row]) -> list[str]:
    """Describe each ratio that is worse than the stored one by a third."""
    expected = json.loads(EXPECTED.read_text())
    return [
        f"{row.what}: {row.measured}, was {expected[row.key]} {row.unit}"
        for row in rows
        if has_fallen(row, expected[row.key])
    ]
