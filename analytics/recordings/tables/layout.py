"""Finds the layout of a text's table: the delimiter, the preamble and the header."""

import csv
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from analytics.recordings.columns.names import is_known_name, is_unit
from analytics.recordings.findings import Findings, counted, quoted
from analytics.recordings.rows.cells import is_missing, looks_like_list, looks_numeric

HEAD_LINES = 200
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "|", " ": "space"}
COMMENTS = ("#", "%", "//")
_CLOCK = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?.*")

# Excel exports what it shows, and it shows this in columns that are too narrow.
_OVERFLOW = re.compile(r'#{2,}"?[,;|\t]')


class Layout(NamedTuple):
    """A table of text: its column names, and the line, from 0, where its rows begin."""

    delimiter: str
    names: list[str]
    first_line: int
    has_header: bool


class Row(NamedTuple):
    line: int
    cells: list[str]


def is_comment(line: str) -> bool:
    """Return whether a line is a comment, and not a row of cells that Excel wrote as `####`."""
    text = line.lstrip()
    return text.startswith(COMMENTS) and not _OVERFLOW.match(text)


def split_lines(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    """Split lines into cells; quotes may hold delimiters and line ends."""
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def find_layout(lines: Sequence[str], given: str | None, findings: Findings) -> Layout:
    """Find the layout from a text's first lines; stop if they are not a table."""
    marked = re.match(r"\s*sep=(.)\s*$", lines[0]) if lines else None
    candidates = [given or (marked and marked[1]) or ""]
    candidates = [mark for mark in candidates if mark] or list(DELIMITERS)
    tables = {delimiter: list(_rows(lines, delimiter)) for delimiter in candidates}
    delimiter = max(tables, key=lambda mark: _score(tables[mark]))
    rows = tables[delimiter]
    width = _usual_width(rows)
    if width < 2 and not _is_column_of_lists(rows):
        findings.stop(
            f"no table is found in it; it begins with {quoted(lines[0]) if lines else 'nothing'}",
            "--delimiter says what separates columns",
        )
    findings.say("file", f"delimiter {DELIMITERS.get(delimiter, delimiter)}")
    layout = _find_header(rows, lines, delimiter, width)
    _tell_preamble(lines, rows, layout, findings)
    return layout


def _rows(lines: Sequence[str], delimiter: str) -> Iterator[Row]:
    number = -1

    def counted_lines() -> Iterator[str]:
        nonlocal number
        for line in lines:
            number += 1
            if line.strip() and not is_comment(line):
                yield line

    try:
        for cells in split_lines(counted_lines(), delimiter):
            yield Row(number, strip_row(cells))
    except csv.Error:
        return


def strip_row(cells: list[str]) -> list[str]:
    """Return the cells without surrounding spaces, and without empty cells at the end."""
    cells = [cell.strip() for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _usual_width(rows: Sequence[Row]) -> int:
    # The wider of two equally frequent widths: a preamble is narrow.
    widths = Counter(len(row.cells) for row in rows)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _score(rows: Sequence[Row]) -> float:
    """Rate how much these rows look like a table of data.

    Such rows have the same width and hold numbers, at best below a header of known names.
    """
    width = _usual_width(rows)
    if width < 2:
        return 0.0
    alike = [row for row in rows if len(row.cells) == width]
    cells = [cell for row in alike for cell in row.cells]
    share = sum(map(_worth, cells)) / len(cells)
    headers = [row for row in rows if _is_header(row, width)]
    names = max((sum(map(is_known_name, row.cells)) for row in headers), default=0)
    return len(alike) / len(rows) * (0.05 + share) * math.log2(1 + min(width, 8)) + min(names, 3)


def _worth(cell: str) -> float:
    """Rate a cell as data. Numbers with separators may be a list, or a wrong split."""
    if is_missing(cell) or looks_numeric(cell) or _CLOCK.fullmatch(cell):
        return 1.0
    return 0.5 if looks_like_list(cell) else 0.0


def _is_value(cell: str) -> bool:
    return bool(looks_numeric(cell) or _CLOCK.fullmatch(cell) or looks_like_list(cell))


def _is_column_of_lists(rows: Sequence[Row]) -> bool:
    return bool(rows and rows[-1].cells) and looks_like_list(rows[-1].cells[0])


def _find_header(rows: Sequence[Row], lines: Sequence[str], delimiter: str, width: int) -> Layout:
    """Take as the header the row of names before the data with the most known names."""
    first = next((i for i, row in enumerate(rows) if _is_data(row, width)), len(rows))
    headers = [i for i in range(first) if _is_header(rows[i], width)]
    if headers:
        known = [sum(map(is_known_name, rows[i].cells)) for i in headers]
        best = max(range(len(headers)), key=lambda i: (known[i], headers[i]))
        return _below_header(rows, headers[best], delimiter)
    line = rows[first].line if first < len(rows) else len(lines)
    names = _names_in_comment(lines[:line], delimiter, width)
    has_header = bool(names)
    return Layout(delimiter, names or [str(i + 1) for i in range(width)], line, has_header)


def _is_data(row: Row, width: int) -> bool:
    values = sum(map(_is_value, row.cells))
    return values >= min(2, width) and 2 * values >= sum(map(bool, row.cells)) - 8


def _is_header(row: Row, width: int) -> bool:
    names = [name for name in row.cells if name]
    return (
        len(names) >= min(2, width)
        and not any(map(_is_value, names))
        and (len(names) >= width - 1 or sum(map(is_known_name, names)) >= 2)
    )


def _below_header(rows: Sequence[Row], at: int, delimiter: str) -> Layout:
    names, body = list(rows[at].cells), list(rows[at + 1 :])
    if body and body[0].cells and all(map(is_unit, body[0].cells)):
        units = body.pop(0).cells
        names = [
            f"{name} [{unit.strip('()[]')}]" if unit else name
            for name, unit in zip(names, units + [""] * len(names), strict=False)
        ]
    if body and all(len(row.cells) == len(names) + 1 for row in body) and _has_row_names(body):
        names.insert(0, "")
    line = body[0].line if body else rows[at].line + 1
    return Layout(delimiter, names, line, True)


def _has_row_names(body: Sequence[Row]) -> bool:
    """Return whether R's write.table wrote this: its row names have a column without a name."""
    first = [row.cells[0] for row in body]
    is_counted = all(cell == str(i) for i, cell in enumerate(first, 1))
    return is_counted or not any(map(_is_value, first))


def _names_in_comment(lines: Sequence[str], delimiter: str, width: int) -> list[str]:
    """Return the names in the last comment before the data, which numpy.savetxt writes."""
    comments = [line.strip().lstrip("#%/ ") for line in lines if is_comment(line)]
    for comment in reversed(comments):
        for mark in (delimiter, None):
            names = [name.strip() for name in comment.split(mark)]
            if len(names) == width and not any(map(_is_value, names)):
                return names
    return []


def _tell_preamble(
    lines: Sequence[str], rows: Sequence[Row], layout: Layout, findings: Findings
) -> None:
    before = [line for line in lines[: layout.first_line] if line.strip()]
    skipped = len(before) - layout.has_header
    if skipped > 0:
        findings.say("file", f"{counted(skipped, 'line')} before the table skipped")
