"""Pictures of the curves, for docs/performance.md."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot

FOLDER = Path("docs/performance")
INK = "#1f5fbf"
OTHER = "#c0541a"
THROUGHPUT = {
    "batch size": ("events a batch", "log"),
    "workers": ("web processes", "linear"),
    "browsers": ("browser instances", "log"),
    "senders": ("senders at once", "log"),
}


def draw(curves: dict[str, Any], folder: Path) -> list[str]:
    """Write a picture for each curve; return their file names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (label, scale) in THROUGHPUT.items():
        _draw_throughput(curves[name], label, scale, folder / _file(name))
    _draw_latency(curves["load"], folder / _file("load"))
    return [_file(name) for name in (*THROUGHPUT, "load")]


def _draw_throughput(points: list[list[float]], label: str, scale: str, file: Path) -> None:
    figure, axes = _axes(label, "events/s")
    axes.plot(*zip(*points, strict=True), marker="o", color=INK)
    axes.set_xscale(scale)
    axes.set_xticks([x for x, _ in points], [f"{x:,}" for x, _ in points])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    _save(figure, file)


def _draw_latency(lines: dict[str, list[list[float]]], file: Path) -> None:
    figure, axes = _axes("load, % of the top rate", "95th percentile, ms")
    for (name, points), colour in zip(lines.items(), (INK, OTHER), strict=True):
        loads, values = zip(*points, strict=True)
        axes.plot([load * 100 for load in loads], values, marker="o", color=colour, label=name)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    _save(figure, file)


def _axes(x: str, y: str) -> tuple[Any, Any]:
    figure, axes = pyplot.subplots(figsize=(6, 3.4), layout="constrained")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Any, file: Path) -> None:
    # Without a date, so that an equal curve gives an equal file.
    figure.savefig(file, dpi=130, metadata={"Software": None})
    pyplot.close(figure)


def _file(name: str) -> str:
    return f"{name.replace(' ', '-')}.png"
