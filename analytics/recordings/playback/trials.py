"""The trials of a recording as the marks that the service makes trials from."""

import hashlib
from collections.abc import Iterator
from typing import Any

from analytics.recordings.samples import RecordedTrial, Recording


def to_marks(recording: Recording, *, study: str) -> list[dict[str, Any]]:
    """Return a mark at the first and at the last sample of each trial, with `us` for the time."""
    return [mark for trial in recording.named for mark in _marks(recording, trial, study)]


def _marks(recording: Recording, trial: RecordedTrial, study: str) -> Iterator[dict[str, Any]]:
    names = {"study": study, "trial": trial.trial, "block": trial.block,
             "condition": trial.condition}  # fmt: skip
    answer = {"response": trial.response, "correct": trial.correct}
    # The end of a trial of one sample needs a key of its own.
    later = int(trial.first == trial.last)
    for name, i, add, data in (
        ("trial:start", trial.first, 0, names),
        ("trial:end", trial.last, later, answer),
    ):
        given = {key: value for key, value in data.items() if value not in ("", None)}
        yield {"us": recording.times_us[i], "seq": recording.seqs[i] + add, "name": name,
               "data": given}  # fmt: skip


def fingerprint(recording: Recording, *, keeps_times: bool) -> str:
    """Return what tells a recording from all others: 64 hexadecimal digits.

    It is the same whenever a file with these samples, labels and trials is read in the same way.
    """
    digest = hashlib.sha256()
    for text in (recording.label, repr(recording.named), repr(keeps_times)):
        digest.update(text.encode() + b"\0")
    for column in (recording.times_us, recording.xs, recording.ys, recording.seqs):
        digest.update(column.tobytes())
    digest.update(recording.enters)
    return digest.hexdigest()
