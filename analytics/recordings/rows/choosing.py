"""Rows to leave out: by the user's options, by their kind, or for missing values."""

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any

from analytics.recordings.columns.roles import Roles
from analytics.recordings.columns.words import has_no_position
from analytics.recordings.findings import Findings, quoted
from analytics.recordings.rows.cells import is_missing, to_number
from analytics.recordings.tables.table import Chunk


def without_other_rows(chunk: Chunk, roles: Roles, findings: Findings) -> Chunk:
    """Leave out the rows that the user excludes, and those of kinds without a position."""
    for name, values in roles.only.items():
        chunk = _pass_over(chunk, name, findings, _Among(values).__contains__, is_wanted=True)
    for name, values in roles.drop.items():
        chunk = _pass_over(chunk, name, findings, _Among(values).__contains__)
    for name in roles.kinds:
        if name not in roles.only:
            chunk = _pass_over(chunk, name, findings, has_no_position)
    return chunk


def _pass_over(
    chunk: Chunk,
    name: str,
    findings: Findings,
    test: Callable[[Any], bool],
    *,
    is_wanted: bool = False,
) -> Chunk:
    cells = chunk.columns[name]
    # There are few distinct values, so each is tested once.
    known: dict[Any, bool] = {}
    mask = []
    for cell in cells:
        key = cell if isinstance(cell, str | int | float | None) else str(cell)
        if key not in known:
            known[key] = test(cell) == is_wanted
        mask.append(known[key])
    if all(mask):
        return chunk
    for cell in compress(cells, (not kept for kept in mask)):
        findings.pass_over(f"{name} is {quoted(cell)}")
    return chunk.keep(mask)


def without_missing(chunk: Chunk, roles: Roles, findings: Findings) -> Chunk:
    for what in ("time", "x", "y"):
        name = getattr(roles, what)
        cells = chunk.columns[name]
        mask = [not is_missing(cell) for cell in cells] if _may_miss(cells) else []
        if not all(mask):
            at = mask.index(False)
            missing = mask.count(False)
            findings.leave_out(f"{name} is missing", missing, first=chunk.places[at])
            chunk = chunk.keep(mask)
    return chunk


class _Among:
    """Values of the command line; a cell matches one as a text or as a number."""

    def __init__(self, values: Sequence[str]) -> None:
        self.texts = {value.strip().lower() for value in values}
        self.numbers = set()
        for text in self.texts:
            try:
                self.numbers.add(to_number(text, "."))
            except ValueError:
                continue

    def __contains__(self, cell: Any) -> bool:
        if str(cell).strip().lower() in self.texts:
            return True
        try:
            return to_number(cell, ".") in self.numbers
        except ValueError:
            return False


def _may_miss(cells: Sequence[Any]) -> bool:
    """Return, at C speed, whether a cell may be missing; False is certain."""
    try:
        return not all(cells) or any(value != value for value in map(float, cells))
    except (ValueError, TypeError):
        return True
