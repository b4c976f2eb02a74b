"""The times that a batch may carry: their forms, and the window around now."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from django.conf import settings
from msgspec import Meta

from core.api.problems import FieldError, Invalid
from core.values.times import EPOCH, MICROSECOND, to_epoch_us, to_rfc3339

DAY_US = timedelta(days=1) // MICROSECOND
FUTURE_MARGIN_US = timedelta(minutes=5) // MICROSECOND
# An accepted sample must still exist when its bucket is rolled up.
RETENTION_MARGIN_US = timedelta(hours=1) // MICROSECOND
# Replaces a time in milliseconds whose microseconds overflow a double.
FAR_US = 10**306

EpochMs = Annotated[float, Meta(description="epoch milliseconds")]
Rfc3339 = Annotated[datetime, Meta(tz=True)]


class Timed(Protocol):
    time: float | datetime


def time_window(*, now: datetime) -> tuple[datetime, datetime]:
    """Return the earliest and the latest time that a sample may carry."""
    low, high = _window_us(now)
    return EPOCH + low * MICROSECOND, EPOCH + high * MICROSECOND


def _window_us(now: datetime) -> tuple[int, int]:
    # In whole numbers, because each batch needs it.
    at = to_epoch_us(now)
    return at - settings.RAW_RETENTION_DAYS * DAY_US + RETENTION_MARGIN_US, at + FUTURE_MARGIN_US


def check_window(lists: Mapping[str, Sequence[int]], *, now: datetime) -> None:
    """Raise Invalid (400) if a time lies outside the window around now.

    `lists` has times in epoch microseconds, by the name of their list in the batch. The window
    also keeps a wrong clock from creating any number of chunks.
    """
    low, high = _window_us(now)
    for times in lists.values():
        if times and (min(times) < low or max(times) > high):
            break
    else:
        return
    window = "must lie from {} to {}".format(*map(to_rfc3339, time_window(now=now)))
    errors = [
        FieldError(f"/{name}/{i}/time", "too_old" if time < low else "in_the_future", window)
        for name, times in lists.items()
        for i, time in enumerate(times)
        if not low <= time <= high
    ]
    raise Invalid(errors=errors)


def times_of(timed: Sequence[Timed]) -> list[int]:
    """Return their times in epoch microseconds, including those outside the window."""
    try:
        return [round(one.time * 1000) for one in timed]  # type: ignore[operator]
    except (TypeError, OverflowError):
        return [_epoch_us(one.time) for one in timed]


def _epoch_us(time: float | datetime) -> int:
    if isinstance(time, datetime):
        return to_epoch_us(time)
    try:
        return round(time * 1000)
    except OverflowError:
        return FAR_US if time > 0 else -FAR_US
