"""Writes docs/performance.md from var/bench.json."""

from pathlib import Path
from typing import Any

from benchmarks.charts import draw
from benchmarks.table import Row, to_markdown
from tests.service import ROOT

PAGE = ROOT / "docs" / "performance.md"
TEMPLATE = ROOT / "benchmarks" / "page.md"
PICTURES = ROOT / "docs" / "performance"
SECONDS_A_DAY = 86_400
ADVICE = (
    ("1×", 1, "nothing: this machine"),
    ("10×", 10, "web processes, on machines of their own; then a database with fast commits"),
    (
        "100×",
        100,
        "many machines for web and workers, a longer `FLUSH_INTERVAL_MS`, a read replica",
    ),
    ("1,000×", 1000, "several databases, browsers divided among them"),
)


def write(found: dict[str, Any]) -> Path:
    """Write the page and its pictures; return the page's path."""
    rows = [Row(**row) for row in found["rows"].values()]
    curves = found["curves"]
    draw(curves, PICTURES)
    capacity = curves["capacity"]
    event_bytes = next(row.ratio for row in rows if row.key == "bytes an event")
    cores = found["cores"]
    PAGE.write_text(
        TEMPLATE.read_text().format(
            table=to_markdown(rows),
            notes=_notes(rows),
            machine="\n".join(f"- {name}: {value}" for name, value in found["machine"].items()),
            batches=4,
            size=15,
            pointers=capacity["pointers_per_core"],
            shares=_shares(capacity["shares"]),
            capacity=_capacity(capacity["pointers_per_core"] * cores, event_bytes),
            bytes=event_bytes,
            gigabytes=60 * SECONDS_A_DAY * event_bytes / 1e9,
        )
    )
    return PAGE


def _notes(rows: list[Row]) -> str:
    notes = dict.fromkeys(f"- {row.what}: {row.note}." for row in rows if row.note)
    return "\n" + "\n".join(notes) + "\n"


def _shares(shares: dict[str, float]) -> str:
    largest = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} takes {share:.0%}" for name, share in largest if share >= 0.01)


def _capacity(pointers: float, event_bytes: float) -> str:
    lines = []
    for name, factor, advice in ADVICE:
        events = pointers * factor * 60
        gigabytes = events * SECONDS_A_DAY * event_bytes / 1e9
        lines.append(
            f"| {name} | {pointers * factor:,.0f} | {events:,.0f} | {gigabytes:,.0f} | {advice} |"
        )
    return "\n".join(lines) + "\n"
