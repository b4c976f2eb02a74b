"""The columns seq, which distinguishes samples of one time, and enter, which marks entries."""

from collections.abc import Sequence
from typing import Any

from analytics.recordings.findings import Findings
from analytics.recordings.rows.cells import is_missing, to_flag, to_number
from analytics.recordings.tables.table import Chunk

MOST_SEQ = 2**31 - 1


def seqs_of(chunk: Chunk, name: str, decimal: str, findings: Findings) -> Sequence[int]:
    """Return the rows' seq from the column `name`, or their row numbers without one."""
    if not name:
        return chunk.numbers
    seqs = []
    for place, number, cell in zip(chunk.places, chunk.numbers, chunk.columns[name], strict=True):
        if is_missing(cell):
            findings.mend(f"{name} is missing: the row's number is taken")
            seqs.append(number)
            continue
        try:
            seqs.append(_to_seq(cell, decimal))
        except (ValueError, OverflowError) as error:
            advice = "--columns seq=- numbers the rows instead"
            findings.refuse_cell(place, name, cell, str(error), advice)
            seqs.append(0)
    return seqs


def _to_seq(cell: Any, decimal: str) -> int:
    value = to_number(cell, decimal)
    if value != int(value):
        raise ValueError("is no whole number")
    if not 0 <= value <= MOST_SEQ:
        raise ValueError(f"is not between 0 and {MOST_SEQ:,}")
    return int(value)


def enters_of(chunk: Chunk, name: str, findings: Findings) -> bytearray:
    """Return which rows enter, from the column `name`; no row does without one."""
    if not name:
        return bytearray(len(chunk.places))
    enters = bytearray()
    for place, cell in zip(chunk.places, chunk.columns[name], strict=True):
        try:
            enters.append(to_flag(cell))
        except ValueError as error:
            advice = "--columns enter=- reads the file without it"
            findings.refuse_cell(place, name, cell, str(error), advice)
            enters.append(False)
    return enters
