"""Storing batches: one call, one round trip, one transaction, for one batch or for many."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from django.db import InterfaceError, OperationalError, connection, transaction

from analytics.ingest.batch import Batch, Samples, to_samples
from analytics.rollups import Hint, send_hints, shard_of
from core.api.problems import NoSuchInstance
from core.storage.database import Line
from core.values.durations import FIRST_RUNG_MS
from core.web import request_ids
from core.web.addresses import UNKNOWN
from dashboard.instances.tokens import WriteToken, check_version

ATTEMPTS = 3
# Deadlock, serialization failure, lock timeout: nothing was stored, so the batch may go again.
RETRIED_SQLSTATES = {"40P01", "40001", "55P03"}

# analytics/migrations/store_batches.sql has the function, its locks and its snapshots.
STORE = """
select * from analytics_store_batches(
    %(instances)s, %(versions)s, %(sizes)s, %(places)s,
    %(times)s, %(xs)s, %(ys)s, %(seqs)s, %(enters)s, %(rung)s, %(wait)s
)
"""


class Receipt(NamedTuple):
    """What became of a batch's events; the three add up to the batch."""

    accepted: int
    duplicates: int
    conflicts: int


class Sent(NamedTuple):
    """A batch that may be stored if its token still holds, and the id of the request it came in.

    Limits are charged to its caller (core/web/addresses.py).
    """

    token: WriteToken
    samples: Samples
    request_id: str
    caller: str = UNKNOWN


class Outcome(NamedTuple):
    """What the database says of a batch; without a browser and its version nothing was stored."""

    browser_id: int | None
    version: int | None
    accepted: int
    conflicts: int


def store_batch(*, token: WriteToken, batch: Batch, now: datetime) -> Receipt:
    """Store what is new of a batch, durably, and mark it for the drain.

    Invalid (400) where a time lies outside the window, NoSuchInstance (404) where the token's
    instance does not exist, AuthenticationFailed (401) where the token was revoked; nothing is
    stored then. On return it is committed, unless the caller holds a transaction open.
    """
    sent = Sent(token, to_samples(batch, now=now), request_ids.current.get())
    (outcome,) = _execute(to_parameters([sent], wait=True))
    if outcome.version is None:
        raise NoSuchInstance
    check_version(token, outcome.version)
    if waiting := _hints_of([sent], [outcome]):
        transaction.on_commit(partial(send_hints, waiting), robust=True)
    return _receive(sent, outcome)


async def store_batches(*, batches: Sequence[Sent], line: Line) -> list[Receipt | None]:
    """Store what is new of batches of as many instances, durably, in one transaction.

    None stands for a batch that must be stored by itself (store_batch), which waits or says why
    not: its instance is locked or gone, or its token was revoked. An error of the database's or
    the connection's (core/storage/database.py) is not tried again here: the transaction is undone,
    and it is raised.
    """
    began = time.perf_counter()
    rows = await line.execute(STORE, to_parameters(batches, wait=False))
    outcomes = list(map(Outcome._make, rows))
    if waiting := _hints_of(batches, outcomes):
        send_hints(waiting, seconds=time.perf_counter() - began)
    return [
        _receive(sent, outcome) if outcome.version == sent.token.version else None
        for sent, outcome in zip(batches, outcomes, strict=True)
    ]


def to_parameters(batches: Sequence[Sent], *, wait: bool) -> dict[str, Any]:
    """Return what STORE takes; `wait` says whether it waits for a locked instance."""
    columns = [sent.samples for sent in batches]
    sizes = [len(samples.times) for samples in columns]
    places = chain.from_iterable([n] * size for n, size in enumerate(sizes, start=1))
    times, xs, ys, seqs, enters = map(chain.from_iterable, zip(*columns, strict=True))
    return {
        "instances": _array([sent.token.instance_id.hex for sent in batches]),
        "versions": _array([sent.token.version for sent in batches]),
        "sizes": _array(sizes),
        "places": _array(list(places)),
        "times": _array(list(times)),
        "xs": _array(list(xs)),
        "ys": _array(list(ys)),
        "seqs": _array(list(seqs)),
        "enters": _array(list(enters)),
        "rung": FIRST_RUNG_MS,
        "wait": wait,
    }


def _hints_of(batches: Iterable[Sent], outcomes: Iterable[Outcome]) -> list[Hint]:
    return [
        (shard_of(outcome.browser_id), sent.request_id)
        for sent, outcome in zip(batches, outcomes, strict=True)
        if outcome.browser_id is not None and outcome.accepted
    ]


def _receive(sent: Sent, outcome: Outcome) -> Receipt:
    duplicates = len(sent.samples.times) - outcome.accepted - outcome.conflicts
    return Receipt(outcome.accepted, duplicates, outcome.conflicts)


def _array(values: list[Any]) -> str:
    """Write a PostgreSQL array, which is JSON but for its braces, at C speed."""
    return "{" + msgspec.json.encode(values)[1:-1].decode() + "}"


def _execute(parameters: dict[str, Any]) -> list[Outcome]:
    for _ in range(ATTEMPTS - 1):
        try:
            return _execute_once(parameters)
        except (OperationalError, InterfaceError) as error:
            if _is_dead() and not connection.in_atomic_block:
                connection.close()
            elif getattr(error.__cause__, "pgcode", None) not in RETRIED_SQLSTATES:
                raise
    return _execute_once(parameters)


def _execute_once(parameters: dict[str, Any]) -> list[Outcome]:
    # No question beforehand whether the connection still lives: that would be a second round trip
    # for each batch. Where it has died the batch goes again, which storing it once allows.
    connection.health_check_done = True  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(STORE, parameters)
        return list(map(Outcome._make, cursor.fetchall()))


def _is_dead() -> bool:
    """Whether there is a connection, and the database has hung up."""
    return connection.connection is not None and connection.connection.closed != 0
