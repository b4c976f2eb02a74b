"""The JSON of answers about trials and studies."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from analytics.wire import NextCursor, Seconds
from core.api.rendering import TimeText
from dashboard.wire import Pixels

Rectangle = Annotated[list[float], Meta(description="x, y, width, height in px of the viewport")]
SinceStart = Annotated[float | None, Meta(description="s since the start")]
# Not a tuple, because some tools cannot read its schema.
Step = Annotated[
    list[float],
    Meta(
        min_length=3,
        max_length=3,
        description="s since the start; x and y in px of the viewport at the start",
    ),
]
OfLine = Annotated[
    float | None, Meta(description="px; positive above the ideal line; null where there is none")
]


class TrialAnswer(Struct):
    """A trial and its measures, each null where there is nothing to measure."""

    id: int
    instance_id: UUID
    label: str
    study: str
    trial: Annotated[str, Meta(description="its number or name in the study")]
    block: str
    condition: str
    response: str
    correct: Annotated[bool | None, Meta(description="null: the site's code did not say")]
    state: Annotated[str, Meta(description="`ended`, or `abandoned` by the next start")]
    started_at: TimeText
    ended_at: TimeText
    start_target: Rectangle | None
    targets: dict[str, Rectangle]
    samples: Annotated[int | None, Meta(description="null: too many to be measured")]
    rt: Seconds
    mad: OfLine
    mad_time: SinceStart
    md_above: OfLine
    md_below: OfLine
    ad: OfLine
    auc: Annotated[float | None, Meta(description="px²; null where there is no ideal line")]
    x_flips: int | None
    y_flips: int | None
    x_reversals: int | None
    y_reversals: int | None
    initiation_time: SinceStart
    idle_time: Seconds | None
    hovers: int | None
    hover_time: Seconds | None
    total_distance: Pixels | None
    velocity_max: Annotated[float | None, Meta(description="px/s")]
    velocity_max_time: SinceStart
    acceleration_max: Annotated[float | None, Meta(description="px/s²")]
    sample_entropy: float | None
    target_distance: Annotated[float | None, Meta(description="px; null without two targets")]
    overshoot: Annotated[float | None, Meta(description="px; where it ended, along the way")]
    overshoot_aside: Annotated[
        float | None,
        Meta(description="px; the same across the way, positive on the right of travel"),
    ]
    target_reentries: int | None
    axis_crossings: int | None
    direction_changes: int | None
    orthogonal_changes: int | None
    movement_variability: Annotated[
        float | None, Meta(description="px; the standard deviation of the distance from that line")
    ]
    movement_error: Annotated[
        float | None, Meta(description="px; the mean distance from that line")
    ]
    movement_offset: Annotated[
        float | None,
        Meta(description="px; the mean signed distance, positive on the right of travel"),
    ]
    sample_rate: Annotated[float | None, Meta(description="Hz, of the median interval")]
    longest_gap: Annotated[
        float | None, Meta(description="s, the longest interval in which it moved 10 px or more")
    ]
    same_times: Annotated[
        int | None, Meta(description="number of samples with the time of the one before")
    ]
    resized: Annotated[bool | None, Meta(description="null: the viewport's size is not known")]


class TrialsAnswer(Struct):
    """A page of trials, in the order of ids."""

    trials: list[TrialAnswer]
    next_cursor: NextCursor


class PathAnswer(Struct):
    """A trial's time-normalised path; empty for a trial without samples."""

    id: int
    study: str
    condition: str
    steps: list[Step]


class PathsAnswer(Struct):
    """A page of paths, in the order of the trials' ids."""

    paths: list[PathAnswer]
    next_cursor: NextCursor


class StudyAnswer(Struct):
    """A study: who took part, and their trials."""

    study: Annotated[str, Meta(description="empty: of trials without a study")]
    instances: Annotated[int, Meta(description="distinct instances")]
    trials: int
    abandoned: int
    conditions: list[str]
    first_at: TimeText
    last_at: TimeText


class StudiesAnswer(Struct):
    """All studies, by name."""

    studies: list[StudyAnswer]


class SequenceAnswer(Struct):
    """The throughput of one instance in one condition, null where it is not defined."""

    instance_id: UUID
    label: str
    study: str
    condition: str
    block: Annotated[str, Meta(description="empty unless `by_block` is set")]
    left_out: Annotated[int, Meta(description="ended trials without two targets or an end point")]
    trials: Annotated[int, Meta(description="ended trials that are measured, errors included")]
    errors: Annotated[int, Meta(description="those that ended outside their target")]
    error_rate: Annotated[float, Meta(description="their share, 0 to 1")]
    movement_time: Annotated[float, Meta(description="s; the mean time from start to end")]
    amplitude: Annotated[float, Meta(description="px; the effective amplitude")]
    width: Annotated[float | None, Meta(description="px; the effective width")]
    difficulty: Annotated[float | None, Meta(description="bit; the effective one")]
    throughput: Annotated[float | None, Meta(description="bit/s")]


class ThroughputAnswer(Struct):
    """A page of sequences, whole instances at a time."""

    sequences: list[SequenceAnswer]
    next_cursor: NextCursor
