"""Parquet and Arrow files (Feather), read by pyarrow; nested columns have names with dots."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from analytics.recordings.findings import Findings
from analytics.recordings.tables.files import ARROW, Source
from analytics.recordings.tables.table import CHUNK_ROWS, Chunk, Table


class ParquetTable(Table):
    """A table of Parquet or Arrow."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self._source, self._findings = source, findings
        self._is_arrow = source.head.startswith(ARROW)
        findings.say("file", "Arrow" if self._is_arrow else "Parquet")
        findings.place = "row"
        with self._batches() as (schema, _):
            self.names = list(dict.fromkeys(_leaves(schema)))

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        number = 0
        with self._batches() as (_, batches):
            for batch in batches:
                columns = {name: _column(batch, name).to_pylist() for name in names}
                numbers = range(number, number := number + batch.num_rows)
                yield Chunk(range(numbers.start + 1, numbers.stop + 1), numbers, columns)

    @contextmanager
    def _batches(self) -> Iterator[tuple[Any, Iterator[Any]]]:
        # Imported here, because it takes 50 MB in a process, and few processes need it.
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with self._source.open() as file:
                if self._is_arrow:
                    with pa.ipc.open_file(file) as reader:
                        parts = map(reader.get_batch, range(reader.num_record_batches))
                        yield reader.schema, parts
                else:
                    with pq.ParquetFile(file) as table:
                        yield table.schema_arrow, table.iter_batches(batch_size=CHUNK_ROWS)
        except (pa.ArrowException, OSError) as error:
            self._findings.stop(f"cannot be read: {error}", "is the file whole?")


def _leaves(fields: Any, path: str = "") -> Iterator[str]:
    """Yield the names of all columns; columns inside structs have names with dots."""
    for field in fields:
        name = f"{path}.{field.name}" if path else field.name
        if hasattr(field.type, "fields") and field.type.num_fields and _is_struct(field.type):
            yield from _leaves(field.type.fields, name)
        else:
            yield name


def _is_struct(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_struct(kind)


def _column(batch: Any, name: str) -> Any:
    """Return a column by its name, with timestamps in microseconds, Python's resolution."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = name if name in batch.schema.names else name.split(".")[0]
    column = batch.column(batch.schema.names.index(found))
    if found != name:
        column = pc.struct_field(column, name.split(".")[1:])
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    if pa.types.is_duration(column.type):
        return column.cast(pa.duration("us"), safe=False)
    return column
