"""The drain of heat: from marks in the outbox to whole, recomputed buckets of five minutes.

It has the promises of the ladder's drain (analytics/rollups/drain.py): the shard's lock, the claim
and the recomputing are three statements in this order, the last with a fresh snapshot, in one
transaction. Buckets are deleted and stored anew, never incremented. A second run changes nothing.
analytics/migrations/heat.sql computes the heat.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import OperationalError, connection, transaction

from analytics.maps.buckets import DAY_MS, HOUR_MS, settled
from analytics.maps.claim import Claimed, Touched, claim, put_back, read_touched
from analytics.metrics import count_heat
from analytics.rollups import HEAT, lock_shard

# Buckets of a claim. They have up to some millions of samples, which take seconds.
MOST_BUCKETS = 200
TIMED_OUT = "57014"

# As in the ladder's drain, except that a statement may take longer: nothing waits for heat.
SET_LIMITS = """
select set_config('statement_timeout', '60s', true), set_config('lock_timeout', '10s', true),
       set_config('idle_in_transaction_session_timeout', '5s', true),
       set_config('synchronous_commit', 'off', true)
"""
# Locks: the rows it deletes and inserts, which belong to our shard only. Two statements, because
# within one the new row of a key would meet the old one. Both run after the claim, so that their
# snapshots have every sample and scene whose mark it took. The bounds let the planner skip chunks.
DELETE = """
delete from analytics_heatstatus heat
using (
    select browser_id, unnest(spans) as span
    from unnest(%(browsers)s::bigint[], %(spans)s::tstzmultirange[]) as one (browser_id, spans)
) span
where heat.browser_id = span.browser_id and heat.time >= lower(span.span)
    and heat.time < upper(span.span) and heat.time >= %(since)s and heat.time < %(until)s
returning heat.page_id, time_bucket('1 hour', heat.time)
"""
INSERT = """
with stored as (
    insert into analytics_heatstatus (
        browser_id, time, page_id, width_class, pointer, events, distance, moving_us, dwell_us,
        cells, dwells, samples)
    select browser_id, time, page_id, width_class, pointer, events, distance, moving_us, dwell_us,
           cells, dwells, samples
    from analytics_heat(%(browsers)s::bigint[], %(spans)s::tstzmultirange[], %(idle_gap)s)
    order by browser_id, time, page_id
    returning page_id, time
)
select page_id, time_bucket('1 hour', time), count(*) from stored group by 1, 2
"""
MARK_PAGES = """
insert into analytics_dirtypage (page_id, since, length_ms)
select distinct page_id, time_bucket(length_ms * interval '1 ms', hour), length_ms
from unnest(%(pages)s::int[], %(hours)s::timestamptz[]) as one (page_id, hour),
     unnest(%(lengths)s::int[]) length_ms
"""


class Mapped(NamedTuple):
    """The results of a drain of heat: marks taken from the outbox, and rows stored."""

    marks: int
    rows: int


class Step(NamedTuple):
    """The results of one transaction, and whether there may be more marks."""

    marks: int
    rows: int
    is_left: bool


def drain_heat(*, shard: int, now: datetime) -> Mapped:
    """Map all marks of a shard whose bucket is over, in one transaction for each claim.

    If it is killed, each claim is either done or undone. OperationalError if the database is
    unavailable, or the shard's turn is not free in time; the marks then wait.
    """
    began = time.perf_counter()
    steps = list(_steps(shard, now))
    mapped = Mapped(sum(step.marks for step in steps), sum(step.rows for step in steps))
    if mapped.marks:
        seconds = time.perf_counter() - began
        count_heat(shard=shard, marks=mapped.marks, rows=mapped.rows, seconds=seconds)
    return mapped


def _steps(shard: int, now: datetime) -> Iterator[Step]:
    most = MOST_BUCKETS
    while True:
        try:
            step = _step(shard, now, most)
        except OperationalError as error:
            if most == 1 or getattr(error.__cause__, "pgcode", None) != TIMED_OUT:
                raise
            most = max(most // 10, 1)
            continue
        yield step
        if not step.is_left:
            return


def _step(shard: int, now: datetime, most: int) -> Step:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET_LIMITS)
        lock_shard(cursor, rung=HEAT, shard=shard)
        claimed = claim(cursor, shard=shard, before=settled(now))
        rows = _map(cursor, [one for one in claimed if one.is_there], most)
    return Step(sum(one.marks for one in claimed), rows, bool(claimed))


def _map(cursor: Any, claimed: Sequence[Claimed], most: int) -> int:
    if not claimed:
        return 0
    touched = read_touched(cursor, claimed=claimed, most=most)
    if rests := [one for one in touched if not one.fits]:
        put_back(cursor, rests=rests, created_at=min(one.created_at for one in claimed))
    spans = [one for one in touched if one.fits]
    return recompute(cursor, spans=spans) if spans else 0


def recompute(cursor: Any, *, spans: Sequence[Touched]) -> int:
    """Store the heat of whole buckets anew, and mark their pages; return the number of rows.

    The caller must be the only writer of these buckets until the end of its transaction.
    """
    parameters = {
        "browsers": [span.browser_id for span in spans],
        "spans": [span.spans for span in spans],
        "since": min(span.since for span in spans),
        "until": max(span.until for span in spans),
        "idle_gap": settings.IDLE_GAP_MS * 1000,
    }
    cursor.execute(DELETE, parameters)
    places = set(cursor.fetchall())
    cursor.execute(INSERT, parameters)
    stored = cursor.fetchall()
    mark_pages(cursor, places=places | {(page_id, hour) for page_id, hour, _ in stored})
    return sum(rows for _, _, rows in stored)


def mark_pages(cursor: Any, *, places: set[tuple[int, datetime]]) -> None:
    """Mark hours of pages, and their days, because heat in them changed."""
    if places:
        pages, hours = map(list, zip(*sorted(places), strict=True))
        cursor.execute(MARK_PAGES, {"pages": pages, "hours": hours, "lengths": [HOUR_MS, DAY_MS]})
