"""A batch: its samples, scenes and marks as they are sent, its limits, and the errors of a bad one.

The msgspec types are the only definition of the wire; they decode and check a valid batch at C
speed. Only an invalid batch is read again, item by item, to list all of its errors.
"""

from array import array
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar, NamedTuple

import msgspec
from django.conf import settings
from msgspec import UNSET, Meta, UnsetType

from analytics.ingest.scenes import MOST, Mark, Scene, data_errors
from analytics.ingest.times import EpochMs, Rfc3339, check_window, times_of
from core.api.bodies import field_error, refuse_repeated_keys
from core.api.problems import FieldError, Invalid, Malformed

MAX_EVENTS = settings.MAX_BATCH_EVENTS
# As msgspec says it.
EMPTY = FieldError("/events", "invalid", "Expected `array` of length >= 1")

Coordinate = Annotated[
    float, Meta(ge=-1_000_000, le=1_000_000, description="CSS px in the viewport")
]
Seq = Annotated[
    int, Meta(ge=0, le=2**31 - 1, description="tells samples of one time apart; or its place here")
]


class Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One pointer sample: `time` in epoch ms or RFC 3339; `x`, `y` in CSS px."""

    time: EpochMs | Rfc3339
    x: Coordinate
    y: Coordinate
    seq: Seq | None = None
    enter: Annotated[bool, Meta(description="the pointer came into the page here")] | UnsetType = (
        UNSET
    )


class Batch(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Up to 1,000 samples, 100 scenes and 100 marks, at least one of them.

    It has the write token if the sender cannot set headers.
    """

    events: Annotated[
        list[Event],
        Meta(max_length=MAX_EVENTS, description="may be empty if there are scenes or marks"),
    ]
    token: Annotated[str, Meta(description="the write token, if no header has it")] | None = None
    scenes: Annotated[list[Scene], Meta(max_length=MOST)] | UnsetType = UNSET
    marks: Annotated[list[Mark], Meta(max_length=MOST)] | UnsetType = UNSET

    # At least one of them has an item. Not as alternatives, which ReDoc shows as three batches.
    more_schema: ClassVar[dict[str, Any]] = {
        "not": {"properties": {name: {"maxItems": 0} for name in ("events", "scenes", "marks")}}
    }


class Samples(NamedTuple):
    """Samples as columns of equal length: epoch microseconds, px as float32, seq, enter."""

    times: list[int]
    xs: array
    ys: array
    seqs: list[int]
    enters: list[bool]


class _LooseBatch(msgspec.Struct, forbid_unknown_fields=True):
    events: Annotated[list[msgspec.Raw], Meta(max_length=MAX_EVENTS)]
    token: str | None = None
    scenes: Annotated[list[msgspec.Raw], Meta(max_length=MOST)] | UnsetType = UNSET
    marks: Annotated[list[msgspec.Raw], Meta(max_length=MOST)] | UnsetType = UNSET


_decode_batch = msgspec.json.Decoder(Batch).decode
_decode_loosely = msgspec.json.Decoder(_LooseBatch).decode
_decoders: dict[str, Callable[[msgspec.Raw], Any]] = {
    "events": msgspec.json.Decoder(Event).decode,
    "scenes": msgspec.json.Decoder(Scene).decode,
    "marks": msgspec.json.Decoder(Mark).decode,
}


def decode_batch(body: bytes) -> Batch:
    """Read a batch; Malformed (400) if it is not JSON, Invalid (400) with pointers to bad fields.

    The time window is not checked here, because that needs a clock: see to_samples.
    """
    try:
        batch = _decode_batch(body)
    except msgspec.ValidationError as error:
        raise _explain(body, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed from None
    if not (batch.events or batch.scenes or batch.marks):
        raise Invalid(errors=[EMPTY])
    if batch.marks and (errors := data_errors(batch.marks)):
        raise Invalid(errors=errors)
    if _may_repeat_keys(body, batch):
        refuse_repeated_keys(body)
    return batch


def to_samples(batch: Batch, *, now: datetime) -> Samples:
    """Return the samples as columns.

    Invalid (400) if a time of a sample, a scene or a mark lies outside the window around now.
    """
    events = batch.events
    times = {"events": times_of(events)}
    if batch.scenes or batch.marks:
        times |= {"scenes": times_of(batch.scenes or ()), "marks": times_of(batch.marks or ())}
    check_window(times, now=now)
    return Samples(
        times=times["events"],
        # As float32 already here, so that a value too small for it becomes zero and not an error.
        xs=array("f", [event.x for event in events]),
        ys=array("f", [event.y for event in events]),
        seqs=[i if event.seq is None else event.seq for i, event in enumerate(events)],
        enters=[event.enter is True for event in events],
    )


def _may_repeat_keys(body: bytes, batch: Batch) -> bool:
    """Return at C speed whether an object may have a key twice; False is certain.

    Without escapes, a quote before a colon ends a key, unless a string begins with a colon. So if
    there are as many of them as fields that were sent, each was sent once.
    """
    keys = body.translate(None, b" \t\r\n").count(b'":')
    events = batch.events
    absent = [event.seq for event in events].count(None)
    absent += [event.enter for event in events].count(UNSET)
    sent = 5 * len(events) - absent + 1 + (batch.token is not None)
    if batch.scenes is not UNSET:
        sent += 1 + 8 * len(batch.scenes) - [scene.page for scene in batch.scenes].count(UNSET)
    # Those of marks are not counted, so that a batch with marks is always looked through.
    return b"\\" in body or keys != sent


def _explain(body: bytes, error: msgspec.ValidationError) -> Invalid:
    """List every bad item; the fast decoder stops at the first."""
    try:
        batch = _decode_loosely(body)
    except msgspec.ValidationError as batch_error:
        return Invalid(errors=[field_error(batch_error)])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed from None
    errors = []
    for name, decode in _decoders.items():
        for i, raw in enumerate(getattr(batch, name) or ()):
            try:
                decode(raw)
            except msgspec.ValidationError as item_error:
                errors.append(field_error(item_error, prefix=f"/{name}/{i}"))
    return Invalid(errors=errors or [field_error(error)])
