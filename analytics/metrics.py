"""What the write path counts, and what of it only the database knows."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import connection
from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric

import core.metrics  # noqa: F401  # before any metric is made
from analytics.limits import quotas
from analytics.models import Heartbeat
from core.durations import format_duration
from core.patience import run_within
from core.problems import code_of
from core.throttling import read_use

logger = logging.getLogger(__name__)

GAUGE_SECONDS = 1.5
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BATCHES = Counter("pointerscope_batches", "Batches by what became of them", ["result"])
EVENTS = Counter(
    "pointerscope_events", "Events that were sent, by what became of them", ["result", "reason"]
)
INGEST = Histogram(
    "pointerscope_ingest_seconds", "From a batch's body to its answer", buckets=SECONDS
)
DRAIN = Histogram(
    "pointerscope_drain_seconds", "A drain that found marks", ["rung"], buckets=SECONDS
)
MARKS = Counter("pointerscope_drained_marks", "Marks taken from the outbox", ["rung"])
STATUSES = Counter("pointerscope_statuses_changed", "Statuses that came to differ", ["rung"])
HINTS = Counter("pointerscope_hints", "Hints to the worker, by what became of them", ["result"])

# Looked up once: a batch counts in well under a hundredth of the time that it takes to store.
STORED = BATCHES.labels("stored")
ACCEPTED, DUPLICATE, CONFLICT = (
    EVENTS.labels(result, "") for result in ("accepted", "duplicate", "conflict")
)

OUTBOX = "select rung, count(*), min(created_at) from analytics_dirtyrange group by rung"


class Batched:
    """What is known of a batch while it is taken in; `receipt` once it is stored."""

    events = 0
    receipt: tuple[int, int, int] | None = None


@contextmanager
def counted_batch() -> Iterator[Batched]:
    """Count a batch when the block ends: stored, or refused by the code of what it raised.

    Of a batch that could not be decoded nobody knows how many events it had.
    """
    batch, began, result = Batched(), time.perf_counter(), ""
    try:
        yield batch
    except Exception as error:
        result = code_of(error)
        raise
    finally:
        seconds = time.perf_counter() - began
        if batch.receipt:
            count_stored(*batch.receipt, seconds=seconds)
        else:
            INGEST.observe(seconds)
            BATCHES.labels(result).inc()
            EVENTS.labels("rejected", result).inc(batch.events)


def count_stored(accepted: int, duplicates: int, conflicts: int, *, seconds: float) -> None:
    """Count a batch that was stored, by its receipt; `seconds` from its body to its answer."""
    INGEST.observe(seconds)
    STORED.inc()
    for counter, number in ((ACCEPTED, accepted), (DUPLICATE, duplicates), (CONFLICT, conflicts)):
        if number:
            counter.inc(number)


def count_drain(*, rung: int, shard: int, marks: int, statuses: int, seconds: float) -> None:
    """Count a drain and log it; its line has the id of the batch whose hint set it off."""
    name = format_duration(rung)
    DRAIN.labels(name).observe(seconds)
    MARKS.labels(name).inc(marks)
    STATUSES.labels(name).inc(statuses)
    logger.info(
        "drained %s of shard %s: %s marks, %s statuses, %.1f ms",
        *(name, shard, marks, statuses, seconds * 1000),
        extra={"rung": name, "shard": shard, "marks": marks, "statuses": statuses},
    )


class Gauges:
    """What waits and how long, and how much of the quotas is used, read at each scrape.

    The database is given GAUGE_SECONDS, Redis what its client gives it.
    """

    def __init__(self, *, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterable[Metric]:
        outbox: list[tuple[int, int, datetime]] = []
        beats: list[tuple[str, datetime]] = []

        def read() -> None:
            with connection.cursor() as cursor:
                cursor.execute(OUTBOX)
                outbox.extend(cursor.fetchall())
            beats.extend(Heartbeat.objects.values_list("job", "beat_at"))
            answered.append(True)

        answered: list[bool] = []
        in_time = run_within(GAUGE_SECONDS, read) and bool(answered)
        yield GaugeMetricFamily(
            "pointerscope_database_up", "Whether the database answered the scrape", int(in_time)
        )
        if in_time:
            yield from self._waiting({rung: (rows, oldest) for rung, rows, oldest in outbox})
            yield self._heartbeats(beats)
        yield from self._quotas()

    def _waiting(self, outbox: Mapping[int, tuple[int, datetime]]) -> Iterable[Metric]:
        rows = GaugeMetricFamily("pointerscope_outbox_rows", "Marks that wait", labels=["rung"])
        lag = GaugeMetricFamily(
            "pointerscope_rollup_lag_seconds", "Age of the oldest mark", labels=["rung"]
        )
        for rung in settings.RUNGS_MS:
            count, oldest = outbox.get(rung, (0, self.now))
            rows.add_metric([format_duration(rung)], count)
            lag.add_metric([format_duration(rung)], age(oldest, now=self.now))
        return rows, lag

    def _heartbeats(self, beats: Iterable[tuple[str, datetime]]) -> Metric:
        ages = GaugeMetricFamily(
            "pointerscope_heartbeat_age_seconds", "Since a periodic job last ran", labels=["job"]
        )
        for job, beat_at in beats:
            # Negative where it is of the future, which is no sign of life.
            ages.add_metric([job], (self.now - beat_at).total_seconds())
        return ages

    def _quotas(self) -> Iterable[Metric]:
        used = GaugeMetricFamily(
            "pointerscope_quota_used", "Of a limit of the whole service", labels=["limit"]
        )
        most = GaugeMetricFamily(
            "pointerscope_quota_limit", "The limit of the whole service", labels=["limit"]
        )
        limits = quotas()
        for limit, units in zip(limits, read_use(limits), strict=True):
            most.add_metric([limit.name], limit.most)
            if units is not None:
                used.add_metric([limit.name], units)
        return used, most


def age(moment: datetime, *, now: datetime) -> float:
    """Return the seconds since a moment, 0 where another machine's clock is ahead of ours."""
    return max((now - moment).total_seconds(), 0.0)
