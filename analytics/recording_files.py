"""The files that recordings come in: CSV, NDJSON and Parquet, told apart by how they begin."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

PARQUET_MAGIC = b"PAR1"


class Row(NamedTuple):
    """One row: where it is in the file, in words, and its cells by column."""

    place: str
    cells: Mapping[str, Any]


class UnreadableError(ValueError):
    """A file that cannot be read; the text says why."""


def read_rows(path: Path) -> Iterator[Row]:
    """Yield a file's rows; UnreadableError where it cannot be read. CSV needs a header.

    What begins as Parquet is Parquet, what begins with an object is NDJSON, all else is CSV. Cells
    of CSV are text, those of the others are what they are; timestamps are datetimes.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4096)
        if start.startswith(PARQUET_MAGIC):
            yield from _read_parquet(path)
        elif start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
            yield from _read_ndjson(path)
        else:
            yield from _read_csv(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(str(error)) from None


def read_header(rows: Iterator[Row]) -> tuple[Sequence[str], Iterator[Row]]:
    """Return the names of the first row's columns, and all rows, the first included."""
    first = next(rows, None)
    return (list(first.cells), chain([first], rows)) if first else ([], rows)


def _read_csv(path: Path) -> Iterator[Row]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        for cells in reader:
            yield Row(f"line {reader.line_num}", cells)


def _read_ndjson(path: Path) -> Iterator[Row]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield Row(f"line {number}", decode(line))
                except msgspec.DecodeError as error:
                    raise UnreadableError(f"line {number}: {error}") from None


def _read_parquet(path: Path) -> Iterator[Row]:
    # Here, because it would take each process, nearly all of which never need it, 50 MB.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        number = 0
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=10_000):
                for cells in _to_microseconds(pa, batch).to_pylist():
                    number += 1
                    yield Row(f"row {number}", cells)
    except pa.ArrowException as error:
        raise UnreadableError(str(error)) from None


def _to_microseconds(pa: Any, batch: Any) -> Any:
    """Give timestamps of any unit, which are UTC where they name no zone, as Python has them."""
    for i, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type):
            times = batch.column(i).cast(pa.timestamp("us", "UTC"), safe=False)
            batch = batch.set_column(i, field.name, times)
    return batch
