"""Reads exported scenes, marks and labels, which are sent beside recorded samples.

Samples may have the columns of their scenes (`?with=scene`); each change of them is a scene.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.values.times import parse_time, to_epoch_us

PARQUET = b"PAR1"
PAIRS = {
    "viewport": ("viewport_width", "viewport_height"),
    "document": ("document_width", "document_height"),
    "scroll": ("scroll_x", "scroll_y"),
}

SCENE = {name for pair in PAIRS.values() for name in pair} | {"pixel_ratio", "pointer", "page"}


@dataclass
class Beside:
    """What is sent beside an instance's samples, in the API's form, but with `us` for the time.

    `us` are epoch microseconds.
    """

    scenes: list[dict[str, Any]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)
    label: str = ""


def read_exported(paths: Iterable[Path]) -> dict[str, Beside]:
    """Return what files of `export scenes`, `marks` and `instances` say, by the instance's id.

    ValueError, with the file and the row, if a file is none of these or is not whole.
    """
    found: dict[str, Beside] = defaultdict(Beside)
    for path in paths:
        number = 0
        try:
            for row in _read_rows(path):
                number += 1
                _add(found[_instance_of(row)], row)
        except KeyError as error:
            raise ValueError(f"{path}, row {number}: has no {error}") from None
        except (ValueError, TypeError, AttributeError, pa.ArrowException) as error:
            raise ValueError(f"{path}, row {number}: {error}") from None
        except OSError as error:
            raise ValueError(f"{path}: {error.strerror}") from None
    for beside in found.values():
        beside.scenes.sort(key=_key)
        beside.marks.sort(key=_key)
    return dict(found)


def has_scenes(path: Path) -> bool:
    """Return whether a file that can be read is one of samples with the columns of scenes."""
    try:
        names = set(next(iter(_read_rows(path)), ()))
    except (OSError, ValueError, TypeError, csv.Error, pa.ArrowException):
        return False
    return names >= SCENE | {"time", "seq", "x", "y"}


def _instance_of(row: Mapping[str, Any]) -> str:
    # A file of samples by the API is of one instance, and names none.
    return str(row.get("instance_id", "")) if "x" in row else str(row["instance_id"])


def _key(item: dict[str, Any]) -> tuple[int, int]:
    return item["us"], item["seq"]


def _read_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as file:
        head = file.read(len(PARQUET))
    if head == PARQUET:
        yield from pq.read_table(path).to_pylist()
        return
    with path.open(newline="", encoding="utf-8-sig") as text:
        if head.startswith(b"{"):
            yield from map(json.loads, text)
            return
        for row in csv.DictReader(text, strict=True):
            yield {name: _from_cell(value) for name, value in row.items()}


def _from_cell(text: str | None) -> str | None:
    """Return a cell's value: None if empty, and without the apostrophe before a formula."""
    return text.removeprefix("'") if text else None


def _add(beside: Beside, row: Mapping[str, Any]) -> None:
    if "x" in row:
        if not row.keys() >= SCENE:
            raise ValueError("these are samples, which are read without --with")
        _add_changed(beside, row)
    elif "viewport_width" in row:
        beside.scenes.append(_to_scene(row))
    elif "data" in row:
        beside.marks.append(_to_mark(row))
    else:
        beside.label = row["label"] or ""


def _add_changed(beside: Beside, row: Mapping[str, Any]) -> None:
    """Add a sample's scene unless it is that of the sample before; samples come in their order."""
    if row["viewport_width"] is None:
        return
    scene = _to_scene(row)
    before = beside.scenes[-1] if beside.scenes else {}
    if {**before, **_to_key(row)} != scene:
        beside.scenes.append(scene)


def _to_scene(row: Mapping[str, Any]) -> dict[str, Any]:
    pairs = {name: [float(row[one]) for one in columns] for name, columns in PAIRS.items()}
    page = {"page": row["page"]} if row["page"] else {}
    ratio, pointer = float(row["pixel_ratio"]), row["pointer"]
    return {**_to_key(row), **pairs, "pixel_ratio": ratio, "pointer": pointer, **page}


def _to_mark(row: Mapping[str, Any]) -> dict[str, Any]:
    data = json.loads(row["data"]) if isinstance(row["data"], str) else row["data"]
    return {**_to_key(row), "name": row["name"], "data": data}


def _to_key(row: Mapping[str, Any]) -> dict[str, int]:
    time = row["time"] if isinstance(row["time"], datetime) else parse_time(row["time"])
    return {"us": to_epoch_us(time), "seq": int(row["seq"])}
