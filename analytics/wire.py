"""What goes over the wire about stored samples; batches have analytics/batches.py."""

from typing import Annotated

from msgspec import Meta, Struct

from core.rendering import TimeText


class StoredEvent(Struct):
    """One stored sample, as float32 holds its position."""

    time: TimeText
    x: Annotated[float, Meta(description="CSS px in the viewport")]
    y: Annotated[float, Meta(description="CSS px in the viewport")]
    seq: int
    enter: Annotated[bool, Meta(description="the pointer came (back) into the page here")]


class EventPage(Struct):
    """A page of samples, ordered by (time, seq)."""

    events: list[StoredEvent]
    next_cursor: Annotated[
        str | None, Meta(description="the `cursor` of the next page; null: this was the last")
    ]


class BatchReceipt(Struct):
    """What became of a batch's events; the three add up to the batch."""

    accepted: Annotated[int, Meta(description="new, and stored")]
    duplicates: Annotated[int, Meta(description="stored before, and left as they were")]
    conflicts: Annotated[int, Meta(description="not stored: another position has their key")]
