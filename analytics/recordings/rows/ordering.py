"""The order of a trial's rows by time, and whether they belong to one pointer."""

import math
from array import array
from collections.abc import Sequence
from itertools import groupby, pairwise

from analytics.recordings.rows.arrays import Rows

# Up to this many rows may follow later ones, because a logger wrote them late.
FEW_ROWS, FEW_SHARE = 2, 0.1
# This many rows in sequence, further back than this share of the range, are another trial.
RESTART_SHARE, RESTART_ROWS = 0.5, 3
# This many equal times in sequence mean several pointers rather than a coarse clock.
LEAST_TIES, TIED_SHARE, MOST_TIED = 3, 0.5, 20


def late_rows(trial: Sequence[int], times: array) -> list[int]:
    """Return the rows that follow rows of later times."""
    latest, late = -math.inf, []
    for i in trial:
        if times[i] < latest:
            late.append(i)
        else:
            latest = times[i]
    return late


def are_few(late: Sequence[int], trial: Sequence[int], times: array) -> bool:
    """Return whether late rows come from a logger, and not from another trial that restarts.

    Another trial would repeat existing times, or go back a long way and stay there.
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
    """Return whether adjacent rows have the same time."""
    return any(times[a] == times[b] for a, b in pairwise(trial))


def is_certain(trial: Sequence[int], ordered: Sequence[int], rows: Rows, times: array) -> bool:
    """Return whether an order by time is right although it moves most rows.

    It is right if the file's own seq agrees, or if the rows are in reverse order.
    """
    seqs = rows.seqs
    has_own = any(a > b for a, b in pairwise(ordered))
    agrees = has_own and all(seqs[a] < seqs[b] for a, b in pairwise(ordered))
    return agrees or all(times[a] >= times[b] for a, b in pairwise(trial))


def are_several_pointers(ordered: Sequence[int], rows: Rows, times: array) -> bool:
    """Return whether equal times belong to pointers that move in parallel.

    Rows of one pointer at one time are nearer to each other than to those of the next time. Rows of
    several pointers are apart, and each is nearer to its own next row.
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
