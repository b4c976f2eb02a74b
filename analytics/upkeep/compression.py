"""Compression of old chunks, an improvement that only TimescaleDB's Community edition has.

A late sample, and the drain that follows it, may still write into a compressed chunk: TimescaleDB
2.11 and later unpack what they touch.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction

logger = logging.getLogger(__name__)

LICENCE = "select current_setting('timescaledb.license')"

# Segments by what a read names, in the order of the key. Locks: the hypertable, for a moment.
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
IS_ENABLED = """
select compression_enabled from timescaledb_information.hypertables
where hypertable_name = %(table)s
"""

# Locks: the chunk against writing while its rows are packed, and against reading for a moment at
# the end; so it is one chunk a transaction, and it gives up where another session holds the chunk.
SET_LIMITS = """
select set_config('lock_timeout', '2s', true), set_config('statement_timeout', '20min', true)
"""
PLAIN_CHUNKS = """
select format('%%I.%%I', chunk_schema, chunk_name) from timescaledb_information.chunks
where hypertable_name = %(table)s and not is_compressed and range_end <= %(before)s
order by range_end
"""
COMPRESS = "select compress_chunk(%(chunk)s::regclass, if_not_compressed => true)"


def compress(*, now: datetime) -> list[str]:
    """Compress chunks that ended COMPRESS_AFTER_DAYS ago; return their names.

    Nothing where the setting is 0 or the licence is not `timescale`.
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
    if cursor.fetchone() == (False,):
        cursor.execute(ENABLE[table])
    cursor.execute(PLAIN_CHUNKS, {"table": table, "before": before})
    chunks = [chunk for (chunk,) in cursor.fetchall()]
    return [chunk for chunk in chunks if _compress_chunk(cursor, chunk)]


def _compress_chunk(cursor: Any, chunk: str) -> bool:
    try:
        with transaction.atomic():
            cursor.execute(SET_LIMITS)
            cursor.execute(COMPRESS, {"chunk": chunk})
    except OperationalError as error:
        logger.warning("%s stays as it is until the next run: %s", chunk, error)
        return False
    return True
