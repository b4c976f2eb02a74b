"""Recordings of pointers: files of any origin, our own exports too, read into samples."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from analytics.recording_files import Row, UnreadableError, read_header, read_rows
from core.times import parse_time, to_epoch_us

# What a recording's columns may be called where nobody says so; the first that exists is taken.
KNOWN_NAMES: Mapping[str, Sequence[str]] = {
    "time": ("time", "client timestamp", "timestamp", "t"),
    "x": ("x", "pageX", "clientX"),
    "y": ("y", "pageY", "clientY"),
    "seq": ("seq",),
    "enter": ("enter",),
    "instance": ("instance_id",),
}
OPTIONAL = {"seq", "enter", "instance"}
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


def read_recordings(
    path: Path, *, columns: Mapping[str, str] | None = None, unit: str = "s"
) -> dict[str, list[RecordedSample]]:
    """Read a file of CSV, NDJSON or Parquet: its samples, ordered by (time, seq), by instance.

    `columns` maps `time x y seq enter instance` to the file's names where KNOWN_NAMES do not fit.
    Without `seq` it is the row's number, from 0; without `instance` all are one, whose name is
    empty. A time is RFC 3339, a timestamp, or a number in `unit` (`s` or `ms`) since any origin.
    RecordingError where the file, a column or a value is not as it should be.
    """
    recordings: dict[str, list[RecordedSample]] = {}
    try:
        header, rows = read_header(read_rows(path))
        names = _find_columns(header, columns or {}) if header else {}
        for i, row in enumerate(rows):
            cells = {field: row.cells.get(name) for field, name in names.items()}
            recording = recordings.setdefault(str(cells["instance"] or ""), [])
            recording.append(_to_sample(row, cells, i, unit))
    except (UnreadableError, RecordingError) as error:
        raise RecordingError(f"{path}: {error}") from None
    if not recordings:
        raise RecordingError(f"{path}: holds no samples")
    for recording in recordings.values():
        recording.sort(key=lambda sample: (sample.time_us, sample.seq))
    return recordings


def _find_columns(header: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for field, known in KNOWN_NAMES.items():
        wanted = [columns[field]] if field in columns else known
        name = next((name for name in wanted if name in header), None)
        if name:
            found[field] = name
        elif field in OPTIONAL and field not in columns:
            # The first object of NDJSON need not have what a later one has.
            found[field] = known[0]
        else:
            raise RecordingError(
                f"no column for {field} ({' or '.join(wanted)});"
                f" the file has: {', '.join(header)}. --columns {field}=NAME maps it"
            )
    return found


def _to_sample(row: Row, cells: Mapping[str, Any], i: int, unit: str) -> RecordedSample:
    try:
        return RecordedSample(
            time_us=_to_us(cells["time"], unit),
            x=_to_px(cells["x"]),
            y=_to_px(cells["y"]),
            seq=i if cells["seq"] is None else int(cells["seq"]),
            enter=_to_bool(cells["enter"]),
        )
    except (ValueError, OverflowError) as error:
        raise RecordingError(f"{row.place}: {error}") from None
    except TypeError:
        raise RecordingError(f"{row.place}: is no sample: {dict(row.cells)}") from None


def _to_us(value: Any, unit: str) -> int:
    if isinstance(value, datetime):
        return to_epoch_us(value if value.tzinfo else value.replace(tzinfo=UTC))
    try:
        number = float(value)
    except ValueError:
        return to_epoch_us(_to_time(value))
    return round(number * UNITS_US[unit])


def _to_time(text: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as error:
        raise ValueError(f"{error}, unlike {text!r}") from None


def _to_px(value: Any) -> float:
    if not math.isfinite(px := float(value)):
        raise ValueError(f"{value!r} is no position")
    return px


def _to_bool(value: Any) -> bool:
    text = str("" if value is None else value).strip().lower()
    if text in TRUE | FALSE:
        return text in TRUE
    raise ValueError(f"{value!r} is neither true nor false")
