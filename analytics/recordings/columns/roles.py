"""The roles of the columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Roles:
    """The column names by role; roles that distinguish pointers and trials are lists."""

    time: str = ""
    x: str = ""
    y: str = ""
    seq: str = ""
    enter: str = ""
    # The date, if times are times of day.
    date: str = ""
    # A column that may hold the fractions of a second which the times lack.
    fractions: str = ""
    people: list[str] = field(default_factory=list)
    trials: list[str] = field(default_factory=list)
    # Those of the columns in `trials` that name blocks.
    blocks: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    responses: list[str] = field(default_factory=list)
    # Whether the response was right.
    correct: str = ""
    kinds: list[str] = field(default_factory=list)
    # The user's conditions, by the file's column names.
    only: dict[str, Sequence[str]] = field(default_factory=dict)
    drop: dict[str, Sequence[str]] = field(default_factory=dict)

    @property
    def are_exported(self) -> bool:
        """Whether a service exported the file: its positions are px, each instance's by itself."""
        return bool(self.seq and self.enter)

    @property
    def answers(self) -> list[str]:
        """The columns that say something of a whole trial."""
        return [name for name in (*self.conditions, *self.responses, self.correct) if name]

    def needed(self) -> list[str]:
        """Return all columns that are read, each once."""
        one = [self.time, self.x, self.y, self.seq, self.enter, self.date]
        many = [*self.people, *self.trials, *self.answers, *self.kinds, *self.only, *self.drop]
        return list(dict.fromkeys(name for name in [*one, *many] if name))
