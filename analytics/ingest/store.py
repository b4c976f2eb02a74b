"""Storing of batches, one or many: one statement, one round trip, one transaction.

Whether a sample is new, a duplicate or in conflict is decided in the database: store_batches.sql
and count_conflicts.sql in analytics/migrations.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import chain, starmap
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from msgspec import UNSET

from analytics.ingest.batch import Batch, Samples, to_samples
from analytics.ingest.scenes import MarkRow, SceneRow, to_mark_rows, to_scene_rows
from analytics.rollups import Hint, send_hints, shard_of
from analytics.wire import Receipt
from core.api.problems import NoSuchInstance
from core.storage.database import AsyncConnection
from core.values.durations import FIRST_RUNG_MS
from core.web.addresses import UNKNOWN
from dashboard.instances.tokens import BadToken, WriteToken, check_version

ATTEMPTS = 3
# Deadlock, serialization failure, lock timeout: nothing was stored, so the batch is tried again.
RETRIED_SQLSTATES = {"40P01", "40001", "55P03"}

# analytics/migrations/store_batches.sql defines the function, its locks and its snapshots.
STORE = """
select * from analytics_store_batches(
    %(instances)s, %(versions)s, %(sizes)s, %(places)s,
    %(times)s, %(xs)s, %(ys)s, %(seqs)s, %(enters)s, %(rung)s, %(wait)s
)
"""
# The same with scenes or marks (analytics/migrations/store_scenes.sql).
STORE_SCENES = """
select * from analytics_store_scenes(
    %(instances)s, %(versions)s, %(sizes)s, %(places)s,
    %(times)s, %(xs)s, %(ys)s, %(seqs)s, %(enters)s, %(rung)s, %(wait)s,
    %(scene_places)s, %(scene_times)s, %(lengths)s, %(scene_seqs)s, %(pointers)s, %(pages)s,
    %(marks)s, %(most_pages)s
)
"""


class Sent(NamedTuple):
    """A batch to be stored if its token is still valid, and the id of its request.

    Limits are charged to `caller` (core/web/addresses.py).
    """

    token: WriteToken
    samples: Samples
    request_id: str
    caller: str = UNKNOWN
    scenes: Sequence[SceneRow] = ()
    marks: Sequence[MarkRow] = ()

    def size(self) -> int:
        """Return the number of samples, scenes and marks."""
        return len(self.samples.times) + len(self.scenes) + len(self.marks)


def to_sent(
    batch: Batch, token: WriteToken, request_id: str, caller: str = UNKNOWN, *, now: datetime
) -> Sent:
    """Return what may be stored of a batch; errors as in to_samples."""
    sent = Sent(token, to_samples(batch, now=now), request_id, caller)
    if not (batch.scenes or batch.marks):
        return sent
    scenes, marks = to_scene_rows(batch.scenes or ()), to_mark_rows(batch.marks or ())
    return sent._replace(scenes=scenes, marks=marks)


class Outcome(NamedTuple):
    """The database's result for a batch; without a browser and a version nothing was stored."""

    browser_id: int | None
    version: int | None
    accepted: int
    conflicts: int
    scenes: int = 0
    marks: int = 0


def store_batch(sent: Sent) -> Receipt:
    """Store the new samples of a batch durably, and mark them for the drain.

    NoSuchInstance (404) if the token's instance does not exist, BadToken (401) if the token was
    revoked; nothing is stored then. On return it is committed, unless the caller has an open
    transaction.
    """
    (outcome,) = _execute(*to_statement([sent], wait=True))
    if outcome.version is None:
        raise NoSuchInstance
    receipt = _receive(sent, outcome)
    if waiting := _hints_of([sent], [outcome]):
        transaction.on_commit(partial(send_hints, waiting), robust=True)
    return receipt


async def store_batches(
    *, batches: Sequence[Sent], database: AsyncConnection
) -> list[Receipt | BadToken | None]:
    """Store the new samples of batches, each of another instance, durably, in one transaction.

    Each gets its receipt, or the error for its revoked token. None means that the batch must be
    stored alone (store_batch): its instance is locked, possibly for long, or does not exist. An
    error of the database or the connection (core/storage/database.py) is raised and not retried;
    the transaction is rolled back.
    """
    began = time.perf_counter()
    rows = await database.execute(*to_statement(batches, wait=False))
    outcomes = list(starmap(Outcome, rows))
    if waiting := _hints_of(batches, outcomes):
        send_hints(waiting, seconds=time.perf_counter() - began)
    return list(map(_settle, batches, outcomes))


def to_statement(batches: Sequence[Sent], *, wait: bool) -> tuple[str, dict[str, Any]]:
    """Return the statement that stores the batches, and its parameters (see to_parameters)."""
    parameters = to_parameters(batches, wait=wait)
    # Not by a generator, whose set-up nearly every batch would pay for.
    for sent in batches:
        if sent.scenes or sent.marks:
            break
    else:
        return STORE, parameters
    return STORE_SCENES, {
        **parameters,
        **_scene_parameters(batches),
        "marks": _json([sent.marks for sent in batches]) if any(b.marks for b in batches) else None,
        "most_pages": settings.MAX_PAGES,
    }


def to_parameters(batches: Sequence[Sent], *, wait: bool) -> dict[str, Any]:
    """Return the parameters of STORE; `wait` says whether it waits for a locked instance."""
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


def _scene_parameters(batches: Sequence[Sent]) -> dict[str, Any]:
    placed = [(n, scene) for n, sent in enumerate(batches, start=1) for scene in sent.scenes]
    scenes = [scene for _, scene in placed]
    return {
        "scene_places": _array([place for place, _ in placed]),
        "scene_times": _array([scene.us for scene in scenes]),
        "lengths": _array(list(chain.from_iterable(scene.numbers for scene in scenes))),
        "scene_seqs": _array([scene.seq for scene in scenes]),
        "pointers": _array([scene.pointer for scene in scenes]),
        # JSON writes text as arrays do, as long as it has no control characters.
        "pages": _array([scene.page for scene in scenes]),
    }


def _hints_of(batches: Iterable[Sent], outcomes: Iterable[Outcome]) -> list[Hint]:
    return [
        (shard_of(outcome.browser_id), sent.request_id)
        for sent, outcome in zip(batches, outcomes, strict=True)
        if outcome.browser_id is not None and outcome.accepted
    ]


def _settle(sent: Sent, outcome: Outcome) -> Receipt | BadToken | None:
    if outcome.version is None:
        return None
    try:
        return _receive(sent, outcome)
    except BadToken as refusal:
        return refusal


def _receive(sent: Sent, outcome: Outcome) -> Receipt:
    check_version(sent.token, outcome.version)
    duplicates = len(sent.samples.times) - outcome.accepted - outcome.conflicts
    return Receipt(
        outcome.accepted,
        duplicates,
        outcome.conflicts,
        scenes=outcome.scenes if sent.scenes else UNSET,
        marks=outcome.marks if sent.marks else UNSET,
    )


def _array(values: list[Any]) -> str:
    """Write a PostgreSQL array at C speed: JSON with braces for brackets."""
    return "{" + msgspec.json.encode(values)[1:-1].decode() + "}"


def _json(values: list[Any]) -> str:
    return msgspec.json.encode(values).decode()


def _execute(statement: str, parameters: dict[str, Any]) -> list[Outcome]:
    for _ in range(ATTEMPTS - 1):
        try:
            return _execute_once(statement, parameters)
        except (OperationalError, InterfaceError) as error:
            if _is_dead() and not connection.in_atomic_block:
                connection.close()
            elif getattr(error.__cause__, "pgcode", None) not in RETRIED_SQLSTATES:
                raise
    return _execute_once(statement, parameters)


def _execute_once(statement: str, parameters: dict[str, Any]) -> list[Outcome]:
    # Without Django's check that the connection is alive, which would cost each batch a second
    # round trip. If the connection is dead the batch is sent again, which is safe as it is stored
    # only once.
    connection.health_check_done = True  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(starmap(Outcome, cursor.fetchall()))


def _is_dead() -> bool:
    """Whether there is a connection, and the database has hung up."""
    return connection.connection is not None and connection.connection.closed != 0
