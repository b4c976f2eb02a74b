"""Turns rows into recordings: one per pointer, with its trials in order and samples by time."""

from array import array
from collections.abc import Sequence
from itertools import pairwise

from analytics.recordings.columns.roles import Roles
from analytics.recordings.findings import Findings, counted, listed
from analytics.recordings.rows.answers import to_trial
from analytics.recordings.rows.arrays import Rows
from analytics.recordings.rows.ordering import (
    are_few,
    are_several_pointers,
    by_time,
    has_ties,
    is_certain,
    late_rows,
)
from analytics.recordings.samples import Recording
from analytics.recordings.tables.table import Table

# The pause between trials whose times restart.
PAUSE_US = 1_000_000


def to_recordings(
    rows: Rows, times_us: array, *, table: Table, roles: Roles, is_dated: bool,
    are_lists: bool, findings: Findings,
) -> list[Recording]:  # fmt: skip
    """Make a recording of each pointer's rows; refuse rows that cannot be told apart."""
    pointers: dict[int, dict[int, list[int]]] = {}
    if len(rows.trial_keys) == 1:
        pointers[0] = {0: range(len(rows))}  # type: ignore[dict-item]
    else:
        for i, (pointer, trial) in enumerate(zip(rows.pointers, rows.trials, strict=True)):
            pointers.setdefault(pointer, {}).setdefault(trial, []).append(i)
    labels = {number: _label(key, roles) for key, number in rows.pointer_keys.items()}
    has_trials = bool(roles.trials) or are_lists
    maker = _Maker(rows, times_us, roles, is_dated, findings)
    recordings = [
        maker.make(labels[pointer], list(trials.values()), has_trials=has_trials)
        for pointer, trials in pointers.items()
    ]
    maker.tell(table, roles)
    return recordings


def _label(key: Sequence[str], roles: Roles) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(roles.people, key, strict=True))


class _Maker:
    def __init__(
        self, rows: Rows, times_us: array, roles: Roles, is_dated: bool, findings: Findings
    ) -> None:
        self.rows, self.times, self.roles = rows, times_us, roles
        self.is_dated, self.findings = is_dated, findings
        self.keys = {number: key for key, number in rows.trial_keys.items()}
        self.moved = self.late = self.mixed = self.repeated = self.anew = self.overlapping = 0
        self.conflict: tuple[int, int] | None = None

    def make(self, label: str, trials: list[Sequence[int]], *, has_trials: bool) -> Recording:
        trials = [self._in_order(trial) for trial in trials]
        times = self.times
        if not self._follow(trials):
            by_start = sorted(trials, key=lambda trial: times[trial[0]])
            if self._follow(by_start):
                trials = by_start
            elif self.is_dated:
                every = [i for trial in trials for i in trial]
                trials = [by_time(every, self.rows, times)]
                self.overlapping += 1
            else:
                self._lay_out(trials)
                has_trials = True
        recording = Recording(
            label, trials=len(trials) if has_trials else 0, is_dated=self.is_dated
        )
        for trial in trials:
            self._append(recording, trial, enters=has_trials)
        return recording

    def _in_order(self, trial: Sequence[int]) -> Sequence[int]:
        """Return a trial's rows by time, counting rows that move in a doubtful order."""
        rows, times = self.rows, self.times
        late = late_rows(trial, times)
        if not late and not has_ties(trial, times):
            return trial
        ordered = by_time(trial, rows, times)
        if are_few(late, trial, times):
            self.late += len(late)
        elif is_certain(trial, ordered, rows, times):
            self.findings.warn("The rows are not in the order of time, and were sorted.")
        else:
            self.moved += len(late)
        self.mixed += are_several_pointers(ordered, rows, times)
        return ordered

    def _follow(self, trials: Sequence[Sequence[int]]) -> bool:
        times = self.times
        return all(times[a[-1]] <= times[b[0]] for a, b in pairwise(trials))

    def _lay_out(self, trials: Sequence[Sequence[int]]) -> None:
        """Place trials whose times restart one after another."""
        self.anew += len(trials)
        end = None
        for trial in trials:
            if end is not None:
                shift = end + PAUSE_US - self.times[trial[0]]
                for i in trial:
                    self.times[i] += shift
            end = self.times[trial[-1]]

    def _append(self, recording: Recording, trial: Sequence[int], *, enters: bool) -> None:
        rows, first = self.rows, len(recording)
        trial = self._without_repeats(trial)
        for column, values in (
            (recording.times_us, self.times),
            (recording.xs, rows.xs),
            (recording.ys, rows.ys),
            (recording.seqs, rows.seqs),
            (recording.enters, rows.enters),
            (recording.places, rows.places),
        ):
            column.extend(map(values.__getitem__, trial))
        if enters and len(recording) > first:
            recording.enters[first] = True
            self._name(trial[0], recording, first)

    def _name(self, row: int, recording: Recording, first: int) -> None:
        """Add what the file says of the trial; rows without a trial's name belong to none."""
        number = self.rows.trials[row]
        answers = self.rows.answers.get(number, ("",) * len(self.roles.answers))
        told = to_trial(self.keys[number], answers, self.roles)
        if self.roles.trials and not told.trial:
            return
        name = told.trial or str(len(recording.named) + 1)
        last = len(recording) - 1
        recording.named.append(told._replace(trial=name, first=first, last=last))

    def _without_repeats(self, trial: Sequence[int]) -> Sequence[int]:
        """Leave out repeated rows; two positions with one identity are a conflict."""
        rows, times = self.rows, self.times
        again = set()
        for i, j in pairwise(trial):
            if rows.seqs[i] == rows.seqs[j] and times[i] == times[j]:
                if (rows.xs[i], rows.ys[i]) == (rows.xs[j], rows.ys[j]):
                    again.add(j)
                elif not self.conflict:
                    self.conflict = rows.places[i], rows.places[j]
        self.repeated += len(again)
        return [i for i in trial if i not in again] if again else trial

    def tell(self, table: Table, roles: Roles) -> None:
        """Add to the findings what was changed, and what is refused."""
        if self.late:
            self.findings.mend("time goes back: sorted", self.late)
        if self.repeated:
            self.findings.leave_out("the same sample again", self.repeated)
        if self.anew:
            self.findings.warn("Times restart with each trial, so trials are placed 1 s apart.")
        if self.moved:
            self.findings.refuse(
                f"time goes back so often that sorting would move"
                f" {counted(self.moved, 'row')} of {len(self.rows):,}",
                f"--time-is delta, if {roles.time} is the step from the row before;"
                f" {self._group_advice(table, roles)}",
            )
        elif self.mixed:
            self.findings.refuse(
                "times repeat while positions jump: rows are of several pointers, and nothing says"
                " which",
                self._group_advice(table, roles),
            )
        if self.overlapping:
            self.findings.refuse(
                f"trials{' by ' if roles.trials else ''}{listed(roles.trials)} overlap in time",
                "--columns trial=- reads the file without trials; "
                + self._group_advice(table, roles),
            )
        if self.conflict:
            one, other = self.conflict
            self.findings.refuse(
                f"{self.findings.place}s {one:,} and {other:,} have one time and one {roles.seq},"
                " but two positions",
                "--columns seq=- numbers the rows; --group-by COLUMN tells pointers apart",
            )

    def _group_advice(self, table: Table, roles: Roles) -> str:
        """Return advice with the columns that may tell pointers or trials apart."""
        head = table.head()
        used = {roles.time, roles.x, roles.y, roles.seq, roles.enter, *roles.people, *roles.trials}
        some = {
            name: len(set(map(str, cells)))
            for name, cells in head.columns.items()
            if name not in used
        }
        told = [name for name, number in some.items() if 1 < number <= len(head.places) / 2]
        names = ",".join(told[:3]) or "COLUMN"
        return (
            f"--group-by {names} tells pointers apart, --columns trial={names.partition(',')[0]}"
            " trials"
        )
