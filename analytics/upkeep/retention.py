"""Retention: what is old is sealed first, and dropped by whole chunks at a later run.

Promises: a bucket that is still recomputed has everything that it is made of; nothing is dropped
that the outbox still waits for; a run too many, or beside another, does nothing.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import OperationalError, connection, transaction

from analytics.models import Seal
from core.values.durations import FIRST_RUNG_MS
from dashboard.statuses.ladder import RAW

logger = logging.getLogger(__name__)

# A statement that began before a seal may still compute what is sealed since: it has ended by then.
SETTLING = timedelta(minutes=10)

# Locks: the seal's row. No seal passes what waits in the outbox, down to the start of the longest
# bucket, and none goes back. What ingest takes is an hour younger than any seal, so that no mark
# can come to lie before one.
SEAL = """
insert into analytics_seal (level, before, sealed_at)
select %(level)s, least(%(cutoff)s, time_bucket(%(longest)s, min(since))), %(now)s
from analytics_dirtyrange where rung = any(%(rungs)s)
on conflict (level) do update set before = excluded.before, sealed_at = excluded.sealed_at
where excluded.before > analytics_seal.before
"""

OLDEST_CHUNK = """
select format('%%I.%%I', chunk_schema, chunk_name), range_end from timescaledb_information.chunks
where hypertable_name = %(table)s and range_end <= %(before)s order by range_end limit 1
"""

# Two that drop at once would hold each other up, and ingest with them; so the second leaves it to
# the first. No slot of a shard is -1 (analytics/rollups/shards.py).
BEGIN = """
select set_config('lock_timeout', '500ms', true), set_config('statement_timeout', '60s', true),
       pg_try_advisory_xact_lock(%(level)s, -1)
"""
# Locks: all of the chunk, for a moment. Whoever reads or writes the hypertable meanwhile waits, so
# it is one chunk a transaction, and it gives up where a long reader is in the way. The table before
# its index, as all others lock them: drop_chunks by itself does the reverse, and each deadlock that
# came of it held ingest up for a second.
LOCK = "lock table {chunk} in access exclusive mode"
DROP = "select drop_chunks(%(table)s::regclass, older_than => %(end)s::timestamptz)"


class Level(NamedTuple):
    """What is kept for so long: a hypertable, and the level of the ladder that it is."""

    level: int
    table: str
    kept: timedelta


def levels() -> list[Level]:
    """Return the levels that do not stay for good."""
    return [
        Level(RAW, "analytics_pointerpositionevent", timedelta(days=settings.RAW_RETENTION_DAYS)),
        Level(
            FIRST_RUNG_MS,
            "dashboard_pointerstatus",
            timedelta(days=settings.STATUS_RETENTION_DAYS),
        ),
    ]


def retain(*, now: datetime) -> list[str]:
    """Drop what was sealed by an earlier run, then seal what is too old now.

    Returns the names of the dropped chunks. A chunk that a long reader holds is left for the next
    run.
    """
    dropped = []
    for level in levels():
        with connection.cursor() as cursor:
            dropped += _retain_level(cursor, level, now)
    return dropped


def _retain_level(cursor: Any, level: Level, now: datetime) -> list[str]:
    seal = Seal.objects.filter(level=level.level).first()
    if seal and seal.sealed_at > now - SETTLING:
        return []
    dropped = _drop(cursor, level, seal.before) if seal else []
    cursor.execute(SEAL, {"level": level.level, "cutoff": now - level.kept, **_waiting(now)})
    return dropped


def _waiting(now: datetime) -> dict[str, Any]:
    rungs = settings.RUNGS_MS
    return {"rungs": list(rungs), "longest": timedelta(milliseconds=rungs[-1]), "now": now}


def _drop(cursor: Any, level: Level, before: datetime) -> list[str]:
    dropped: list[str] = []
    try:
        while names := _drop_oldest(cursor, level, before):
            dropped += names
    except OperationalError as error:
        logger.warning("the rest of %s stays until the next run: %s", level.table, error)
    return dropped


def _drop_oldest(cursor: Any, level: Level, before: datetime) -> list[str]:
    """Return the names of the dropped chunks: none where none is old, or another run is at it."""
    with transaction.atomic():
        cursor.execute(BEGIN, {"level": level.level})
        if not cursor.fetchone()[-1]:
            return []
        cursor.execute(OLDEST_CHUNK, {"table": level.table, "before": before})
        if not (oldest := cursor.fetchone()):
            return []
        cursor.execute(LOCK.format(chunk=oldest[0]))
        cursor.execute(DROP, {"table": level.table, "end": oldest[1]})
        return [name for (name,) in cursor.fetchall()]
