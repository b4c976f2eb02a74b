"""Recordings of pointers: CSV files of any origin, read into samples."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from core.times import parse_time, to_epoch_us

# What a recording's columns may be called where nobody says so; the first that exists is taken.
KNOWN_NAMES: Mapping[str, Sequence[str]] = {
    "time": ("time", "client timestamp", "timestamp", "t"),
    "x": ("x", "pageX", "clientX"),
    "y": ("y", "pageY", "clientY"),
    "seq": ("seq",),
    "enter": ("enter",),
}
OPTIONAL = {"seq", "enter"}
UNITS_US = {"s": 1_000_000, "ms": 1_000}
TRUE, FALSE = {"true", "t", "1", "yes"}, {"false", "f", "0", "no", ""}


class RecordedSample(NamedTuple):
    """One row: microseconds since any origin, position in px, and the rest of its identity."""

    time_us: int
    x: float
    y: float
    seq: int
    enter: bool


class RecordingError(ValueError):
    """A recording cannot be read; the text says where and why."""


def read_recording(
    path: Path, *, columns: Mapping[str, str] | None = None, unit: str = "s"
) -> list[RecordedSample]:
    """Read a CSV file with a header, ordered by (time, seq).

    `columns` maps `time x y seq enter` to the file's names where KNOWN_NAMES do not fit; without
    `seq` it is the row's number, from 0. A time is a number in `unit` (`s` or `ms`) since any
    origin, or RFC 3339. RecordingError where the file, a column or a value is not as it should be.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = _find_columns(path, reader.fieldnames or [], columns or {})
            rows = [
                _to_sample(path, reader.line_num, i, row, names, unit)
                for i, row in enumerate(reader)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path}: {error}") from None
    if not rows:
        raise RecordingError(f"{path}: holds no samples")
    return sorted(rows, key=lambda row: (row.time_us, row.seq))


def _find_columns(path: Path, header: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for field, known in KNOWN_NAMES.items():
        wanted = [columns[field]] if field in columns else known
        name = next((name for name in wanted if name in header), None)
        if name:
            found[field] = name
        elif field not in OPTIONAL or field in columns:
            raise RecordingError(
                f"{path}: no column for {field} ({' or '.join(wanted)});"
                f" the file has: {', '.join(header)}. --columns {field}=NAME maps it"
            )
    return found


def _to_sample(
    path: Path, line: int, i: int, row: dict[str, str], names: dict[str, str], unit: str
) -> RecordedSample:
    cells = {field: (row[name] or "").strip() for field, name in names.items()}
    try:
        return RecordedSample(
            time_us=_to_us(cells["time"], unit),
            x=_to_px(cells["x"]),
            y=_to_px(cells["y"]),
            seq=int(cells["seq"]) if "seq" in cells else i,
            enter=_to_bool(cells.get("enter", "")),
        )
    except (ValueError, OverflowError) as error:
        raise RecordingError(f"{path}, line {line}: {error}") from None


def _to_us(text: str, unit: str) -> int:
    try:
        return round(float(text) * UNITS_US[unit])
    except ValueError:
        return to_epoch_us(parse_time(text))


def _to_px(text: str) -> float:
    if not math.isfinite(px := float(text)):
        raise ValueError(f"{text!r} is no position")
    return px


def _to_bool(text: str) -> bool:
    if text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    raise ValueError(f"{text!r} is neither true nor false")
