"""The roles that columns have: time, x, y, pointer, trial, condition."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Roles:
    """The columns' names by what they are; those that tell pointers and trials apart are lists."""

    time: str = ""
    x: str = ""
    y: str = ""
    seq: str = ""
    enter: str = ""
    # The day, where times are times of a day.
    date: str = ""
    people: list[str] = field(default_factory=list)
    trials: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    # The user's conditions, by the columns' names as the file has them.
    only: dict[str, Sequence[str]] = field(default_factory=dict)
    drop: dict[str, Sequence[str]] = field(default_factory=dict)

    def needed(self) -> list[str]:
        """Return all columns that are read, each once."""
        one = [self.time, self.x, self.y, self.seq, self.enter, self.date]
        many = [*self.people, *self.trials, *self.conditions, *self.kinds, *self.only, *self.drop]
        return list(dict.fromkeys(name for name in [*one, *many] if name))
