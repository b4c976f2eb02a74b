"""What scenes cost a batch that has none, in web: the database runs the same function as before.

The reference reads the same batch by types that know neither scenes nor marks, as the code did
before there were any.
"""

import time
from array import array
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Annotated, Any
from uuid import UUID

import msgspec
from django.conf import settings
from msgspec import UNSET, Meta

from analytics.ingest.batch import MAX_EVENTS, Event, Samples, decode_batch
from analytics.ingest.store import Sent, to_parameters, to_sent, to_statement
from analytics.ingest.times import times_of
from benchmarks.load import Sender, body
from benchmarks.table import Row
from core.values.times import to_epoch_us
from dashboard.instances.tokens import WriteToken

PAST_MARGIN, FUTURE_MARGIN = timedelta(hours=1), timedelta(minutes=5)
TOKEN = WriteToken(UUID(int=1), version=1)


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    """A batch of samples alone."""

    events: Annotated[list[Event], Meta(min_length=1, max_length=MAX_EVENTS)]
    token: str | None = None


_decode = msgspec.json.Decoder(Batch).decode


def measure(*, rounds: int = 400, batches: int = 100) -> Row:
    """Return the row: CPU time of batches of 30, from their bytes to their parameters.

    Each round times both ways, in turn; the median of the rounds' ratios counts.
    """
    now = datetime.now(UTC)
    sender = Sender(str(TOKEN.instance_id), "", int((now.timestamp() - 600) * 1000))
    bodies = [body(sender, 30 * n, 30) for n in range(batches)]
    ratios = [_time(_reference, bodies, now) / _time(_ours, bodies, now) for _ in range(rounds)]
    return Row(
        "without scenes",
        "batches of 30 without scenes that web prepares in a second of CPU time",
        "by types that know no scenes",
        median(ratios),
        0.97,
    )


def _time(way: Callable[[bytes, datetime], Any], bodies: list[bytes], now: datetime) -> float:
    began = time.process_time()
    for content in bodies:
        way(content, now)
    return time.process_time() - began


def _ours(content: bytes, now: datetime) -> Any:
    return to_statement([to_sent(decode_batch(content), TOKEN, "", now=now)], wait=True)


def _reference(content: bytes, now: datetime) -> Any:
    return to_parameters([Sent(TOKEN, _to_samples(_decode_batch(content), now), "")], wait=True)


def _decode_batch(content: bytes) -> Batch:
    batch = _decode(content)
    if _may_repeat_keys(content, batch):
        raise ValueError("a key may be repeated")
    return batch


def _may_repeat_keys(content: bytes, batch: Batch) -> bool:
    keys = content.translate(None, b" \t\r\n").count(b'":')
    events = batch.events
    absent = [event.seq for event in events].count(None)
    absent += [event.enter for event in events].count(UNSET)
    return b"\\" in content or keys != 5 * len(events) - absent + 1 + (batch.token is not None)


def _to_samples(batch: Batch, now: datetime) -> Samples:
    events = batch.events
    times = times_of(events)
    retention = timedelta(days=settings.RAW_RETENTION_DAYS)
    oldest, newest = now - retention + PAST_MARGIN, now + FUTURE_MARGIN
    if min(times) < to_epoch_us(oldest) or max(times) > to_epoch_us(newest):
        raise ValueError("a time lies outside the window")
    return Samples(
        times=times,
        xs=array("f", [event.x for event in events]),
        ys=array("f", [event.y for event in events]),
        seqs=[i if event.seq is None else event.seq for i, event in enumerate(events)],
        enters=[event.enter is True for event in events],
    )
