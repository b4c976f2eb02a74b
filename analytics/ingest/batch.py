"""A batch of pointer samples: its wire types, its limits, and the errors of an invalid one.

The msgspec types are the only definition of the wire; they decode and check a valid batch at C
speed. Only an invalid batch is read again, event by event, to list all of its errors.
"""

from array import array
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

import msgspec
from django.conf import settings
from msgspec import UNSET, Meta, UnsetType

from core.api.bodies import field_error, refuse_repeated_keys
from core.api.problems import FieldError, Invalid, Malformed
from core.values.times import to_epoch_us, to_rfc3339

MAX_EVENTS = settings.MAX_BATCH_EVENTS
FUTURE_MARGIN = timedelta(minutes=5)
# An accepted sample must still exist when its bucket is rolled up.
RETENTION_MARGIN = timedelta(hours=1)
# Replaces a time in milliseconds whose microseconds overflow a double.
FAR_US = 10**306

Coordinate = Annotated[
    float, Meta(ge=-1_000_000, le=1_000_000, description="CSS px in the viewport")
]
Seq = Annotated[
    int, Meta(ge=0, le=2**31 - 1, description="tells samples of one time apart; or its place here")
]
EpochMs = Annotated[float, Meta(description="epoch milliseconds")]
Rfc3339 = Annotated[datetime, Meta(tz=True)]


class Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One pointer sample: `time` in epoch ms or RFC 3339; `x`, `y` in CSS px."""

    time: EpochMs | Rfc3339
    x: Coordinate
    y: Coordinate
    seq: Seq | None = None
    enter: Annotated[bool, Meta(description="the pointer came into the page here")] | UnsetType = (
        UNSET
    )


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    """1 to 1,000 samples, and the write token if the sender cannot set headers."""

    events: Annotated[list[Event], Meta(min_length=1, max_length=MAX_EVENTS)]
    token: Annotated[str, Meta(description="the write token, if no header has it")] | None = None


class Samples(NamedTuple):
    """A batch as columns of equal length: epoch microseconds, px as float32, seq, enter."""

    times: list[int]
    xs: array
    ys: array
    seqs: list[int]
    enters: list[bool]


class _LooseBatch(msgspec.Struct, forbid_unknown_fields=True):
    events: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MAX_EVENTS)]
    token: str | None = None


_decode_batch = msgspec.json.Decoder(Batch).decode
_decode_loosely = msgspec.json.Decoder(_LooseBatch).decode
_decode_event = msgspec.json.Decoder(Event).decode


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
    if _may_repeat_keys(body, batch):
        refuse_repeated_keys(body)
    return batch


def to_samples(batch: Batch, *, now: datetime) -> Samples:
    """Return the batch as columns; Invalid (400) if a time lies outside the window around now.

    The window also keeps a wrong clock from creating any number of chunks.
    """
    events = batch.events
    times = times_of(batch)
    oldest, newest = time_window(now=now)
    if min(times) < to_epoch_us(oldest) or max(times) > to_epoch_us(newest):
        raise _explain_times(times, oldest, newest)
    return Samples(
        times=times,
        # As float32 already here, so that a value too small for it becomes zero and not an error.
        xs=array("f", [event.x for event in events]),
        ys=array("f", [event.y for event in events]),
        seqs=[i if event.seq is None else event.seq for i, event in enumerate(events)],
        enters=[event.enter is True for event in events],
    )


def time_window(*, now: datetime) -> tuple[datetime, datetime]:
    """Return the earliest and the latest time that a sample may carry."""
    retention = timedelta(days=settings.RAW_RETENTION_DAYS)
    return now - retention + RETENTION_MARGIN, now + FUTURE_MARGIN


def _may_repeat_keys(body: bytes, batch: Batch) -> bool:
    """Return at C speed whether an object may have a key twice; False is certain.

    Without escapes, a quote before a colon ends a key, unless a string begins with a colon. So if
    there are as many of them as fields that were sent, each was sent once.
    """
    keys = body.translate(None, b" \t\r\n").count(b'":')
    events = batch.events
    absent = [event.seq for event in events].count(None)
    absent += [event.enter for event in events].count(UNSET)
    return b"\\" in body or keys != 5 * len(events) - absent + 1 + (batch.token is not None)


def times_of(batch: Batch) -> list[int]:
    """Return the samples' times in epoch microseconds, including those outside the window."""
    try:
        return [round(event.time * 1000) for event in batch.events]  # type: ignore[operator]
    except (TypeError, OverflowError):
        return [_epoch_us(event.time) for event in batch.events]


def _epoch_us(time: float | datetime) -> int:
    if isinstance(time, datetime):
        return to_epoch_us(time)
    try:
        return round(time * 1000)
    except OverflowError:
        return FAR_US if time > 0 else -FAR_US


def _explain_times(times: list[int], oldest: datetime, newest: datetime) -> Invalid:
    low, high = to_epoch_us(oldest), to_epoch_us(newest)
    window = f"must lie from {to_rfc3339(oldest)} to {to_rfc3339(newest)}"
    errors = [
        FieldError(f"/events/{i}/time", "too_old" if time < low else "in_the_future", window)
        for i, time in enumerate(times)
        if not low <= time <= high
    ]
    return Invalid(errors=errors)


def _explain(body: bytes, error: msgspec.ValidationError) -> Invalid:
    """List every bad event; the fast decoder stops at the first."""
    try:
        events = _decode_loosely(body).events
    except msgspec.ValidationError as batch_error:
        return Invalid(errors=[field_error(batch_error)])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed from None
    errors = []
    for i, raw in enumerate(events):
        try:
            _decode_event(raw)
        except msgspec.ValidationError as event_error:
            errors.append(field_error(event_error, prefix=f"/events/{i}"))
    return Invalid(errors=errors or [field_error(error)])
