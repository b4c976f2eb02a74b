"""A trial per row whose samples have columns of their own: X_1, X_2, … Y_1, Y_2, …"""

import re
from collections.abc import Iterator, Mapping, Sequence

from analytics.recordings.columns.names import TIME_WORDS, axis_of, parse_name
from analytics.recordings.rows.cells import is_missing
from analytics.recordings.tables.table import Chunk, Table

_NUMBERED = re.compile(r"(.*?)[\W_]*(\d+)", re.DOTALL)
# Fewer columns are more likely x1 and x2 of something else.
LEAST_SAMPLES = 4


class WideTable(Table):
    """A table whose numbered columns of time, x and y become one column of lists each."""

    def __init__(self, table: Table, families: Mapping[str, Sequence[str]]) -> None:
        self._table, self._families = table, families
        self.delimiter = table.delimiter
        members = {name for family in families.values() for name in family}
        self.names = [*(name for name in table.names if name not in members), *families]

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        wanted = [column for name in names for column in self._families.get(name, [name])]
        for chunk in self._table.chunks(wanted):
            columns = {name: self._column(chunk, name) for name in names}
            yield Chunk(chunk.places, chunk.numbers, columns)

    def _column(self, chunk: Chunk, name: str) -> Sequence[object]:
        if name not in self._families:
            return chunk.columns[name]
        # A trial that is shorter than others has empty cells at its end.
        samples = zip(*(chunk.columns[member] for member in self._families[name]), strict=True)
        return [_without_end(list(cells)) for cells in samples]


def _without_end(cells: list[object]) -> list[object]:
    while cells and is_missing(cells[-1]):
        cells.pop()
    return cells


def find_families(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the numbered columns of time and of coordinates, by their common name.

    Empty if x and y have different numbers of columns.
    """
    families: dict[str, list[str]] = {}
    for name in names:
        if match := _NUMBERED.fullmatch(name):
            families.setdefault(match[1], []).append(name)
    axes: dict[str, str] = {}
    for shared, members in families.items():
        words = parse_name(shared).words
        if len(members) < LEAST_SAMPLES:
            continue
        if axis := next(filter(None, map(axis_of, words)), ""):
            axes.setdefault(axis, shared)
        elif set(words) & TIME_WORDS:
            axes.setdefault("time", shared)
    if not {"x", "y"} <= axes.keys() or len(families[axes["x"]]) != len(families[axes["y"]]):
        return {}
    return {shared: families[shared] for shared in axes.values()}
