"""JSON tables: a document, an object per line, and lists of objects in text cells."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

from analytics.recordings.columns.words import ENTER
from analytics.recordings.findings import Findings, quoted
from analytics.recordings.options import Options
from analytics.recordings.tables.files import Source, find_encoding
from analytics.recordings.tables.json_records import (
    decode_loosely,
    find_inside,
    holds_rows,
    is_table,
    spread,
    to_records,
    unpack,
)
from analytics.recordings.tables.table import CHUNK_ROWS, Chunk, Table
from core.api.file_formats import TORN

HEAD_RECORDS = 1_000


class JsonTable(Table):
    """A table of JSON objects; nested fields have names with dots, such as `data.pos.x`."""

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
        self._inside = find_inside(records, wanted, findings)
        self.is_unpacked = self._inside is not None
        rows = [row for record in records for row in spread(record, self._inside)]
        self.names = list(dict.fromkeys(name for row in rows for name in row))
        self.has_header = not (records and isinstance(records[0], list))
        if self.has_header and ENTER not in self.names:
            # Later objects may have fields that the first ones lack.
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
            record = msgspec.json.decode(first.lstrip("\ufeff"))
        except msgspec.DecodeError:
            return False
        return bool(second) or (isinstance(record, dict) and not holds_rows(record))

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
            record = decode_loosely(text)
        except ValueError as error:
            self._findings.stop(f"line {number:,} is no JSON ({error}): {quoted(text)}")
        if not isinstance(record, dict | list):
            self._findings.stop(f"line {number:,} is no JSON object: {quoted(text)}")
        if isinstance(record, dict) and record.get("error") == TORN:
            self._findings.stop(f"line {number:,}: {TORN}", "fetch the file again")
        return record

    def _to_record(self, element: Any) -> Any:
        record = decode_loosely(bytes(element)) if isinstance(element, msgspec.Raw) else element
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
            document = decode_loosely(text)
        except ValueError as error:
            self._findings.stop(f"is no JSON: {error}", "is the file whole?")
        return document if isinstance(document, list) else to_records(document)


class UnpackedTable(Table):
    """A table with a column of JSON lists of objects, such as jsPsych's: one row per object."""

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
    """Return the first column whose cells are JSON lists of objects with a position, if any."""
    for name, cells in head.columns.items():
        for cell in cells:
            if isinstance(cell, str) and cell.lstrip().startswith("[{"):
                rows = unpack(cell)
                if rows and is_table(name for row in rows[:20] for name in row):
                    return name
    return None
