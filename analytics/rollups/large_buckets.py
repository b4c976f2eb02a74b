"""Buckets of the first rung that hold so many samples that others would wait for them.

Claims set them aside as marks that are `large` (analytics/rollups/fit.py). A job of its own rolls
them up, one at a time, and each once a minute while samples go on coming into it. It has no shard's
turn, because no drain takes such a bucket, and locks the browser only once all is computed.
"""

import logging
import time
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.db import connection, transaction

from analytics.rollups import hints
from analytics.rollups.recompute import Span, recompute_large
from analytics.rollups.shards import LARGE_BUCKETS, lock_job
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
# In any order, so that a bucket which is not done in ten minutes does not hold up the others. Its
# marks are read in an earlier statement than its samples: what commits later has its own mark.
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
    """How many large buckets wait, and the ids of three of their instances at most."""

    buckets: int
    instances: list[str]


def read_large_buckets() -> LargeBuckets:
    """Return what waits for the job."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return LargeBuckets(*cursor.fetchone())


def roll_up_large(*, last: int | None, now: datetime) -> None:
    """Roll up one of the large buckets that wait, and have the job queued again if there was one.

    `last` is the last mark that the job looks at: what waited when it began. OperationalError where
    the bucket is not done within ten minutes; it waits for its next turn then.
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
