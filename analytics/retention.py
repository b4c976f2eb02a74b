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
from core.durations import FIRST_RUNG_MS
from dashboard.ladder import RAW

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

OLD_CHUNKS = """
select range_end from timescaledb_information.chunks
where hypertable_name = %(table)s and range_end <= %(before)s order by range_end
"""

# Locks: all of the chunk, for a moment. Whoever reads or writes the hypertable meanwhile waits, so
# it is one chunk a transaction, and it gives up where a long reader is in the way.
SET_LIMITS = """
select set_config('lock_timeout', '2s', true), set_config('statement_timeout', '60s', true)
"""
DROP = "select drop_chunks(%(table)s::regclass, older_than => %(before)s::timestamptz)"


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
    dropped = _drop(cursor, level.table, seal.before) if seal else []
    cursor.execute(SEAL, {"level": level.level, "cutoff": now - level.kept, **_waiting(now)})
    return dropped


def _waiting(now: datetime) -> dict[str, Any]:
    rungs = settings.RUNGS_MS
    return {"rungs": list(rungs), "longest": timedelta(milliseconds=rungs[-1]), "now": now}


def _drop(cursor: Any, table: str, before: datetime) -> list[str]:
    cursor.execute(OLD_CHUNKS, {"table": table, "before": before})
    dropped = []
    for (end,) in cursor.fetchall():
        try:
            with transaction.atomic():
                cursor.execute(SET_LIMITS)
                cursor.execute(DROP, {"table": table, "before": end})
                dropped += [name for (name,) in cursor.fetchall()]
        except OperationalError as error:
            logger.warning("chunks of %s before %s stay until the next run: %s", table, end, error)
            break
    return dropped
