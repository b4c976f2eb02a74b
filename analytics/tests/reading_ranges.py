"""Reads ranges of an instance's rows through the API, in pages and in each format."""

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.test import TestCase
from hypothesis import Phase, settings
from hypothesis import strategies as st

from analytics.tests.pointers import NOW_US, float32, new_browser
from analytics.tests.scenery import Mark, Scene
from dashboard.instances.tokens import make_token
from dashboard.models import Browser

HOUR_US = 3_600_000_000
TIMES = [NOW_US - HOUR_US + step for step in (0, 1, 2, 1_000_000, HOUR_US // 2, HOUR_US - 1)]
SEQS = [0, 1, 7, 2**31 - 1]
TEXTS = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20
)
# Each is the shortest decimal of its float32.
LENGTHS = st.sampled_from([0.0, 1.0, 0.1, 1279.333, 5200.5, -640.25])
DATA = st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(0, 9), st.none()), max_size=2).map(
    # PostgreSQL stores keys in this order.
    lambda data: dict(sorted(data.items(), key=lambda item: (len(item[0].encode()), item[0])))
)
# Shrinking a failure takes minutes, because each example reads a database.
QUICK = settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
SCENES = st.builds(
    Scene,
    st.sampled_from(TIMES),
    st.sampled_from(SEQS),
    *[LENGTHS] * 7,
    st.sampled_from(["mouse", "pen", "touch"]),
    st.none() | TEXTS,
)
MARKS = st.builds(Mark, st.sampled_from(TIMES), st.sampled_from(SEQS), TEXTS, DATA)
RANGES = st.tuples(st.none() | st.sampled_from(TIMES), st.none() | st.sampled_from(TIMES))


def sets_of(rows: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(rows, max_size=12, unique_by=lambda row: (row.time, row.seq))


class Reader(TestCase):
    """Reads an instance's rows with its token."""

    def new_reader(self) -> Browser:
        self.browser = new_browser()
        token = make_token(instance_id=self.browser.instance_id, version=1)
        self.header = {"Authorization": f"Bearer {token}"}
        return self.browser

    def get(self, what: str, **query: Any):
        path = f"/api/v1/browsers/{self.browser.instance_id}/{what}/"
        known = {name: value for name, value in query.items() if value is not None}
        return self.client.get(path, known, headers=self.header)

    def read_pages(self, what: str, **query: Any) -> list[dict[str, Any]]:
        """Follow the cursors; return all rows."""
        rows, cursor = [], None
        while True:
            page = self.get(what, cursor=cursor, **query).json()
            rows += page[what]
            cursor = page["next_cursor"]
            if cursor is None:
                return rows
            self.assertEqual(len(page[what]), query["limit"])

    def read_file(self, what: str, kind: str, **query: Any) -> bytes:
        answer = self.get(what, format=kind, **query)
        self.assertEqual(answer.status_code, 200)
        return b"".join(answer)

    def assert_rows(
        self, what: str, rows: list[dict[str, Any]], columns: list[str], **query: Any
    ) -> None:
        """Assert what pages and files of a range have: these rows, as JSON has them."""
        for limit in (1, 3, 1000):
            self.assertEqual(self.read_pages(what, limit=limit, **query), rows)
        lines = self.read_file(what, "ndjson", **query).decode().split("\n")[:-1]
        self.assertEqual([json.loads(line) for line in lines], rows)
        text = io.StringIO(self.read_file(what, "csv", **query).decode(), newline="")
        header, *cells = csv.reader(text)
        self.assertEqual(header, columns)
        self.assertEqual(cells, [[to_cell(row[name]) for name in columns] for row in rows])
        file = pa.BufferReader(self.read_file(what, "parquet", **query))
        found = pq.read_table(file).to_pylist()
        self.assertEqual(list(map(from_parquet, found)), [as_float32(row) for row in rows])


def to_cell(value: Any) -> str:
    """Return a value as CSV has it, and no text as a formula."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case dict():
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        case str():
            return f"'{value}" if value[0] in "=+-@\t\r\n'" else value
    return repr(value)


def from_parquet(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of Parquet as JSON has it."""
    row["time"] = row["time"].isoformat(timespec="microseconds").replace("+00:00", "Z")
    if "data" in row:
        row["data"] = json.loads(row["data"])
    return row


def as_float32(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: float32(value) if isinstance(value, float) else value for name, value in row.items()
    }
