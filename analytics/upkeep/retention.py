"""Retention: a run seals old data first, and a later run drops it by whole chunks.

Promises: a bucket that is still recomputed has all its samples; data that the outbox waits for is
not dropped; an extra or a concurrent run does nothing.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import OperationalError, connection, transaction

from analytics.models import Seal
from analytics.rollups import HEAT, RETENTION, SCENES, TRIALS, lock_job
from core.values.durations import FIRST_RUNG_MS
from dashboard.statuses.ladder import RAW

logger = logging.getLogger(__name__)

# Scenes and marks go with samples. A tracker repeats a scene each hour, so samples of a day that is
# kept do not lose theirs.
RAW_TABLES = (
    "analytics_pointerpositionevent",
    "analytics_pointerscene",
    "analytics_pointermark",
)

# A statement that began before a seal may still use the sealed data. It has ended by then.
SETTLING = timedelta(minutes=10)

# Locks: the seal's row. No seal passes a waiting mark, down to the start of its longest bucket, and
# none moves back. Ingest accepts only samples an hour younger than any seal, so no new mark lies
# before one.
SEAL = """
insert into analytics_seal (level, before, sealed_at)
select %(level)s, least(%(cutoff)s, time_bucket(%(longest)s, min(since))), %(now)s
from (
    select since from analytics_dirtyrange where rung = any(%(rungs)s)
    union all
    select since from analytics_dirtypage where %(level)s = %(heat)s
) waiting
on conflict (level) do update set before = excluded.before, sealed_at = excluded.sealed_at
where excluded.before > analytics_seal.before
"""

OLDEST_CHUNK = """
select format('%%I.%%I', chunk_schema, chunk_name), range_end from timescaledb_information.chunks
where hypertable_name = %(table)s and range_end <= %(before)s order by range_end limit 1
"""

SET_LIMITS = """
select set_config('lock_timeout', '500ms', true), set_config('statement_timeout', '60s', true)
"""
# Locks: the whole chunk, for a moment. All readers and writers of the hypertable wait meanwhile, so
# each chunk has a transaction of its own, which gives up if a long reader holds it. The table is
# locked before its index, as in all other statements; drop_chunks alone does the reverse, and each
# resulting deadlock delayed ingest by a second.
LOCK = "lock table {chunk} in access exclusive mode"
DROP = "select drop_chunks(%(table)s::regclass, older_than => %(end)s::timestamptz)"


class Level(NamedTuple):
    """Data with a limited retention: its hypertables and its level of the ladder."""

    level: int
    tables: tuple[str, ...]
    kept: timedelta


def levels() -> list[Level]:
    """Return the levels that are not kept for good."""
    return [
        Level(RAW, RAW_TABLES, timedelta(days=settings.RAW_RETENTION_DAYS)),
        Level(
            FIRST_RUNG_MS,
            ("dashboard_pointerstatus",),
            timedelta(days=settings.STATUS_RETENTION_DAYS),
        ),
        Level(HEAT, ("analytics_heatstatus",), timedelta(days=settings.STATUS_RETENTION_DAYS)),
    ]


def retain(*, now: datetime) -> list[str]:
    """Drop what an earlier run sealed, then seal what is too old now.

    Returns the names of the dropped chunks. A chunk that a long reader holds waits for the next
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
    dropped = []
    if seal:
        for table in level.tables:
            dropped += _drop(cursor, level.level, table, seal.before)
    cursor.execute(SEAL, {"level": level.level, "cutoff": now - level.kept, **_waiting(now)})
    return dropped


def _waiting(now: datetime) -> dict[str, Any]:
    rungs = settings.RUNGS_MS
    longest = max(timedelta(milliseconds=rungs[-1]), timedelta(minutes=5))
    return {"rungs": [*rungs, HEAT, SCENES, *TRIALS], "longest": longest, "now": now, "heat": HEAT}


def _drop(cursor: Any, level: int, table: str, before: datetime) -> list[str]:
    dropped: list[str] = []
    try:
        while names := _drop_oldest(cursor, level, table, before):
            dropped += names
    except OperationalError as error:
        logger.warning("the rest of %s stays until the next run: %s", table, error)
    return dropped


def _drop_oldest(cursor: Any, level: int, table: str, before: datetime) -> list[str]:
    """Return the names of the dropped chunks: none if none is old, or another run is active."""
    with transaction.atomic():
        cursor.execute(SET_LIMITS)
        # Two concurrent runs would block each other, and ingest with them.
        if not lock_job(cursor, rung=level, slot=RETENTION):
            return []
        cursor.execute(OLDEST_CHUNK, {"table": table, "before": before})
        if not (oldest := cursor.fetchone()):
            return []
        cursor.execute(LOCK.format(chunk=oldest[0]))
        cursor.execute(DROP, {"table": table, "end": oldest[1]})
        return [name for (name,) in cursor.fetchall()]
