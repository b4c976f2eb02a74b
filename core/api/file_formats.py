"""Rows as files that are sent while they are read: CSV, NDJSON and Parquet.

One definition of a table's columns is used by all formats and by the codebook, docs/export.md. Rows
are tuples in the columns' order and come in pages from the database. No format holds more than one
page, or one row group of Parquet, at a time.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from core.values.times import to_rfc3339

# Rows read from the database at once, and the fewest that are written at once.
PAGE_ROWS = 10_000
ROW_GROUP_ROWS = 100_000
# Spreadsheets read text that begins with one of these as a formula, or drop it.
FORMULA_STARTS = frozenset("=+-@\t\r\n'")
TORN = "the export broke off here and is not whole"

Page = Sequence[tuple[Any, ...]]


class Kind(StrEnum):
    """The type of a column, by its Arrow name."""

    TIME = "timestamp[us, tz=UTC]"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    INT32 = "int32"
    INT64 = "int64"
    BOOL = "bool"
    TEXT = "string"
    JSON = "string, JSON"


class Column(NamedTuple):
    """One column of an export; `unit` may be empty."""

    name: str
    kind: Kind
    unit: str
    description: str


class Format(NamedTuple):
    """A file format: its media type, and the function that turns pages into a file's bytes.

    `torn` ends a file that broke off, so that no reader takes it for a complete one. Parquet needs
    none: without its footer it cannot be read.
    """

    media_type: str
    is_text: bool
    write: Callable[[Sequence[Column], Iterable[Page]], Iterator[bytes]]
    torn: bytes = b""


def write_csv(columns: Sequence[Column], pages: Iterable[Page]) -> Iterator[bytes]:
    """Yield CSV (RFC 4180) with a header; an unknown value is an empty cell.

    Text from visitors must not become a formula in a spreadsheet, so an apostrophe is put before
    such text, and before text that begins with one.
    """
    lines = io.StringIO()
    out = csv.writer(lines)
    out.writerow(column.name for column in columns)
    yield _take(lines)
    for page in _gathered(pages):
        out.writerows(_converted(columns, page, CELLS))
        yield _take(lines)


def write_ndjson(columns: Sequence[Column], pages: Iterable[Page]) -> Iterator[bytes]:
    """Yield one JSON object per line."""
    names = [column.name for column in columns]
    encode = msgspec.json.Encoder().encode_lines
    for page in _gathered(pages):
        rows = _converted(columns, page, {Kind.TIME: _to_text})
        yield encode([dict(zip(names, row, strict=True)) for row in rows])


def write_parquet(columns: Sequence[Column], pages: Iterable[Page]) -> Iterator[bytes]:
    """Yield Parquet, compressed by zstd; each column carries its unit and description."""
    # Imported here because it takes 50 MB, which most processes never need.
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([_arrow_field(pa, column) for column in columns])
    sink = _Sink()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        group: list[Any] = []
        for page in _gathered(pages):
            cells = zip(*_converted(columns, page, {Kind.JSON: _to_json}), strict=True)
            group.append(pa.record_batch(list(cells), schema=schema))
            if sum(map(len, group)) >= ROW_GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(group), row_group_size=2**31)
                group = []
                yield sink.take()
        if group:
            writer.write_table(pa.Table.from_batches(group), row_group_size=2**31)
    yield sink.take()


def _to_text(moment: datetime | None) -> str | None:
    return None if moment is None else to_rfc3339(moment)


def _to_json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _to_flag(value: bool | None) -> str | None:
    return None if value is None else "true" if value else "false"


def _to_cell(text: str | None) -> str | None:
    return f"'{text}" if text and text[0] in FORMULA_STARTS else text


CELLS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TIME: _to_text,
    Kind.BOOL: _to_flag,
    Kind.TEXT: _to_cell,
    Kind.JSON: _to_json,
}
FORMATS = {
    "csv": Format("text/csv", True, write_csv, f"error: {TORN}\r\n".encode()),
    "ndjson": Format(
        "application/x-ndjson", True, write_ndjson, f'{{"error":"{TORN}"}}\n'.encode()
    ),
    "parquet": Format("application/vnd.apache.parquet", False, write_parquet),
}


def _gathered(pages: Iterable[Page]) -> Iterator[Page]:
    """Join small pages, such as those of many instances, into large ones."""
    rows: list[tuple[Any, ...]] = []
    for page in pages:
        rows += page
        if len(rows) >= PAGE_ROWS:
            yield rows
            rows = []
    if rows:
        yield rows


def _converted(
    columns: Sequence[Column], page: Page, converters: dict[Kind, Callable[[Any], Any]]
) -> Iterable[tuple[Any, ...]]:
    """Convert column by column, at half the cost of row by row."""
    cells = zip(*page, strict=True)
    return zip(
        *(
            map(converters[column.kind], values) if column.kind in converters else values
            for column, values in zip(columns, cells, strict=True)
        ),
        strict=True,
    )


def _take(lines: io.StringIO) -> bytes:
    text = lines.getvalue()
    lines.seek(0)
    lines.truncate()
    return text.encode()


def _arrow_field(pa: Any, column: Column) -> Any:
    others = {Kind.TIME: pa.timestamp("us", "UTC"), Kind.JSON: pa.string()}
    kind = others.get(column.kind) or pa.type_for_alias(column.kind.value)
    about = {"unit": column.unit, "description": column.description}
    return pa.field(column.name, kind, metadata=about)


class _Sink(io.RawIOBase):
    """A file that returns what was written instead of keeping it."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self._written)
        self._written.clear()
        return data
