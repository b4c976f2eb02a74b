"""Recordings in which a pointer jumps whenever an unused column changes: several pointers' rows."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from analytics.recordings.columns.roles import Roles
from analytics.recordings.findings import Findings
from analytics.recordings.rows.cells import is_missing
from analytics.recordings.samples import Recording
from analytics.recordings.tables.table import Chunk

# A column of more values is no name of a pointer.
MOST_VALUES = 20
# A column that changes less often, or less often for each of its values, may name parts in order.
LEAST_CHANGES, CHANGES_A_VALUE = 6, 3
# The pointer jumps this far at changes, and this many times as far as from its row before.
JUMP_PX, JUMP_TIMES = 50.0, 5.0
# Slower samples may be taps, which are far apart.
SLOWEST_US = 100_000


def refuse_mixtures(
    recordings: Sequence[Recording], head: Chunk, roles: Roles, findings: Findings
) -> None:
    """Refuse recordings whose first rows are nearer to each other where a column is the same."""
    rows = {place: i for i, place in enumerate(head.places)}
    used = {*roles.needed()}
    for name, cells in head.columns.items():
        if name in used or not 1 < len({*map(_key, cells)}) <= MOST_VALUES:
            continue
        if any(_is_mixed(recording, rows, cells) for recording in recordings):
            findings.refuse(
                f"the pointer jumps whenever {name} changes: rows are of several pointers?",
                f"--group-by {name} tells pointers apart; --columns pointer=- takes them for one",
            )
            return


def _key(cell: Any) -> str:
    return "" if is_missing(cell) else str(cell)


def _is_mixed(recording: Recording, rows: Mapping[int, int], cells: Sequence[Any]) -> bool:
    """Compare the steps at which a column changes with the steps from its value's row before."""
    last: dict[str, int] = {}
    changes, jumps, steps = 0, 0.0, 0.0
    before = -1
    for i, place in enumerate(recording.places):
        if recording.enters[i]:
            last.clear()
            before = -1
        if place not in rows:
            continue
        key = _key(cells[rows[place]])
        if before >= 0 and key in last and last[key] != before:
            changes += 1
            jumps += _step(recording, before, i)
            steps += _step(recording, last[key], i)
        last[key] = before = i
    if changes < max(LEAST_CHANGES, CHANGES_A_VALUE * len(last)):
        return False
    return jumps > JUMP_PX * changes and jumps > JUMP_TIMES * steps


def _step(recording: Recording, a: int, b: int) -> float:
    return math.hypot(recording.xs[a] - recording.xs[b], recording.ys[a] - recording.ys[b])
