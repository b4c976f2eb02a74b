"""The keys that distinguish pointers and trials: the values of some columns, numbered."""

from collections.abc import Sequence
from typing import Any

from analytics.recordings.rows.cells import is_missing
from analytics.recordings.tables.table import Chunk


def keys_of(chunk: Chunk, names: Sequence[str]) -> list[tuple]:
    """Return the cells of these columns for each row, as texts."""
    if not names:
        return [()] * len(chunk.places)
    columns = (map(_plain, chunk.columns[name]) for name in names)
    return list(zip(*columns, strict=True))


def _plain(cell: Any) -> str:
    """Return a cell as a key: 7, 7.0 and "7" are the same."""
    text = "" if is_missing(cell) else str(cell).strip()
    return text.removesuffix(".0") if text.removesuffix(".0").isdecimal() else text


def number_keys(keys: Sequence[tuple], known: dict[tuple, int]) -> list[int]:
    """Return the numbers of keys; new keys get the next numbers."""
    for key in dict.fromkeys(keys):
        known.setdefault(key, len(known))
    return [known[key] for key in keys]
