"""The table of ratios: the measure, its reference, the goal and the verdict."""

from collections.abc import Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """One ratio, measured side by side in one run. `low` means that less is better."""

    key: str
    what: str
    against: str
    ratio: float
    to_reach: float
    unit: str = "×"
    low: bool = False
    note: str = ""

    @property
    def is_reached(self) -> bool:
        return self.ratio <= self.to_reach if self.low else self.ratio >= self.to_reach

    @property
    def goal(self) -> str:
        return f"{'≤' if self.low else '≥'} {_show(self.to_reach)} {self.unit}"

    @property
    def measured(self) -> str:
        return f"{_show(self.ratio)} {self.unit}"

    @property
    def verdict(self) -> str:
        return "reached" if self.is_reached else "**not reached**"


def to_markdown(rows: Iterable[Row]) -> str:
    lines = ["| what | measured against | to reach | measured | |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.what} | {row.against} | {row.goal} | {row.measured} | {row.verdict} |"
        for row in rows
    ]
    return "\n".join(lines)


def to_text(rows: Iterable[Row]) -> str:
    """Return the table for a terminal."""
    cells = [
        ("what", "to reach", "measured", ""),
        *((row.what, row.goal, row.measured, row.verdict.strip("*")) for row in rows),
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def has_fallen(row: Row, expected: float) -> bool:
    """Return whether a ratio is worse than the stored one by a third."""
    return row.ratio > expected * 1.5 if row.low else row.ratio < expected / 1.5


def _show(number: float) -> str:
    return f"{number:.0f}" if number >= 50 else f"{number:.3g}"
