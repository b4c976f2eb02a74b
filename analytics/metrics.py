"""Metrics of the write path: batches, events, drains and hints."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

import core.metrics  # noqa: F401  # before any metric is made
from analytics.wire import Receipt
from core.api.problems import code_of
from core.values.durations import format_duration

logger = logging.getLogger(__name__)

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BATCHES = Counter("pointerscope_batches", "Batches by result", ["result"])
EVENTS = Counter("pointerscope_events", "Events that were sent, by result", ["result", "reason"])
SCENES = Counter("pointerscope_scenes", "Scenes that were sent, by result", ["result", "reason"])
PAGE_MARKS = Counter("pointerscope_marks", "Marks that were sent, by result", ["result", "reason"])
INGEST = Histogram(
    "pointerscope_ingest_seconds", "Time from a batch's body to its answer", buckets=SECONDS
)
DRAIN = Histogram(
    "pointerscope_drain_seconds", "Time of a drain that found marks", ["rung"], buckets=SECONDS
)
MARKS = Counter("pointerscope_drained_marks", "Marks taken from the outbox", ["rung"])
STATUSES = Counter("pointerscope_statuses_changed", "Statuses that changed", ["rung"])
HEAT = Histogram(
    "pointerscope_heat_seconds", "Time of a drain of heat that found marks", buckets=SECONDS
)
HEAT_ROWS = Counter("pointerscope_heat_rows", "Rows of heat that were stored anew")
HINTS = Counter("pointerscope_hints", "Hints to the worker, by result", ["result"])

# Looked up once: counting takes well under a hundredth of the time of storing a batch.
STORED = BATCHES.labels("stored")
ACCEPTED, DUPLICATE, CONFLICT = (
    EVENTS.labels(result, "") for result in ("accepted", "duplicate", "conflict")
)
NEW_SCENES, NEW_MARKS = (
    (counter.labels("accepted", ""), counter.labels("duplicate", ""))
    for counter in (SCENES, PAGE_MARKS)
)


class Batched:
    """The facts about a batch while it is processed; `receipt` is set once it is stored."""

    events = 0
    scenes = 0
    marks = 0
    receipt: Receipt | None = None


@contextmanager
def counted_batch() -> Iterator[Batched]:
    """Count a batch when the block ends: as stored, or as refused with the error's code.

    What is in a batch that cannot be decoded is unknown.
    """
    batch, began = Batched(), time.perf_counter()
    try:
        yield batch
    except Exception as error:
        code = code_of(error)
        BATCHES.labels(code).inc()
        EVENTS.labels("rejected", code).inc(batch.events)
        for counter, count in ((SCENES, batch.scenes), (PAGE_MARKS, batch.marks)):
            if count:
                counter.labels("rejected", code).inc(count)
        raise
    finally:
        INGEST.observe(time.perf_counter() - began)
    if batch.receipt:
        _count_stored(batch.receipt)
        if batch.scenes:
            _count_new(NEW_SCENES, batch.scenes, batch.receipt.scenes or 0)
        if batch.marks:
            _count_new(NEW_MARKS, batch.marks, batch.receipt.marks or 0)


def _count_stored(receipt: Receipt) -> None:
    STORED.inc()
    numbers = receipt.accepted, receipt.duplicates, receipt.conflicts
    for counter, number in zip((ACCEPTED, DUPLICATE, CONFLICT), numbers, strict=True):
        if number:
            counter.inc(number)


def _count_new(counters: tuple[Counter, Counter], sent: int, new: int) -> None:
    accepted, duplicate = counters
    accepted.inc(new)
    duplicate.inc(sent - new)


def count_drain(*, rung: int, shard: int, marks: int, statuses: int, seconds: float) -> None:
    """Count a drain and log it; the line has the request id of the batch that caused its hint."""
    name = format_duration(rung)
    DRAIN.labels(name).observe(seconds)
    MARKS.labels(name).inc(marks)
    STATUSES.labels(name).inc(statuses)
    logger.info(
        "drained %s of shard %s: %s marks, %s statuses, %.1f ms",
        *(name, shard, marks, statuses, seconds * 1000),
        extra={"rung": name, "shard": shard, "marks": marks, "statuses": statuses},
    )


def count_heat(*, shard: int, marks: int, rows: int, seconds: float) -> None:
    """Count a drain of heat and log it."""
    HEAT.observe(seconds)
    HEAT_ROWS.inc(rows)
    logger.info(
        "mapped shard %s: %s marks, %s rows, %.1f ms",
        *(shard, marks, rows, seconds * 1000),
        extra={"shard": shard, "marks": marks, "rows": rows},
    )
