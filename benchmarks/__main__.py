"""Measure, print the table of ratios, and write docs/performance.md."""

import argparse
import json
import logging
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import (
    chart,
    curves,
    drain,
    heat,
    ingest,
    instances,
    large,
    latency,
    memory,
    places,
    report,
    storage,
    studies,
    tracker,
)
from benchmarks.machine import CORES, describe
from benchmarks.short import EXPECTED, fallen, measure_short
from benchmarks.table import Row, to_text
from tests.service import ROOT

FOUND = ROOT / "var" / "bench.json"
Measure = Callable[[], list[Row]]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        help=f"a selection of {', '.join(MEASURES)}, curves",
    )
    parser.add_argument(
        "--large", action="store_true", help="the rows with 100 million events instead"
    )
    parser.add_argument(
        "--rows", type=int, default=100_000_000, help="the number of rows, with --large"
    )
    parser.add_argument("--minutes", type=float, default=0.5, help="how long to watch memory")
    parser.add_argument("--short", action="store_true", help="the ratios that the tests compare")
    parser.add_argument(
        "--expect", action="store_true", help="with --short: store them as expected"
    )
    asked = parser.parse_args()
    if unknown := set(asked.only or []) - {*MEASURES, "curves"}:
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    return asked


def _drain() -> list[Row]:
    figures = drain.measure(rows=500_000)
    return [
        Row(
            "drain",
            "drain of a large backlog, samples/s",
            "the bare rollup SQL over the same rows",
            figures.ratio,
            drain.TO_REACH,
        )
    ]


MEASURES: dict[str, Callable[..., list[Row]]] = {
    "ingest": ingest.measure,
    "drain": _drain,
    "heat": heat.measure,
    "latency": latency.measure,
    "chart": chart.measure,
    "instances": instances.measure_rows,
    "places": places.measure_rows,
    "storage": storage.measure,
    "studies": studies.measure,
    "tracker": tracker.measure,
    "memory": memory.measure,
}


def main() -> int:
    asked = parse()
    logging.disable(logging.INFO)  # Each drain logs a line.
    if asked.short:
        return _short(asked.expect)
    found = _found()
    found["machine"], found["cores"] = describe(), CORES
    for name, measure in _wanted(asked).items():
        print(f"\n{name} …", flush=True)
        for row in measure():
            found["rows"][row.key] = row._asdict()
        _keep(found)
    if not asked.large and (not asked.only or "curves" in asked.only):
        found["curves"] = curves.measure()
        _keep(found)
    print("\n" + to_text(Row(**row) for row in found["rows"].values()))
    if "curves" in found and "bytes an event" in found["rows"]:
        print(f"\nwritten: {report.write(found).relative_to(ROOT)}")
    return 0


def _wanted(asked: argparse.Namespace) -> dict[str, Measure]:
    if asked.large:
        return {"large": lambda: large.measure(rows=asked.rows)}
    measures = {name: one for name, one in MEASURES.items() if name in (asked.only or MEASURES)}
    if "memory" in measures:
        measures["memory"] = lambda: memory.measure(seconds=asked.minutes * 60)
    return measures


def _short(expect: bool) -> int:
    rows = measure_short()
    print(to_text(rows))
    if expect:
        EXPECTED.write_text(
            json.dumps({row.key: float(f"{row.ratio:.3g}") for row in rows}, indent=2) + "\n"
        )
        return 0
    worse = fallen(rows)
    for line in worse:
        print(line)
    return 1 if worse else 0


def _found() -> dict[str, Any]:
    """Return the figures of earlier runs, to which this run adds."""
    return json.loads(FOUND.read_text()) if FOUND.exists() else {"rows": {}}


def _keep(found: dict[str, Any]) -> None:
    FOUND.parent.mkdir(exist_ok=True)
    FOUND.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
