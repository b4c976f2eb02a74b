"""Published numbers of other tools, if they are present beside the checkout."""

import csv
import os
from collections import defaultdict
from pathlib import Path

from django.conf import settings

from analytics.studies.trajectory import Position

ORACLES = Path(
    os.environ.get("POINTERSCOPE_ORACLES", settings.BASE_DIR.parent / "shared" / "oracles")
)
PRESENT = (ORACLES / "mousetrap_measures.csv").exists()
ABSENT = f"no reference numbers in {ORACLES.name}/ beside the checkout"

Row = dict[str, str]


def read_rows(name: str) -> list[Row]:
    with (ORACLES / name).open() as file:
        return list(csv.DictReader(file))


def read_by_trial(name: str) -> dict[int, list[Row]]:
    rows = defaultdict(list)
    for row in read_rows(name):
        rows[int(row["trial"])].append(row)
    return rows


def read_trials() -> dict[int, list[Position]]:
    """Return the paths of the trials that mousetrap measured, in s from their first sample."""
    return {
        trial: [
            Position(
                (float(row["time_ms"]) - float(rows[0]["time_ms"])) / 1000,
                float(row["x"]),
                float(row["y"]),
            )
            for row in rows
        ]
        for trial, rows in read_by_trial("trials.csv").items()
    }
