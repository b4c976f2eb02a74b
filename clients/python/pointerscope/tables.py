"""The columns of each table and their types, so that an empty answer has them too."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

TIME, TEXT, NUMBER, COUNT, FLAG, ANY = (
    "datetime64[us, UTC]", "string", "float64", "Int64", "boolean", "object",
)  # fmt: skip

Columns = Mapping[str, str]
# A trial's id, and its steps of time, x and y.
Path = tuple[int, list[list[float]]]

_KEY = {"time": TIME, "seq": COUNT}
_SCENE = {
    **dict.fromkeys(("viewport_width", "viewport_height", "document_width"), NUMBER),
    **dict.fromkeys(("document_height", "scroll_x", "scroll_y", "pixel_ratio"), NUMBER),
    **dict.fromkeys(("pointer", "page"), TEXT),
}
SAMPLES: Columns = {"time": TIME, "x": NUMBER, "y": NUMBER, "seq": COUNT, "enter": FLAG}
SAMPLES_IN_SCENES: Columns = {**SAMPLES, **_SCENE}
SCENES: Columns = {**_KEY, **_SCENE}
MARKS: Columns = {**_KEY, "name": TEXT, "data": ANY}
STATUSES: Columns = {
    "time": TIME, "interval_ms": COUNT, "events": COUNT, "traversed_distance": NUMBER,
    "avg_velocity": NUMBER, "peak_velocity": NUMBER, "moving_time": NUMBER,
    "start_x": NUMBER, "start_y": NUMBER, "end_x": NUMBER, "end_y": NUMBER,
}  # fmt: skip
TRIALS: Columns = {
    "id": COUNT,
    **dict.fromkeys(("instance_id", "label", "study", "trial", "block", "condition"), TEXT),
    "response": TEXT, "correct": FLAG, "state": TEXT, "started_at": TIME, "ended_at": TIME,
    "start_target": ANY, "targets": ANY, "samples": COUNT,
    **dict.fromkeys(("rt", "mad", "mad_time", "md_above", "md_below", "ad", "auc"), NUMBER),
    **dict.fromkeys(("x_flips", "y_flips", "x_reversals", "y_reversals"), COUNT),
    "initiation_time": NUMBER, "idle_time": NUMBER, "hovers": COUNT, "hover_time": NUMBER,
    **dict.fromkeys(("total_distance", "velocity_max", "velocity_max_time"), NUMBER),
    "acceleration_max": NUMBER, "sample_entropy": NUMBER,
    **dict.fromkeys(("target_distance", "overshoot", "overshoot_aside"), NUMBER),
    **dict.fromkeys(("target_reentries", "axis_crossings", "direction_changes"), COUNT),
    "orthogonal_changes": COUNT,
    **dict.fromkeys(("movement_variability", "movement_error", "movement_offset"), NUMBER),
    **dict.fromkeys(("sample_rate", "longest_gap"), NUMBER), "same_times": COUNT, "resized": FLAG,
}  # fmt: skip
STEPS: Columns = {"step": COUNT, "time": NUMBER, "x": NUMBER, "y": NUMBER}
PATHS: Columns = {
    "trial_id": COUNT,
    **dict.fromkeys(("instance_id", "label", "study", "trial", "block", "condition"), TEXT),
    **STEPS,
}
THROUGHPUT: Columns = {
    **dict.fromkeys(("instance_id", "label", "study", "condition", "block"), TEXT),
    **dict.fromkeys(("left_out", "trials", "errors"), COUNT),
    **dict.fromkeys(("error_rate", "movement_time", "amplitude", "width"), NUMBER),
    **dict.fromkeys(("difficulty", "throughput"), NUMBER),
}
STUDIES: Columns = {
    "study": TEXT, "instances": COUNT, "trials": COUNT, "abandoned": COUNT, "conditions": ANY,
    "first_at": TIME, "last_at": TIME,
}  # fmt: skip
INSTANCES: Columns = {
    "instance_id": TEXT, "label": TEXT, "site": TEXT, "state": TEXT, "is_active": FLAG,
    "seen_at": TIME, "logged_on_at": TIME, "logged_off_at": TIME,
}  # fmt: skip
PAGES: Columns = {
    "id": COUNT, "site": TEXT, "name": TEXT, "instances": COUNT, "samples": COUNT,
    "dwell": NUMBER, "last_visit": TIME,
}  # fmt: skip
CELLS: Columns = {
    "width": COUNT, "column": COUNT, "row": COUNT, "x": COUNT, "y": COUNT, "value": NUMBER,
}  # fmt: skip


def to_frame(rows: Iterable[Mapping[str, Any]], columns: Columns) -> pd.DataFrame:
    """Return rows as a frame with these columns first, typed, and what else the service sends."""
    return _fit(pd.DataFrame.from_records(list(rows)), columns)


def join_paths(paths: Iterable[Path], trials: pd.DataFrame) -> pd.DataFrame:
    """Return paths as a row a step, with the names of their trials."""
    ids, parts = [], []
    for trial, steps in paths:
        # Rows of numbers at once: a study may have a million steps.
        part = np.empty((len(steps), 4))
        part[:, 0], part[:, 1:] = np.arange(1, len(steps) + 1), np.reshape(steps, (-1, 3))
        ids.append(np.full(len(steps), trial))
        parts.append(part)
    if not parts:
        return to_frame([], PATHS)
    table = pd.DataFrame(np.concatenate(parts), columns=list(STEPS))
    table.insert(0, "trial_id", np.concatenate(ids))
    names = [name for name in PATHS if name in trials and name not in STEPS]
    return _fit(table.join(trials.set_index("id")[names], on="trial_id"), PATHS)


def _fit(table: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    named = {name: table[name] if name in table else pd.Series(dtype=ANY) for name in columns}
    typed = {name: _typed(cells, columns[name]) for name, cells in named.items()}
    rest = {name: table[name] for name in table.columns if name not in columns}
    return pd.DataFrame({**typed, **rest}, index=table.index)


def _typed(cells: "pd.Series[Any]", kind: str) -> "pd.Series[Any]":
    if kind == TIME:
        return pd.to_datetime(cells, utc=True, format="ISO8601").astype(TIME)
    return cells.astype(kind)
