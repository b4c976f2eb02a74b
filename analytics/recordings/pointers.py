"""Rows into recordings: one for each pointer, its trials in order, its samples by time."""

import math
from array import array
from collections.abc import Sequence
from itertools import groupby, pairwise

from analytics.recordings.collecting import Rows
from analytics.recordings.columns import Roles
from analytics.recordings.findings import Findings, counted, listed
from analytics.recordings.samples import Recording
from analytics.recordings.tables import Table

# So many rows may stand behind later ones, for they were written late.
FEW_ROWS, FEW_SHARE = 2, 0.1
# Between trials whose times begin anew.
PAUSE_US = 1_000_000
# What tells rows of several pointers from a coarse clock: so many equal times, in a row.
LEAST_TIES, TIED_SHARE = 3, 0.5


def to_recordings(
    rows: Rows, times_us: array, *, table: Table, roles: Roles, is_dated: bool,
    are_lists: bool, findings: Findings,
) -> list[Recording]:  # fmt: skip
    """Make a recording of each pointer's rows; what cannot be told apart is refused."""
    pointers: dict[int, dict[int, list[int]]] = {}
    if len(rows.trial_keys) == 1:
        pointers[0] = {0: range(len(rows))}  # type: ignore[dict-item]
    else:
        for i, (pointer, trial) in enumerate(zip(rows.pointers, rows.trials, strict=True)):
            pointers.setdefault(pointer, {}).setdefault(trial, []).append(i)
    labels = {number: _label(key, roles) for key, number in rows.pointer_keys.items()}
    has_trials = bool(roles.trials) or are_lists
    maker = _Maker(rows, times_us, is_dated, findings)
    recordings = [
        maker.make(labels[pointer], list(trials.values()), has_trials=has_trials)
        for pointer, trials in pointers.items()
    ]
    maker.tell(table, roles)
    return recordings


def _label(key: Sequence[str], roles: Roles) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(roles.people, key, strict=True))


class _Maker:
    def __init__(self, rows: Rows, times_us: array, is_dated: bool, findings: Findings) -> None:
        self.rows, self.times, self.is_dated, self.findings = rows, times_us, is_dated, findings
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
                trials = [self._sorted([i for trial in trials for i in trial])]
                self.overlapping += 1
            else:
                self._lay_out(trials)
                has_trials = True
        recording = Recording(label, len(trials) if has_trials else 0, self.is_dated)
        for trial in trials:
            self._append(recording, trial, enters=has_trials)
        return recording

    def _in_order(self, trial: Sequence[int]) -> Sequence[int]:
        """Return a trial's rows by time, where few have to move, or all in the same way."""
        late = self._late_rows(trial)
        moved = len(late)
        if not moved and not self._has_ties(trial):
            return trial
        ordered = self._sorted(trial)
        if self._are_few(late, trial):
            self.late += moved
        elif self._rises_by_seq(ordered) or self._falls(trial):
            self.findings.warn("The rows are not in the order of time, and were sorted.")
        else:
            self.moved += moved
        if self._are_several_pointers(ordered):
            self.mixed += 1
        return ordered

    def _late_rows(self, trial: Sequence[int]) -> list[int]:
        """Return the rows that stand behind rows of later times."""
        times, latest, late = self.times, -math.inf, []
        for i in trial:
            if times[i] < latest:
                late.append(i)
            else:
                latest = times[i]
        return late

    def _are_few(self, late: Sequence[int], trial: Sequence[int]) -> bool:
        """Tell whether late rows are a logger's, and not another trial that begins anew."""
        if len(late) <= FEW_ROWS:
            return True
        if len(late) > FEW_SHARE * len(trial):
            return False
        times = self.times
        moved = set(late)
        in_time = {times[i] for i in trial if i not in moved}
        return 2 * sum(times[i] in in_time for i in late) <= len(late)

    def _sorted(self, trial: Sequence[int]) -> list[int]:
        times, seqs = self.times, self.rows.seqs
        return sorted(trial, key=lambda i: (times[i], seqs[i]))

    def _has_ties(self, trial: Sequence[int]) -> bool:
        times = self.times
        return any(times[a] == times[b] for a, b in pairwise(trial))

    def _rises_by_seq(self, ordered: Sequence[int]) -> bool:
        """Tell whether the file's own order, its seq, is that of time."""
        seqs = self.rows.seqs
        is_own = any(a > b for a, b in pairwise(ordered))
        return is_own and all(seqs[a] < seqs[b] for a, b in pairwise(ordered))

    def _falls(self, trial: Sequence[int]) -> bool:
        times = self.times
        return len(trial) > 2 and all(times[a] >= times[b] for a, b in pairwise(trial))

    def _are_several_pointers(self, ordered: Sequence[int]) -> bool:
        """Tell whether equal times are those of pointers that move side by side.

        Rows of one pointer and one time lie nearer to each other than to those of the next time;
        those of several pointers lie apart, and each nearer to its own next.
        """
        times = self.times
        ties = [list(group) for _, group in groupby(ordered, key=times.__getitem__)]
        tied = within = across = 0.0
        pairs = 0
        for these, following in pairwise(ties):
            if len(these) > 1:
                tied += len(these)
            if 1 < len(these) == len(following) < 20:
                pairs += 1
                within += sum(self._distance(a, b) for a, b in pairwise(these))
                across += sum(map(self._distance, these, following))
        return pairs >= LEAST_TIES and tied > TIED_SHARE * len(ordered) and within > 2 * across

    def _distance(self, a: int, b: int) -> float:
        rows = self.rows
        return math.hypot(rows.xs[a] - rows.xs[b], rows.ys[a] - rows.ys[b])

    def _follow(self, trials: Sequence[Sequence[int]]) -> bool:
        times = self.times
        return all(times[a[-1]] <= times[b[0]] for a, b in pairwise(trials))

    def _lay_out(self, trials: Sequence[Sequence[int]]) -> None:
        """Let trials whose times begin anew follow each other."""
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

    def _without_repeats(self, trial: Sequence[int]) -> Sequence[int]:
        """Leave out rows with the identity of the one before; two positions are a conflict."""
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
        """Say in the findings what was done, and what could not be."""
        if self.late:
            self.findings.mend("time goes back: sorted", self.late)
        if self.repeated:
            self.findings.leave_out("the same sample again", self.repeated)
        if self.anew:
            self.findings.warn(
                "Times begin anew with each trial, so trials follow each other, 1 s apart."
            )
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
        """Name the columns that may tell pointers or trials apart."""
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
