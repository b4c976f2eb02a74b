"""Tables of any format as chunks of columns, and tables of delimited text."""

import csv
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TextIO

from analytics.recordings.findings import Findings, counted, quoted
from analytics.recordings.options import Options
from analytics.recordings.tables.files import Source, find_encoding
from analytics.recordings.tables.layout import (
    HEAD_LINES,
    Layout,
    find_layout,
    is_comment,
    split_lines,
)
from core.api.file_formats import TORN

CHUNK_ROWS = 10_000
# A cell may hold all values of a trial.
LONGEST_CELL = 1 << 30


class Chunk(NamedTuple):
    """Some rows: their places in the file, their numbers in the table from 0, and their columns.

    Cells of text files are strings; cells of typed formats keep their types.
    """

    places: Sequence[int]
    numbers: Sequence[int]
    columns: Mapping[str, Sequence[Any]]

    def keep(self, mask: Sequence[bool]) -> "Chunk":
        """Return the rows whose mask is true."""
        return Chunk(
            [place for place, kept in zip(self.places, mask, strict=True) if kept],
            [number for number, kept in zip(self.numbers, mask, strict=True) if kept],
            {
                name: [cell for cell, kept in zip(cells, mask, strict=True) if kept]
                for name, cells in self.columns.items()
            },
        )


class Table(ABC):
    """A file's table. Its rows can be read repeatedly with the same result."""

    names: Sequence[str]
    delimiter = ""
    has_header = True
    # Whether rows come from lists inside records, each of which may be a trial.
    is_unpacked = False

    @abstractmethod
    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        """Yield the named columns, some thousand rows at a time."""

    def head(self) -> Chunk:
        """Return the first rows, with all columns."""
        empty = Chunk([], [], {name: [] for name in self.names})
        return next(self.chunks(self.names), empty)


class TextTable(Table):
    """A table of delimited text."""

    def __init__(self, source: Source, options: Options, findings: Findings) -> None:
        self._source, self._findings = source, findings
        self._encoding = find_encoding(source, options.encoding, findings)
        with source.open_text(self._encoding) as file:
            lines = list(islice(file, HEAD_LINES))
        self._layout: Layout = find_layout(lines, options.delimiter, findings)
        self.names = _unique(self._layout.names)
        self.delimiter, self.has_header = self._layout.delimiter, self._layout.has_header
        self._is_told = False

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        # This limit is global to the process; a reader has none of its own.
        csv.field_size_limit(LONGEST_CELL)
        shapes = _Shapes(self.names, names, self.delimiter)
        wanted = [(name, self.names.index(name)) for name in names]
        number = 0
        with self._source.open_text(self._encoding) as file:
            lines = _Lines(file, self._layout.first_line)
            rows = split_lines(iter(lines), self.delimiter)
            while batch := self._next_rows(rows, lines, shapes):
                places, cells = zip(*batch, strict=True)
                columns = list(zip(*cells, strict=True))
                numbers = range(number, number := number + len(places))
                yield Chunk(places, numbers, {name: columns[i] for name, i in wanted})
        if not self._is_told:
            shapes.tell(self._findings)
            if lines.comments:
                self._findings.pass_over("a comment (#, %, //)", lines.comments)
            self._is_told = True

    def _next_rows(
        self, rows: Iterator[list[str]], lines: "_Lines", shapes: "_Shapes"
    ) -> list[tuple[int, list[str]]]:
        width, batch = len(self.names), []
        try:
            for cells in rows:
                fitting: list[str] | None = cells
                if len(cells) != width or cells == self.names:
                    fitting = shapes.fit(cells, lines)
                if fitting is not None:
                    batch.append((lines.number, fitting))
                if len(batch) == CHUNK_ROWS:
                    break
        except csv.Error as error:
            self._findings.stop(f"line {lines.number:,}: {error}")
        return batch


class _Lines:
    """The lines of a file from one on, without comments; `number` is the last one's, from 1."""

    def __init__(self, file: TextIO, skip: int) -> None:
        self.file, self.number, self.last, self.comments = file, skip, "", 0
        for _ in islice(file, skip):
            pass

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self.file, self.number + 1):
            # Most lines begin with a digit, so this test usually suffices.
            if line[0].isdigit() or not is_comment(line):
                self.number, self.last = number, line
                yield line
            else:
                self.comments += 1


class _Shapes:
    """Handles rows that are shorter or longer than the header."""

    def __init__(self, names: Sequence[str], wanted: Sequence[str], delimiter: str) -> None:
        self._names, self._width = list(names), len(names)
        self._needed = 1 + max((self._names.index(name) for name in wanted), default=0)
        self._delimiter = delimiter
        self._short = self._long = self._headers = 0
        self._first_long: tuple[int, int] | None = None
        self._torn: tuple[int, list[str]] | None = None

    def fit(self, cells: list[str], lines: _Lines) -> list[str] | None:
        """Return a row as wide as the header; None for one that is not a data row."""
        if cells == self._names:
            self._headers += 1
            return None
        extra = cells[self._width :]
        if any(cell.strip() for cell in extra):
            self._long += 1
            self._first_long = self._first_long or (lines.number, len(cells))
        if not any(cell.strip() for cell in cells):
            return None
        missing = self._width - len(cells)
        if missing > 0:
            is_short = len(cells) < self._needed
            self._short += is_short
            if (is_short and not lines.last.endswith(("\n", "\r"))) or TORN in cells[0]:
                self._torn = (lines.number, cells)
        return cells[: self._width] + [""] * missing

    def tell(self, findings: Findings) -> None:
        """Report what was found, and refuse a file whose rows do not fit its header."""
        if self._headers:
            findings.pass_over("the header again", self._headers)
        if self._torn:
            line, cells = self._torn
            text = self._delimiter.join(cells)
            why = f": {TORN}" if TORN in text else f", the last, breaks off: {quoted(text)}"
            findings.refuse(f"line {line:,}{why}", "delete the line, or fetch the file again")
        elif self._short:
            findings.warn(f"{counted(self._short, 'row')} shorter than the header.")
        if self._first_long and not self._may_be_long():
            line, width = self._first_long
            findings.refuse(
                f"{counted(self._long, 'row')} with more cells than the header: line {line:,} has"
                f" {width}, the header {self._width}",
                "quote cells with commas in them; decimal commas need another --delimiter",
            )

    def _may_be_long(self) -> bool:
        # Text with delimiters in a column behind all those that are read does no harm.
        return self._needed < self._width and self._delimiter == " "


def _unique(names: Sequence[str]) -> list[str]:
    """Return unique names; the second `x` is called `x.2`."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return unique
