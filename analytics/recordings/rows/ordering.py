"""The order of a trial's rows: by time, and whether they are of one pointer at all."""

import math
from array import array
from collections.abc import Sequence
from itertools import groupby, pairwise

from analytics.recordings.rows.arrays import Rows

# So many rows may stand behind later ones, for they were written late.
FEW_ROWS, FEW_SHARE = 2, 0.1
# Further back than this share of the whole, so many rows in a run are another trial.
RESTART_SHARE, RESTART_ROWS = 0.5, 3
# What tells rows of several pointers from a coarse clock: so many equal times, in a row.
LEAST_TIES, TIED_SHARE, MOST_TIED = 3, 0.5, 20


def late_rows(trial: Sequence[int], times: array) -> list[int]:
    """Return the rows that stand behind rows of later times."""
    latest, late = -math.inf, []
    for i in trial:
        if times[i] < latest:
            late.append(i)
        else:
            latest = times[i]
    return late


def are_few(late: Sequence[int], trial: Sequence[int], times: array) -> bool:
    """Tell whether late rows are a logger's, and not another trial that begins anew.

    That would have times that are there already, or go back a long way and stay there.
    """
    if len(late) <= FEW_ROWS:
        return True
    if len(late) > FEW_SHARE * len(trial) or _restarts(late, trial, times):
        return False
    moved = set(late)
    in_time = {times[i] for i in trial if i not in moved}
    return 2 * sum(times[i] in in_time for i in late) <= len(late)


def _restarts(late: Sequence[int], trial: Sequence[int], times: array) -> bool:
    first, last = min(times[i] for i in trial), max(times[i] for i in trial)
    far, run, latest = RESTART_SHARE * (last - first), 0, -math.inf
    moved = set(late)
    for i in trial:
        latest = max(latest, times[i])
        run = run + 1 if i in moved and latest - times[i] > far else 0
        if run == RESTART_ROWS:
            return True
    return False


def by_time(trial: Sequence[int], rows: Rows, times: array) -> list[int]:
    """Return a trial's rows in the order of (time, seq)."""
    seqs = rows.seqs
    return sorted(trial, key=lambda i: (times[i], seqs[i]))


def has_ties(trial: Sequence[int], times: array) -> bool:
    """Tell whether rows that follow each other have one time."""
    return any(times[a] == times[b] for a, b in pairwise(trial))


def is_certain(trial: Sequence[int], ordered: Sequence[int], rows: Rows, times: array) -> bool:
    """Tell whether an order by time is right though it moves most rows.

    So it is where the file's own seq agrees, and where the newest row comes first.
    """
    seqs = rows.seqs
    has_own = any(a > b for a, b in pairwise(ordered))
    agrees = has_own and all(seqs[a] < seqs[b] for a, b in pairwise(ordered))
    return agrees or all(times[a] >= times[b] for a, b in pairwise(trial))


def are_several_pointers(ordered: Sequence[int], rows: Rows, times: array) -> bool:
    """Tell whether equal times are those of pointers that move side by side.

    Rows of one pointer and one time lie nearer to each other than to those of the next time;
    those of several pointers lie apart, and each nearer to its own next.
    """

    def distance(a: int, b: int) -> float:
        return math.hypot(rows.xs[a] - rows.xs[b], rows.ys[a] - rows.ys[b])

    ties = [list(group) for _, group in groupby(ordered, key=times.__getitem__)]
    tied = sum(len(these) for these in ties if len(these) > 1)
    alike = [
        (these, following)
        for these, following in pairwise(ties)
        if 1 < len(these) == len(following) < MOST_TIED
    ]
    if len(alike) < LEAST_TIES or tied <= TIED_SHARE * len(ordered):
        return False
    within = sum(distance(a, b) for these, _ in alike for a, b in pairwise(these))
    across = sum(distance(a, b) for pair in alike for a, b in zip(*pair, strict=True))
    return within > 2 * across
