"""Rows become files: the same rows in each format, exact to the last bit, never all in memory."""

import csv
import io
import json
import math
import struct
from datetime import UTC, datetime, timedelta
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
from django.test import SimpleTestCase

from core.api.file_formats import FORMATS, Column, Kind
from core.values.times import to_rfc3339

COLUMNS = (
    Column("time", Kind.TIME, "", "when"),
    Column("x", Kind.FLOAT32, "px", "where"),
    Column("distance", Kind.FLOAT64, "px", "how far"),
    Column("seq", Kind.INT32, "", "which"),
    Column("events", Kind.INT64, "", "how many"),
    Column("enter", Kind.BOOL, "", "whether"),
    Column("id", Kind.TEXT, "", "whose"),
)
NAMES = [column.name for column in COLUMNS]
NOON = datetime(2026, 11, 23, 12, 0, 0, 125, UTC)
# The shortest decimals of float32 numbers, as the database returns them.
XS = (131072.38, -0.1, 1e6, 1e-45, 3.4028235e38, 16777216.0)
ROWS = [
    (
        NOON + timedelta(microseconds=i),
        x,
        math.pi * x,
        2**31 - 1 - i,
        2**40 + i,
        i % 2 == 0,
        f"i{i}",
    )
    for i, x in enumerate(XS)
]
UNKNOWN = (NOON, None, None, 0, 0, False, "i9")


def write(name, pages, columns=COLUMNS):
    return b"".join(FORMATS[name].write(columns, iter(pages)))


def float32(value):
    return struct.pack("f", value)


class FormatTests(SimpleTestCase):
    def test_csv_has_a_header_and_exact_numbers(self):
        header, *rows = csv.reader(io.StringIO(write("csv", [ROWS]).decode(), newline=""))
        self.assertEqual(header, NAMES)
        for found, row in zip(rows, ROWS, strict=True):
            time, x, distance, seq, events, enter, name = row
            numbers = [repr(x), repr(distance), str(seq), str(events)]
            flag = "true" if enter else "false"
            self.assertEqual(found, [to_rfc3339(time), *numbers, flag, name])

    def test_ndjson_has_an_object_in_each_line(self):
        lines = write("ndjson", [ROWS, [UNKNOWN]]).decode().splitlines()
        expected = [
            dict(zip(NAMES, (to_rfc3339(time), *rest), strict=True))
            for time, *rest in (*ROWS, UNKNOWN)
        ]
        self.assertEqual([json.loads(line) for line in lines], expected)

    def test_parquet_has_typed_columns_that_explain_themselves(self):
        table = pq.read_table(pa.BufferReader(write("parquet", [ROWS, [UNKNOWN]])))
        self.assertEqual(
            [str(field.type) for field in table.schema],
            [
                "timestamp[us, tz=UTC]",
                "float",
                "double",
                "int32",
                "int64",
                "bool",
                "string",
            ],
        )
        self.assertEqual(
            table.schema.field("x").metadata, {b"unit": b"px", b"description": b"where"}
        )
        rows = [tuple(row.values()) for row in table.to_pylist()]
        self.assertEqual([float32(row[1]) for row in rows[:-1]], [float32(x) for x in XS])
        self.assertEqual([row[:1] + row[2:] for row in rows[:-1]], [r[:1] + r[2:] for r in ROWS])
        self.assertEqual(rows[-1], UNKNOWN)

    def test_an_unknown_value_is_an_empty_cell(self):
        line = write("csv", [[UNKNOWN]]).decode().splitlines()[1]
        self.assertEqual(line, f"{to_rfc3339(NOON)},,,0,0,false,i9")

    def test_without_rows_the_file_is_valid_and_empty(self):
        self.assertEqual(write("csv", []).decode(), ",".join(NAMES) + "\r\n")
        self.assertEqual(write("ndjson", []), b"")
        table = pq.read_table(pa.BufferReader(write("parquet", [])))
        self.assertEqual((table.num_rows, table.column_names), (0, NAMES))

    def test_every_kind_is_the_name_of_an_arrow_type(self):
        columns = [Column(kind.name, kind, "", "") for kind in Kind]
        schema = pq.read_schema(pa.BufferReader(write("parquet", [], columns)))
        names = {"float": "float32", "double": "float64"}
        types = [names.get(str(kind), str(kind)) for kind in schema.types]
        self.assertEqual(types, [kind.value.removesuffix(", JSON") for kind in Kind])

    def test_text_is_no_formula_in_csv_and_an_apostrophe_can_be_told_from_one_put_there(self):
        texts = ("=1+1", "+1", "-1", "@a", "'a", "\t=1", "\r=1", "\n=1", "a=1", "", None)
        columns = (Column("name", Kind.TEXT, "", "a visitor's"),)
        text = write("csv", [[(text,) for text in texts]], columns).decode()
        _, *rows = csv.reader(io.StringIO(text, newline=""))
        written = [row[0] if row else "" for row in rows]
        self.assertEqual(written, [*(f"'{text}" for text in texts[:8]), "a=1", "", ""])

    def test_json_is_an_object_in_ndjson_and_text_elsewhere(self):
        columns = (Column("data", Kind.JSON, "", "a mark's"),)
        pages = [[({"trial": 3, "name": "=é"},), (None,)]]
        text = '{"trial":3,"name":"=é"}'
        self.assertEqual(
            write("ndjson", pages, columns).decode().splitlines()[0], f'{{"data":{text}}}'
        )
        lines = list(csv.reader(io.StringIO(write("csv", pages, columns).decode(), newline="")))
        self.assertEqual(lines[1], [text])
        table = pq.read_table(pa.BufferReader(write("parquet", pages, columns)))
        self.assertEqual(table.column("data").to_pylist(), [text, None])


class StreamTests(SimpleTestCase):
    """Each page is written out before the next one is read."""

    def setUp(self):
        for name, rows in (("PAGE_ROWS", 2), ("ROW_GROUP_ROWS", 4)):
            self.enterContext(mock.patch(f"core.api.file_formats.{name}", rows))
        self.taken = 0

    def pages(self):
        for row in ROWS * 2:
            self.taken += 1
            yield [row]

    def test_text_goes_out_page_by_page(self):
        for name in ("csv", "ndjson"):
            self.taken = 0
            chunks = FORMATS[name].write(COLUMNS, self.pages())
            taken = [self.taken for chunk in chunks if b"i0" in chunk or b"i4" in chunk]
            self.assertEqual(taken, [2, 6, 8, 12], name)

    def test_parquet_goes_out_group_by_group(self):
        taken, data = [], b""
        for chunk in FORMATS["parquet"].write(COLUMNS, self.pages()):
            taken.append(self.taken)
            data += chunk
        self.assertEqual(taken, [4, 8, 12, 12])
        file = pq.ParquetFile(pa.BufferReader(data))
        self.assertEqual((file.metadata.num_row_groups, file.metadata.num_rows), (3, 12))
