"""Storing a batch: one call, one round trip, one transaction."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, connection, transaction

from analytics import hints
from analytics.batches import Batch, Samples, to_samples
from analytics.shards import shard_of
from core.durations import FIRST_RUNG_MS
from core.problems import NoSuchInstance
from dashboard.tokens import WriteToken, check_version

ATTEMPTS = 3
# Deadlock, serialization failure, lock timeout: nothing was stored, so the batch may go again.
RETRIED_SQLSTATES = {"40P01", "40001", "55P03"}

# analytics/migrations/0007_store_batch.py has the function, its locks and its snapshots.
STORE = """
select * from analytics_store_batch(
    %(instance_id)s, %(version)s,
    %(times)s, %(xs)s, %(ys)s, %(seqs)s, %(enters)s, %(rung)s
)
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
    parameters = to_parameters(token, to_samples(batch, now=now))
    browser_id, version, accepted, conflicts = _execute(parameters)
    if browser_id is None:
        raise NoSuchInstance
    check_version(token, version)
    if accepted:
        transaction.on_commit(partial(hints.send, shard_of(browser_id)), robust=True)
    return Receipt(accepted, len(batch.events) - accepted - conflicts, conflicts)


def to_parameters(token: WriteToken, samples: Samples) -> dict[str, Any]:
    """Return what STORE takes."""
    return {
        "instance_id": token.instance_id,
        "version": token.version,
        "times": _array(samples.times),
        "xs": _array(samples.xs),
        "ys": _array(samples.ys),
        "seqs": _array(samples.seqs),
        "enters": _array(samples.enters),
        "rung": FIRST_RUNG_MS,
    }


def _array(values: Iterable[int | float | bool]) -> str:
    """Write a PostgreSQL array; several times faster than psycopg2's way with a list."""
    return "{" + ",".join(map(repr, values)) + "}"


def _execute(parameters: dict[str, Any]) -> tuple:
    # No question beforehand whether the connection still lives: that would be a second round trip
    # for each batch. Where it has died the batch goes again, which storing it once allows.
    connection.health_check_done = True  # type: ignore[attr-defined]
    for _ in range(ATTEMPTS - 1):
        try:
            return _execute_once(parameters)
        except (OperationalError, InterfaceError) as error:
            if _is_dead() and not connection.in_atomic_block:
                connection.close()
            elif getattr(error.__cause__, "pgcode", None) not in RETRIED_SQLSTATES:
                raise
    return _execute_once(parameters)


def _execute_once(parameters: dict[str, Any]) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(STORE, parameters)
        return cursor.fetchone()


def _is_dead() -> bool:
    """Whether there is a connection, and the database has hung up."""
    return connection.connection is not None and connection.connection.closed != 0
