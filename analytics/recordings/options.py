"""The user's options for files that are ambiguous."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

# The fields that --columns may map, in the order of the help.
FIELDS = (
    "time",
    "x",
    "y",
    "seq",
    "enter",
    "date",
    "instance",
    "participant",
    "session",
    "pointer",
    "trial",
    "block",
    "condition",
    "response",
    "correct",
    "kind",
)
# --columns FIELD=- declares that the file has no such column, whatever a name suggests.
ABSENT = "-"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a file is to be read; None and empty values let the reader decide.

    `columns` maps FIELDS to the file's column names or numbers (from 1). `only` and `drop` map
    columns to the values that are kept or left out; `drop_positions` are (x, y) in the file's
    units. `keep_positions` accepts positions that look like a mark for a missing one.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    time_unit: str | None = None
    time_format: str | None = None
    time_is_delta: bool = False
    timezone: tzinfo | None = None
    group_by: Sequence[str] = ()
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    drop: Mapping[str, Sequence[str]] = field(default_factory=dict)
    drop_positions: Sequence[tuple[float, float]] = ()
    keep_positions: bool = False
    scale: tuple[float, float] | None = None
    flip_y: bool = False
    strict: bool = False
