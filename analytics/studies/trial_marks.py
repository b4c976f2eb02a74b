"""Finds the trials of one browser in its marks `trial:start` and `trial:end`."""

import json
import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

START, END = "trial:start", "trial:end"
# A start that no mark follows within this time has no trial. It bounds what a late mark can change.
LONGEST = timedelta(hours=1)


class TrialMark(NamedTuple):
    """A mark of a trial, by its key (time, seq)."""

    time: datetime
    seq: int
    name: str
    data: dict[str, Any]


class FoundTrial(NamedTuple):
    """A trial from its start to its end, with what its marks say, as the columns of `Trial`."""

    started_at: datetime
    start_seq: int
    ended_at: datetime
    end_seq: int
    columns: dict[str, Any]


def find_trials(marks: Iterable[TrialMark]) -> list[FoundTrial]:
    """Return the trials of a browser from its marks in the order of (time, seq).

    A start opens a trial, and the next mark closes it: an end, or another start, which abandons it.
    """
    return [
        FoundTrial(start.time, start.seq, close.time, close.seq, _columns(start, close))
        for start, close in pairwise(marks)
        if start.name == START and close.time - start.time <= LONGEST
    ]


def _columns(start: TrialMark, close: TrialMark) -> dict[str, Any]:
    answer = close.data if close.name == END else {}
    targets = start.data.get("targets")
    rectangles = targets.items() if isinstance(targets, dict) else ()
    correct = answer.get("correct")
    return {
        "state": "ended" if close.name == END else "abandoned",
        **{name: _text(start.data.get(name)) for name in ("study", "trial", "block", "condition")},
        "response": _text(answer.get("response")),
        "correct": correct if isinstance(correct, bool) else None,
        "start_target": _rectangle(start.data.get("start")),
        "targets": {name: one for name, value in rectangles if (one := _rectangle(value))},
    }


def _text(value: Any) -> str:
    """Return a string or a number as text, and an empty text for any other JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, int | float) else ""


def _rectangle(value: Any) -> list[float] | None:
    """Return x, y, width and height if the value has these four numbers, else None."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    numbers = [
        float(one) for one in value if isinstance(one, int | float) and not isinstance(one, bool)
    ]
    return numbers if len(numbers) == 4 and all(map(math.isfinite, numbers)) else None
