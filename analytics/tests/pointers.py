"""Pointers for tests: logging on, sending samples, and reading whole tables back."""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from unittest import TestCase

from django.conf import settings

from analytics.ingest.batch import Batch, Event
from analytics.ingest.store import store_batch, to_sent
from analytics.models import DirtyRange, PointerPositionEvent
from analytics.rollups.drain import Drained, drain
from analytics.rollups.shards import shard_of
from analytics.tests.oracle import Sample, Status, expected_statuses
from analytics.wire import Receipt
from core.values.durations import FIRST_RUNG_MS
from core.values.times import EPOCH, MICROSECOND, to_epoch_us
from core.web import request_ids
from dashboard.instances.browsers import log_on
from dashboard.instances.tokens import WriteToken
from dashboard.models import Browser
from dashboard.statuses.ladder import model_of

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
NOW_US = to_epoch_us(NOW)
RELATIVE_ERROR = 1e-9


def new_browser() -> Browser:
    return log_on(now=NOW)


def sample(seconds: float, x: float, y: float = 0, *, seq: int = 0, enter: bool = False) -> Sample:
    """A sample `seconds` after ten minutes before NOW, with its position rounded to float32."""
    time = NOW_US - 600_000_000 + round(seconds * 1e6)
    return Sample(time, seq, float32(x), float32(y), enter)


def float32(value: float) -> float:
    return struct.unpack("f", struct.pack("f", value))[0]


def send(browser: Browser, samples: Sequence[Sample], *, now: datetime = NOW) -> Receipt:
    """Store samples as one batch, alone."""
    return send_batch(browser, Batch(events=[to_event(sample) for sample in samples]), now=now)


def send_batch(browser: Browser, batch: Batch, *, now: datetime = NOW) -> Receipt:
    """Store a batch, alone."""
    sent = to_sent(batch, token_of(browser), request_ids.current.get(), now=now)
    return store_batch(sent)


def token_of(browser: Browser) -> WriteToken:
    return WriteToken(browser.instance_id, browser.token_version)


def to_event(sample: Sample) -> Event:
    time = EPOCH + sample.time * MICROSECOND
    return Event(time=time, x=sample.x, y=sample.y, seq=sample.seq, enter=sample.enter)


def mark(
    browser: Browser,
    samples: Iterable[Sample],
    *,
    rung: int = FIRST_RUNG_MS,
    events: int | None = None,
) -> None:
    """Put the samples' whole range into the outbox of a rung, as if all of it had just changed."""
    times = [EPOCH + sample.time * MICROSECOND for sample in samples]
    DirtyRange.objects.create(
        browser=browser, since=min(times), until=max(times), rung=rung, events=events
    )


def drain_shard_of(browser: Browser, *, rung: int = FIRST_RUNG_MS) -> Drained:
    return drain(rung=rung, shard=shard_of(browser.pk), now=NOW)


def drain_all() -> None:
    """Drain every shard that has marks, of every rung, from the first upwards."""
    for rung in settings.RUNGS_MS:
        marked = DirtyRange.objects.filter(rung=rung).values_list("browser_id", flat=True)
        for shard in sorted(set(map(shard_of, marked))):
            drain(rung=rung, shard=shard, now=NOW)


def stored_samples(browser: Browser) -> list[Sample]:
    rows = PointerPositionEvent.objects.filter(browser=browser).order_by("time", "seq")
    return [
        Sample(to_epoch_us(time), seq, float32(x), float32(y), enter)
        for time, seq, x, y, enter in rows.values_list("time", "seq", "x", "y", "enter")
    ]


def stored_statuses(browser: Browser, *, interval_ms: int = FIRST_RUNG_MS) -> list[Status]:
    rows = model_of(interval_ms).objects.filter(browser=browser, interval_ms=interval_ms)
    return [
        Status(to_epoch_us(row[0]), *row[1:6], *map(float32, row[6:]))
        for row in rows.order_by("time").values_list(*Status._fields)
    ]


def assert_statuses_true(test: TestCase, browser: Browser, samples: Iterable[Sample]) -> None:
    """Assert that the browser's whole table is what the oracle computes from the samples."""
    assert_same_statuses(test, stored_statuses(browser), expected_statuses(samples))


def assert_ladder_true(test: TestCase, browser: Browser, samples: Iterable[Sample]) -> None:
    """Assert that no mark waits and that all rungs are what the oracle computes."""
    samples = list(samples)
    test.assertFalse(DirtyRange.objects.exists())
    for rung in settings.RUNGS_MS:
        expected = expected_statuses(samples, interval_us=rung * 1000)
        assert_same_statuses(test, stored_statuses(browser, interval_ms=rung), expected)


def assert_same_statuses(
    test: TestCase, actual: Sequence[Status], expected: Sequence[Status]
) -> None:
    """Assert exact times, events and positions, and sums within a relative 1e-9."""
    test.assertEqual([s.time for s in actual], [s.time for s in expected])
    for found, wanted in zip(actual, expected, strict=True):
        for name, value in wanted._asdict().items():
            tolerance = RELATIVE_ERROR * max(abs(value), 1.0) if isinstance(value, float) else 0
            test.assertAlmostEqual(
                getattr(found, name), value, delta=tolerance, msg=f"{name} of {wanted}"
            )
