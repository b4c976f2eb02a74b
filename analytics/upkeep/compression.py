"""Compression of old chunks, which only TimescaleDB's Community edition has.

A late sample, and the drain that follows it, may still write into a compressed chunk: TimescaleDB
2.11 and later unpack what they touch, and store what is new uncompressed. Such a chunk is partial,
and 2.14 and later compress it again.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction

logger = logging.getLogger(__name__)

LICENCE = "select current_setting('timescaledb.license')"

# Segments by what a read names, in the order of the key. Locks: the hypertable, for a moment; it
# gives up where another session reads or writes it for long, because ingest would wait behind it.
ENABLE = {
    "analytics_pointerpositionevent": """
        alter table analytics_pointerpositionevent set (timescaledb.compress,
            timescaledb.compress_segmentby = 'browser_id',
            timescaledb.compress_orderby = 'time, seq')
    """,
    "dashboard_pointerstatus": """
        alter table dashboard_pointerstatus set (timescaledb.compress,
            timescaledb.compress_segmentby = 'browser_id, interval_ms',
            timescaledb.compress_orderby = 'time')
    """,
}
ENABLE_LIMIT = "select set_config('lock_timeout', '500ms', true)"
IS_ENABLED = """
select compression_enabled from timescaledb_information.hypertables
where hypertable_name = %(table)s
"""

# Locks: the chunk against writes while its rows are compressed, and against reads for a moment at
# the end. Each chunk has a transaction of its own, which gives up if another session locks the
# chunk.
SET_LIMITS = """
select set_config('lock_timeout', '2s', true), set_config('statement_timeout', '20min', true)
"""
# A compressed chunk's status has the bit 2 where rows are out of order, and the bit 8 where
# some are uncompressed.
LOOSE_CHUNKS = """
select format('%%I.%%I', chunk_schema, chunk_name) from timescaledb_information.chunks
join _timescaledb_catalog.chunk on (schema_name, table_name) = (chunk_schema, chunk_name)
where hypertable_name = %(table)s and range_end <= %(before)s
    and (not is_compressed or status & (2 | 8) <> 0)
order by range_end
"""
COMPRESS = "select compress_chunk(%(chunk)s::regclass, if_not_compressed => true)"


def compress(*, now: datetime) -> list[str]:
    """Compress chunks that ended COMPRESS_AFTER_DAYS ago, partial ones again; return their names.

    Nothing where the setting is 0 or the licence is not `timescale`. Where a lock is not had, the
    chunk, or the table that is not enabled yet, is left for the next run, and the rest goes on.
    """
    if not settings.COMPRESS_AFTER_DAYS:
        return []
    before = now - timedelta(days=settings.COMPRESS_AFTER_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(LICENCE)
        if cursor.fetchone() != ("timescale",):
            return []
        return [name for table in ENABLE for name in _compress_table(cursor, table, before)]


def _compress_table(cursor: Any, table: str, before: datetime) -> list[str]:
    cursor.execute(IS_ENABLED, {"table": table})
    if cursor.fetchone() == (False,) and not _try(cursor, table, ENABLE_LIMIT, ENABLE[table]):
        return []
    cursor.execute(LOOSE_CHUNKS, {"table": table, "before": before})
    chunks = [chunk for (chunk,) in cursor.fetchall()]
    return [chunk for chunk in chunks if _try(cursor, chunk, SET_LIMITS, COMPRESS)]


def _try(cursor: Any, name: str, limits: str, statement: str) -> bool:
    """Run a statement in a transaction of its own; whether it was done."""
    try:
        with transaction.atomic():
            cursor.execute(limits)
            cursor.execute(statement, {"chunk": name})
    except DatabaseError as error:
        logger.warning("%s stays as it is until the next run: %s", name, error)
        return False
    return True
