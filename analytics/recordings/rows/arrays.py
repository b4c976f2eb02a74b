"""The accepted rows of a file, as arrays."""

from array import array
from dataclasses import dataclass, field
from itertools import compress

from analytics.recordings.rows.times import TimeColumn


@dataclass
class Rows:
    """The accepted rows as arrays of equal length; `pointers` and `trials` hold numbers.

    `pointer_keys` and `trial_keys` map the keys to these numbers. `answers` are, by the number of a
    trial, the cells that say something of all of it, as texts.
    """

    times: TimeColumn
    xs: array = field(default_factory=lambda: array("d"))
    ys: array = field(default_factory=lambda: array("d"))
    seqs: array = field(default_factory=lambda: array("q"))
    enters: bytearray = field(default_factory=bytearray)
    places: array = field(default_factory=lambda: array("q"))
    pointers: array = field(default_factory=lambda: array("l"))
    trials: array = field(default_factory=lambda: array("l"))
    pointer_keys: dict[tuple, int] = field(default_factory=dict)
    trial_keys: dict[tuple, int] = field(default_factory=dict)
    answers: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.places)

    def keep(self, mask: bytearray) -> None:
        """Drop the rows whose mask is 0."""
        for name in ("xs", "ys", "seqs", "places", "pointers", "trials"):
            old = getattr(self, name)
            setattr(self, name, array(old.typecode, compress(old, mask)))
        self.enters = bytearray(compress(self.enters, mask))
        times = self.times
        times.values = array(times.values.typecode, compress(times.values, mask))
        times.is_us = bytearray(compress(times.is_us, mask))
