"""What the user says about a file where it does not speak for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

# Those that --columns may map, in the order of the help.
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
    "kind",
)
# --columns FIELD=- says that the file has no such column, even if a name suggests one.
ABSENT = "-"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a file is to be read; None and empty leave it to the reader.

    `columns` maps FIELDS to the file's names or numbers (from 1). `only` and `drop` map columns to
    the values that are kept or left out; `drop_positions` are (x, y) as the file has them.
    `keep_positions` takes positions that look like the mark of a missing one as real.
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
