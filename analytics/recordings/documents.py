"""JSON: a document or an object a line, of rows, of columns, or with either somewhere inside."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from analytics.recordings.files import Source, find_encoding
from analytics.recordings.findings import Findings, listed, quoted
from analytics.recordings.names import axis_of, parse_name
from analytics.recordings.options import Options
from analytics.recordings.tables import CHUNK_ROWS, Chunk, Table
from core.exports import TORN

HEAD_RECORDS = 1_000
# The column that the keys of an object become, where each holds the rows of one pointer.
KEY = "(key)"

ENTER = "enter"

_decode = msgspec.json.decode


class JsonTable(Table):
    """A table of JSON objects; what is nested has a name with dots, such as `data.pos.x`."""

    def __init__(self, source: Source, options: Options, findings: Findings) -> None:
        self._source, self._findings = source, findings
        self._encoding = find_encoding(source, options.encoding, findings)
        self._is_lines = self._has_an_object_a_line()
        findings.say("file", "JSON, an object a line" if self._is_lines else "JSON")
        if not self._is_lines:
            findings.place = "row"
        self._document = None if self._is_lines else self._read_document()
        records = [record for _, record in islice(self._records(), HEAD_RECORDS)]
        wanted = [name.rpartition(".")[0] for name in options.columns.values()]
        self._inside = _find_inside(records, wanted, findings)
        self.is_unpacked = self._inside is not None
        rows = [row for record in records for row in spread(record, self._inside)]
        self.names = list(dict.fromkeys(name for row in rows for name in row))
        self.has_header = not (records and isinstance(records[0], list))
        if self.has_header and ENTER not in self.names:
            # The first objects need not have what later ones do.
            self.names.append(ENTER)

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        number = 0
        rows = ((place, row) for place, record in self._records()
                for row in spread(record, self._inside))  # fmt: skip
        while batch := list(islice(rows, CHUNK_ROWS)):
            places, cells = zip(*batch, strict=True)
            numbers = range(number, number := number + len(batch))
            yield Chunk(places, numbers, {n: [row.get(n) for row in cells] for n in names})

    def _has_an_object_a_line(self) -> bool:
        with self._source.open_text(self._encoding) as file:
            filled = (line for line in file if line.strip())
            first, second = next(filled, ""), next(filled, "")
        try:
            record = _decode(first.lstrip("\ufeff"))
        except msgspec.DecodeError:
            return False
        return bool(second) or (isinstance(record, dict) and not _holds_rows(record))

    def _records(self) -> Iterator[tuple[int, Any]]:
        if self._document is not None:
            yield from enumerate(map(self._to_record, self._document), 1)
            return
        with self._source.open_text(self._encoding) as file:
            for number, line in enumerate(file, 1):
                if text := line.strip().lstrip("\ufeff"):
                    yield number, self._decode_line(number, text)

    def _decode_line(self, number: int, text: str) -> Any:
        try:
            record = _decode_loosely(text)
        except ValueError as error:
            self._findings.stop(f"line {number:,} is no JSON ({error}): {quoted(text)}")
        if not isinstance(record, dict | list):
            self._findings.stop(f"line {number:,} is no JSON object: {quoted(text)}")
        if isinstance(record, dict) and record.get("error") == TORN:
            self._findings.stop(f"line {number:,}: {TORN}", "fetch the file again")
        return record

    def _to_record(self, element: Any) -> Any:
        record = _decode_loosely(bytes(element)) if isinstance(element, msgspec.Raw) else element
        if not isinstance(record, dict | list):
            self._findings.stop(f"holds {quoted(record)} where an object of x and y is expected")
        return record

    def _read_document(self) -> Sequence[Any]:
        with self._source.open_text(self._encoding) as file:
            text = file.read().lstrip("\ufeff")
        try:
            if text.lstrip().startswith("["):
                # Raw parts of the text take a fifth of the memory of objects.
                return msgspec.json.decode(text, type=list[msgspec.Raw])
        except msgspec.DecodeError:
            pass
        try:
            document = _decode_loosely(text)
        except ValueError as error:
            self._findings.stop(f"is no JSON: {error}", "is the file whole?")
        return document if isinstance(document, list) else to_records(document)


class UnpackedTable(Table):
    """A table with a column of JSON lists of objects, such as jsPsych's: a row for each object."""

    is_unpacked = True

    def __init__(self, table: Table, packed: str) -> None:
        self._table, self._packed = table, packed
        self.delimiter = table.delimiter
        rows = [row for _, row in self._rows(table.head())]
        inner = dict.fromkeys(name for row in rows for name in row)
        self.names = [name for name in inner if name != packed]

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        number = 0
        outer = [name for name in self._table.names if name in {*names, self._packed}]
        for chunk in self._table.chunks(outer):
            places, rows = zip(*self._rows(chunk), strict=True) if chunk.places else ((), ())
            numbers = range(number, number := number + len(rows))
            yield Chunk(places, numbers, {n: [row.get(n) for row in rows] for n in names})

    def _rows(self, chunk: Chunk) -> Iterator[tuple[int, dict[str, Any]]]:
        for place, *cells in zip(chunk.places, *chunk.columns.values(), strict=True):
            record = dict(zip(chunk.columns, cells, strict=True))
            record[self._packed] = unpack(record[self._packed])
            for row in spread(record, self._packed):
                yield place, row


def find_packed(head: Chunk) -> str | None:
    """Return the column whose cells are JSON lists of objects with a position, if there is one."""
    for name, cells in head.columns.items():
        for cell in cells:
            if isinstance(cell, str) and cell.lstrip().startswith("[{"):
                rows = unpack(cell)
                if rows and _is_table(name for row in rows[:20] for name in row):
                    return name
    return None


def unpack(cell: Any) -> list[dict] | None:
    """Return the objects of a JSON list in a cell; None where it holds no such list."""
    try:
        value = _decode_loosely(cell) if isinstance(cell, str) else cell
    except ValueError:
        return None
    return value if _is_rows(value) else None


def _decode_loosely(text: str | bytes) -> Any:
    """Decode JSON, also with the NaN and Infinity that Python writes; ValueError where it fails."""
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError(str(error)) from None


def to_records(document: Mapping[str, Any]) -> Sequence[Any]:
    """Return the rows of a document that is one object, in the shapes that tools write.

    Columns (`{"t": […], "x": […]}`), pandas' `split`, `columns` and `index`, an object with rows
    under each key, or rows somewhere inside, which the rows' place finds later.
    """
    values = list(document.values())
    if {"columns", "data"} <= document.keys() and isinstance(document["data"], list):
        names = [str(name) for name in document["columns"]]
        return [dict(zip(names, row, strict=False)) for row in document["data"]]
    columns = {name: value for name, value in document.items() if _is_list_of_scalars(value)}
    if _is_table(columns):
        lengths = set(map(len, columns.values()))
        if len(lengths) == 1:
            return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values())]  # noqa: B905
    if values and all(isinstance(value, dict) for value in values):
        if _is_table(document):
            keys = list(dict.fromkeys(key for column in values for key in column))
            return [{name: column.get(key) for name, column in document.items()} for key in keys]
        if all(_is_table(value) for value in values):
            if not any(map(_holds_rows, values)):
                return values
            return [
                {KEY: key, **record}
                for key, value in document.items()
                for record in to_records(value)
            ]
    if len(values) > 1 and all(_is_rows(value) for value in values):
        return [{KEY: key, **row} for key, rows in document.items() for row in rows]
    return [document]


def _is_table(names: Iterable[str]) -> bool:
    """Tell whether names are those of a table of positions."""
    return {"x", "y"} <= {axis_of(word) for name in names for word in parse_name(name).words}


def _is_list_of_scalars(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _holds_rows(record: Mapping[str, Any]) -> bool:
    return any(isinstance(value, dict | list) for value in record.values())


def _find_inside(records: Sequence[Any], wanted: Sequence[str], findings: Findings) -> str | None:
    """Return the path of the list in each record whose objects are the samples, if there is one."""
    paths: dict[str, set[str]] = {}
    for record in records:
        for path, rows in _lists_in(record):
            paths.setdefault(path, set()).update(name for row in rows for name in row)
    tables = [path for path, names in paths.items() if _is_table(names)]
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
    """Yield the rows of a record: itself, flat, or one for each object of the list inside it."""
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
    """Yield a row for each object of the list at the path `inside`, with what stands around it."""
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
