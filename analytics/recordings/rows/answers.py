"""What a file says of a whole trial: its condition and the response, repeated in each row."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from analytics.recordings.columns.roles import Roles
from analytics.recordings.findings import Findings
from analytics.recordings.rows.cells import to_flag
from analytics.recordings.rows.grouping import keys_of
from analytics.recordings.samples import RecordedTrial
from analytics.recordings.tables.table import Chunk

ADVICE = "is it another trial? --columns trial=NAME; --columns condition=- reads it without"


def take_answers(
    chunk: Chunk,
    roles: Roles,
    trials: Sequence[int],
    known: dict[int, tuple[str, ...]],
    findings: Findings,
) -> None:
    """Add each trial's answers to the `known` ones; empty cells say nothing.

    Two conditions in one trial refuse the file, because one of them would be lost. Of several
    responses the last one counts, because a participant may choose again.
    """
    answers = keys_of(chunk, roles.answers)
    rows = zip(trials, answers, chunk.places, strict=True)
    for (trial, told), same in groupby(rows, key=itemgetter(0, 1)):
        _, _, place = next(same)
        before = known.get(trial, told)
        for name, one, other in zip(roles.answers, before, told, strict=True):
            if not (one and other) or one == other:
                continue
            if name in roles.conditions:
                why = f'is said of a trial that began with "{one}"'
                findings.refuse_cell(place, name, other, why, ADVICE)
            else:
                findings.mend(f"{name} changes within a trial: the last one counts")
        known[trial] = tuple(other or one for one, other in zip(before, told, strict=True))


def to_trial(key: tuple, answers: tuple[str, ...], roles: Roles) -> RecordedTrial:
    """Return what a file says of a trial by its key in `Rows.trial_keys`, and its answers."""
    named = dict(zip(roles.trials, key[1], strict=True))
    told = dict(zip(roles.answers, answers, strict=True))
    trials = [value for name, value in named.items() if name not in roles.blocks]
    return RecordedTrial(
        trial=_joined(trials),
        block=_joined([named[name] for name in roles.blocks if name in named]),
        condition=_joined([told[name] for name in roles.conditions]),
        response=_joined([told[name] for name in roles.responses]),
        correct=_flag(told.get(roles.correct, "")),
    )


def _joined(values: Sequence[str]) -> str:
    return ", ".join(filter(None, values))


def _flag(text: str) -> bool | None:
    try:
        return to_flag(text) if text else None
    except ValueError:
        return None
