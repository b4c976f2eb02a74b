"""The memory of all processes, at rest and at the top rate, and whether it stays flat."""

import statistics
import time

from tqdm import tqdm

from benchmarks.ingest import Bench
from benchmarks.stage import SERVICE, stage
from benchmarks.table import Row

MEGABYTE = 1_000_000
FLAT = 1.1


def measure(*, seconds: float = 30) -> list[Row]:
    """Return the row: memory in the last third of a run at the top rate, against the second."""
    with stage() as running:
        bench = Bench(running)
        bench.over_http("service", size=30, seconds=1)
        time.sleep(3)
        rest = {name: running.memory(name) for name in SERVICE}
        found = []
        for _ in tqdm(range(max(int(seconds / 3), 6)), desc="memory", unit="run", disable=None):
            bench.over_http("service", size=30, seconds=3)
            found.append({name: running.memory(name) for name in SERVICE})
    totals = [sum(each.values()) for each in found]
    third = len(totals) // 3
    growth = statistics.median(totals[-third:]) / statistics.median(totals[third : 2 * third])
    each = ", ".join(
        f"{name} {rest[name] / MEGABYTE:.0f} → {found[-1][name] / MEGABYTE:.0f} MB"
        for name in SERVICE
    )
    return [
        Row(
            "memory",
            f"memory of all processes at the top rate, last third of {seconds:.0f} s",
            "its second third",
            growth,
            FLAT,
            low=True,
            note=f"at rest {sum(rest.values()) / MEGABYTE:.0f} MB, at the top rate"
            f" {totals[-1] / MEGABYTE:.0f} MB: {each}",
        )
    ]
