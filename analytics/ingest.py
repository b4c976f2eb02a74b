"""Storing a batch: one statement, one round trip, one transaction."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import OperationalError, connection, transaction

from analytics import hints
from analytics.batches import Batch, to_samples
from core.durations import FIRST_RUNG_MS
from core.problems import NoSuchInstance
from dashboard.tokens import WriteToken, check_version

ATTEMPTS = 3
# Deadlock, serialization failure, lock timeout: nothing was stored, so the batch may go again.
RETRIED_SQLSTATES = {"40P01", "40001", "55P03"}

# Locks: the browser's row, shared, so that an erasure waits for us or we find it gone; and the new
# keys, in key order, so that two batches which overlap wait for each other and never deadlock.
# Snapshot: one, taken before the insert. `before` therefore sees what was stored earlier, and a
# twin that commits while we wait for its key counts as a duplicate, which it all but surely is.
# A mark is made per hour touched: nearly always one; a batch from far-apart times must not make
# the drain recompute all that lies between. No mark where nothing was stored.
STORE = """
with browser as (
    select id, token_version from dashboard_browser
    where instance_id = %(instance_id)s
    for key share
), sample as materialized (
    select browser.id as browser_id,
           timestamptz 'epoch' + s.us * interval '1 microsecond' as time,
           s.x, s.y, s.seq, s.enter, s.place
    from browser, unnest(
        %(times)s::bigint[], %(xs)s::real[], %(ys)s::real[], %(seqs)s::int[], %(enters)s::bool[]
    ) with ordinality as s (us, x, y, seq, enter, place)
    where browser.token_version = %(version)s
), stored as (
    insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
    select browser_id, time, x, y, seq, enter from sample
    order by browser_id, time, seq, place
    on conflict do nothing
    returning browser_id, time, x, y, seq
), mark as (
    insert into analytics_dirtyrange (browser_id, since, until, rung)
    select browser_id, min(time), max(time), %(rung)s from stored
    group by browser_id, time_bucket('1 hour', time)
), before as (
    select e.time, e.seq, e.x, e.y
    from sample join analytics_pointerpositionevent e using (browser_id, time, seq)
), conflict as (
    select from sample s
    join (select time, seq, x, y from stored union all select * from before) kept
        using (time, seq)
    where (s.x, s.y) is distinct from (kept.x, kept.y)
)
select browser.id, browser.token_version,
       (select count(*) from stored), (select count(*) from conflict)
from browser
"""


class Receipt(NamedTuple):
    """What became of a batch's events; the three add up to the batch."""

    accepted: int
    duplicates: int
    conflicts: int


def store_batch(*, token: WriteToken, batch: Batch, now: datetime) -> Receipt:
    """Store what is new of a batch, durably, and mark it for the drain.

    Invalid (400) where a time lies outside the window, NoSuchInstance (404) where the token's
    instance does not exist, AuthenticationFailed (401) where the token was revoked; nothing is
    stored then. On return it is committed, unless the caller holds a transaction open.
    """
    samples = to_samples(batch, now=now)
    parameters = {
        "instance_id": token.instance_id,
        "version": token.version,
        "times": _array(samples.times),
        "xs": _array(samples.xs),
        "ys": _array(samples.ys),
        "seqs": _array(samples.seqs),
        "enters": _array(samples.enters),
        "rung": FIRST_RUNG_MS,
    }
    row = _execute(parameters)
    if row is None:
        raise NoSuchInstance
    browser_id, version, accepted, conflicts = row
    check_version(token, version)
    if accepted:
        shard = browser_id % settings.ROLLUP_SHARDS
        transaction.on_commit(partial(hints.send, shard), robust=True)
    return Receipt(accepted, len(batch.events) - accepted - conflicts, conflicts)


def _array(values: Iterable[int | float | bool]) -> str:
    """Write a PostgreSQL array; several times faster than psycopg2's way with a list."""
    return "{" + ",".join(map(repr, values)) + "}"


def _execute(parameters: dict[str, Any]) -> tuple | None:
    for _ in range(ATTEMPTS - 1):
        try:
            return _execute_once(parameters)
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", None) not in RETRIED_SQLSTATES:
                raise
    return _execute_once(parameters)


def _execute_once(parameters: dict[str, Any]) -> tuple | None:
    with connection.cursor() as cursor:
        cursor.execute(STORE, parameters)
        return cursor.fetchone()
