"""Buckets of the first rung with so many samples that others would wait for them.

Claims set them aside as marks that are `large` (analytics/rollups/fit.py). A separate job rolls
them up one at a time, and each once a minute while samples still arrive in it. It takes no shard's
turn, because no drain takes such a bucket, and locks the browser only after everything is computed.
"""

import logging
import time
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.db import connection, transaction

from analytics.rollups import hints
from analytics.rollups.recompute import recompute_large
from analytics.rollups.shards import LARGE_BUCKETS, lock_job
from analytics.rollups.spans import Span
from core.values.durations import FIRST_RUNG_MS
from dashboard.streaming.stream import publish

logger = logging.getLogger(__name__)

TASK = "roll_up_large"
LENGTH = timedelta(milliseconds=FIRST_RUNG_MS)
SET_LIMITS = """
select set_config('statement_timeout', '10min', true), set_config('lock_timeout', '10s', true),
       set_config('idle_in_transaction_session_timeout', '5s', true)
"""
NEWEST = "select max(id) from analytics_dirtyrange where large"
# In random order, so that a bucket that is not done in ten minutes does not block the others. Its
# marks are read in an earlier statement than its samples: rows committed later have their own mark.
NEXT = """
select browser_id, since, array_agg(id) from analytics_dirtyrange
where large and id <= %(last)s and (browser_id, since) = (
    select browser_id, since from analytics_dirtyrange where large and id <= %(last)s
    order by random() limit 1
) group by browser_id, since
"""
WAITING = """
select count(*), coalesce((array_agg(distinct instance_id::text))[:3], '{}')
from (select distinct browser_id, since from analytics_dirtyrange where large) bucket
join dashboard_browser b on b.id = bucket.browser_id
"""


class LargeBuckets(NamedTuple):
    """The number of large buckets that wait, and the ids of up to three of their instances."""

    buckets: int
    instances: list[str]


def read_large_buckets() -> LargeBuckets:
    """Return the buckets that wait for the job."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return LargeBuckets(*cursor.fetchone())


def roll_up_large(*, last: int | None, now: datetime) -> None:
    """Roll up one of the waiting large buckets, and queue the job again if there was one.

    `last` is the last mark that the job looks at: the newest one when it began. OperationalError if
    the bucket is not done within ten minutes; it then waits for its next turn.
    """
    if last := last or _newest():
        hints.take_queued(TASK, last)
        if _roll_up_next(last=last, now=now):
            hints.queue(TASK, last)


def _newest() -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(NEWEST)
        return cursor.fetchone()[0]


def _roll_up_next(*, last: int, now: datetime) -> bool:
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET_LIMITS)
        if not lock_job(cursor, rung=FIRST_RUNG_MS, slot=LARGE_BUCKETS):
            return False
        cursor.execute(NEXT, {"last": last})
        row = cursor.fetchone()
        if row is None:
            return False
        browser_id, bucket, marks = row
        span = Span(browser_id, f"{{[{bucket},{bucket + LENGTH})}}", bucket, bucket + LENGTH)
        done = recompute_large(cursor, span=span, marks=marks, now=now)
        transaction.on_commit(partial(publish, done.changes), robust=True)
    seconds = time.perf_counter() - began
    logger.info(
        "rolled up the large bucket %s of browser %s in %.1f s", bucket, browser_id, seconds
    )
    return True
