"""The JSON of answers about stored samples; for batches see analytics/ingest/batch.py."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from core.api.rendering import TimeText
from dashboard.wire import Pixels

Seconds = Annotated[float, Meta(description="s")]
Velocity = Annotated[float | None, Meta(description="px/s; null where there was no stroke")]
Acceleration = Annotated[
    float | None, Meta(description="px/s²; null where no stroke has three samples")
]

NextCursor = Annotated[
    str | None, Meta(description="the `cursor` of the next page; null: this was the last")
]
ScrollX = Annotated[float, Meta(description="CSS px; `x` + this is a sample's place in the page")]
ScrollY = Annotated[float, Meta(description="CSS px; `y` + this is a sample's place in the page")]
PixelRatio = Annotated[float, Meta(description="device px per CSS px")]
PointerName = Annotated[str, Meta(description="`mouse`, `pen` or `touch`")]
PageName = Annotated[str | None, Meta(description="null unless the site sends names of pages")]


class StoredEvent(Struct):
    """One stored sample, with its position as float32.

    What lies under the pointer is given only if the call asks for it, and is null where the
    instance has no scene before.
    """

    time: TimeText
    x: Annotated[float, Meta(description="CSS px in the viewport")]
    y: Annotated[float, Meta(description="CSS px in the viewport")]
    seq: int
    enter: Annotated[bool, Meta(description="the pointer came (back) into the page here")]
    viewport_width: Pixels | UnsetType | None = UNSET
    viewport_height: Pixels | UnsetType | None = UNSET
    document_width: Pixels | UnsetType | None = UNSET
    document_height: Pixels | UnsetType | None = UNSET
    scroll_x: ScrollX | UnsetType | None = UNSET
    scroll_y: ScrollY | UnsetType | None = UNSET
    pixel_ratio: PixelRatio | UnsetType | None = UNSET
    pointer: PointerName | UnsetType | None = UNSET
    page: PageName | UnsetType = UNSET


class EventPage(Struct):
    """A page of samples, ordered by (time, seq)."""

    events: list[StoredEvent]
    next_cursor: NextCursor


class StoredScene(Struct):
    """What lies under the pointer from (time, seq) until the instance's next scene."""

    time: TimeText
    seq: int
    viewport_width: Pixels
    viewport_height: Pixels
    document_width: Pixels
    document_height: Pixels
    scroll_x: ScrollX
    scroll_y: ScrollY
    pixel_ratio: PixelRatio
    pointer: PointerName
    page: PageName


class ScenePage(Struct):
    """A page of scenes, ordered by (time, seq)."""

    scenes: list[StoredScene]
    next_cursor: NextCursor


class StoredMark(Struct):
    """Something that happened, as the site's own code said."""

    time: TimeText
    seq: int
    name: str
    data: dict[str, Any]


class MarkPage(Struct):
    """A page of marks, ordered by (time, seq)."""

    marks: list[StoredMark]
    next_cursor: NextCursor


class Receipt(Struct, frozen=True):
    """The counts of a batch's events; the first three add up to them."""

    accepted: Annotated[int, Meta(description="new, and stored")]
    duplicates: Annotated[int, Meta(description="stored before, and left as they were")]
    conflicts: Annotated[int, Meta(description="not stored: their key has another position")]
    scenes: Annotated[int, Meta(description="new ones; only if some were sent")] | UnsetType = UNSET
    marks: Annotated[int, Meta(description="new ones; only if some were sent")] | UnsetType = UNSET


class Measured(Struct):
    """A pointer's movement in a range. docs/metrics.md defines every number."""

    events: int
    entries: Annotated[int, Meta(description="how often the pointer came (back) into the page")]
    tracked_time: Seconds
    moving_time: Seconds
    path_length: Pixels
    net_x: Pixels
    net_y: Pixels
    net_displacement: Pixels
    straightness: Annotated[
        float | None,
        Meta(description="net displacement / path length, 0 to 1; null where nothing moved"),
    ]
    x_flips: int
    y_flips: int
    pauses: int
    pause_time: Seconds
    strokes: Annotated[int, Meta(description="movements between pauses and entries")]
    stroke_time: Seconds
    velocity_mean: Velocity
    velocity_p5: Velocity
    velocity_p25: Velocity
    velocity_p50: Velocity
    velocity_p75: Velocity
    velocity_p95: Velocity
    velocity_max: Velocity
    acceleration_max: Acceleration
    acceleration_min: Acceleration
    jerk_rms: Annotated[
        float | None, Meta(description="px/s³; null where no stroke has four samples")
    ]
    log_dimensionless_jerk: Annotated[
        float | None,
        Meta(description="the median over strokes; a lower one is rougher"),
    ]


class Measures(Struct):
    """The research measures of one browser in [since, until)."""

    instance_id: UUID
    since: Annotated[TimeText | None, Meta(description="null: from the first sample")]
    until: Annotated[TimeText | None, Meta(description="null: to the last sample")]
    pause_ms: Annotated[int, Meta(description="ms; a longer rest is a pause")]
    measures: Measured
