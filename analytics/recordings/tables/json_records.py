"""Turns JSON values into rows: objects, columns, or lists of either at any depth."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from analytics.recordings.columns.names import axis_of, parse_name
from analytics.recordings.columns.words import KEY
from analytics.recordings.findings import Findings, listed

_decode = msgspec.json.decode


def decode_loosely(text: str | bytes) -> Any:
    """Decode JSON, including the NaN and Infinity that Python writes; ValueError on failure."""
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError(str(error)) from None


def to_records(document: Mapping[str, Any]) -> Sequence[Any]:
    """Return the rows of a document that is one object, in the shapes that tools write.

    The shapes are columns (`{"t": […], "x": […]}`), pandas' `split`, `columns` and `index`, an
    object with rows under each key, and rows at some depth, which find_inside finds later.
    """
    values = list(document.values())
    if {"columns", "data"} <= document.keys() and isinstance(document["data"], list):
        names = [str(name) for name in document["columns"]]
        return [dict(zip(names, row, strict=False)) for row in document["data"]]
    columns = {name: value for name, value in document.items() if _is_list_of_scalars(value)}
    if is_table(columns):
        lengths = set(map(len, columns.values()))
        if len(lengths) == 1:
            return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values())]  # noqa: B905
    if values and all(isinstance(value, dict) for value in values):
        if is_table(document):
            keys = list(dict.fromkeys(key for column in values for key in column))
            return [{name: column.get(key) for name, column in document.items()} for key in keys]
        if all(is_table(value) for value in values):
            if not any(map(holds_rows, values)):
                return values
            return [
                {KEY: key, **record}
                for key, value in document.items()
                for record in to_records(value)
            ]
    if len(values) > 1 and all(_is_rows(value) for value in values):
        return [{KEY: key, **row} for key, rows in document.items() for row in rows]
    return [document]


def is_table(names: Iterable[str]) -> bool:
    """Return whether these are the names of a table of positions."""
    return {"x", "y"} <= {axis_of(word) for name in names for word in parse_name(name).words}


def _is_list_of_scalars(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def holds_rows(record: Mapping[str, Any]) -> bool:
    return any(isinstance(value, dict | list) for value in record.values())


def find_inside(records: Sequence[Any], wanted: Sequence[str], findings: Findings) -> str | None:
    """Return the path of the list in each record whose objects are samples, if there is one."""
    paths: dict[str, set[str]] = {}
    for record in records:
        for path, rows in _lists_in(record):
            names = (name for row in rows for name, _ in _flat(row))
            paths.setdefault(path, set()).update(names)
    tables = [path for path, names in paths.items() if is_table(names)]
    named = [path for path in paths if path in wanted]
    if len(named or tables) > 1:
        findings.stop(
            f"several lists in it hold positions: {listed(tables)}",
            f"--columns x={tables[0]}.x,y={tables[0]}.y chooses",
        )
    return next(iter(named or tables), None)


def _lists_in(value: Any, path: str = "") -> Iterator[tuple[str, list[dict]]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            below = f"{path}.{key}" if path else key
            if _is_rows(inner):
                yield below, inner[:20]
                for row in inner[:20]:
                    yield from _lists_in(row, below)
            else:
                yield from _lists_in(inner, below)


def spread(record: Any, inside: str | None) -> Iterator[dict[str, Any]]:
    """Yield the rows of a record: its flat form, or one row per object of its inner list."""
    if isinstance(record, list):
        yield {str(i): cell for i, cell in enumerate(record, 1)}
    elif inside is None:
        yield dict(_flat(record)) if _holds_objects(record) else record
    else:
        yield from _spread_inside(record, inside, "")


def _holds_objects(record: Mapping[str, Any]) -> bool:
    return any(isinstance(value, dict) for value in record.values())


def _flat(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        below = f"{path}.{key}" if path else key
        if isinstance(inner, dict):
            yield from _flat(inner, below)
        else:
            yield below, inner


def _spread_inside(record: Mapping[str, Any], inside: str, path: str) -> Iterator[dict[str, Any]]:
    """Yield a row per object of the list at the path `inside`, with the fields around it."""
    prefix = f"{path}." if path else ""
    outer = {f"{prefix}{key}": value for key, value in _flat(record)}
    for name, value in outer.items():
        if inside == name or (inside.startswith(f"{name}.") and _is_rows(value)):
            rest = {other: cell for other, cell in outer.items() if other != name}
            for row in value if _is_rows(value) else []:
                if inside == name:
                    yield rest | {f"{name}.{key}": cell for key, cell in _flat(row)}
                else:
                    yield from (rest | inner for inner in _spread_inside(row, inside, name))


def unpack(cell: Any) -> list[dict] | None:
    """Return the objects of a JSON list in a cell; None if it holds no such list."""
    try:
        value = decode_loosely(cell) if isinstance(cell, str) else cell
    except ValueError:
        return None
    return value if _is_rows(value) else None
