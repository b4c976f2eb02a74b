"""A recording: the samples of one pointer in columns, in order."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


class RecordedSample(NamedTuple):
    """One sample: microseconds since any origin, position in px, and the rest of its identity."""

    time_us: int
    x: float
    y: float
    seq: int
    enter: bool


class RecordedTrial(NamedTuple):
    """What a file says of a trial, and the indices of its first and last sample."""

    trial: str
    block: str = ""
    condition: str = ""
    response: str = ""
    correct: bool | None = None
    first: int = 0
    last: int = 0


@dataclass
class Recording:
    """The samples of one pointer in columns of equal length, ordered by (time, seq).

    `times_us` are microseconds since 1970 if the recording `is_dated`, otherwise since any origin.
    `places` are the lines or rows of the file, for messages. `label` names the pointer in the
    file's words, such as "participant 7", and is empty if the file holds one pointer. `named` are
    its trials, where the file tells them apart.
    """

    label: str = ""
    trials: int = 0
    named: list[RecordedTrial] = field(default_factory=list)
    is_dated: bool = False
    times_us: array = field(default_factory=lambda: array("q"))
    xs: array = field(default_factory=lambda: array("d"))
    ys: array = field(default_factory=lambda: array("d"))
    seqs: array = field(default_factory=lambda: array("q"))
    enters: bytearray = field(default_factory=bytearray)
    places: array = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.times_us)

    def __iter__(self) -> Iterator[RecordedSample]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, i: int) -> RecordedSample:
        return RecordedSample(
            self.times_us[i], self.xs[i], self.ys[i], self.seqs[i], bool(self.enters[i])
        )

    def add(
        self, time_us: int, *, x: float, y: float, seq: int, enter: bool = False, place: int = 0
    ) -> None:
        """Append a sample, whose (time, seq) is greater than that of the last one."""
        self.times_us.append(time_us)
        self.xs.append(x)
        self.ys.append(y)
        self.seqs.append(seq)
        self.enters.append(enter)
        self.places.append(place)

    @property
    def span_us(self) -> int:
        """The time from the first sample to the last."""
        return self.times_us[-1] - self.times_us[0]
