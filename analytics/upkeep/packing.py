"""Packing of closed chunks: the samples' key wastes half of its space once nobody adds to it.

While samples come in, PostgreSQL splits a full page of the key in halves, and few are filled again
(docs/decisions.md has why). When its day is over a chunk's key is built anew, every page full.
"""

import json
import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, OperationalError, connection

from core.storage.session_limits import limited

logger = logging.getLogger(__name__)

# What a page kept for the next visit has mostly come by then. A batch that is later still splits a
# full page in two; where those add up, the key is found again.
SETTLING = timedelta(days=1)

# 36.3 B are the least for a key of 20 B: 32 B of tuple and 4 B of pointer, 8152 B of them a page.
# A tenth more is worth building it anew, but not under a megabyte.
WASTE = {"bytes_per_row": 40, "least_bytes": 1024 * 1024}

# No key is begun after ten minutes and none takes over twenty: the task has its time.
PATIENCE_SECONDS = 600

# A key is done when all transactions are over that are older than it, a drain of 15 s perhaps.
# Nobody waits behind that wait.
LIMITS = {"lock_timeout": "1min", "statement_timeout": "20min"}
ARE_LIMITS_OURS = """
select bool_and(current_setting(key) = value) from json_each_text(%(limits)s)
"""

# What a run that was killed or gave up has left. That of a run which is at it now looks the same,
# and a lock of that run's stands before it.
LEFTOVERS = """
select indexrelid::regclass::text from timescaledb_information.chunks
join pg_index on indrelid = to_regclass(format('%I.%I', chunk_schema, chunk_name))
join pg_class on pg_class.oid = indexrelid
where hypertable_name = 'analytics_pointerpositionevent' and not indisvalid
    and relname ~ '_cc(new|old)[0-9]*$'
"""
# The newest first: they stay longest. Building a key counts its rows anew, so that no key which
# has just been built is found again by a count that was wrong; -1 is before any analyze.
WASTEFUL = """
select format('%%I.%%I', chunk_schema, chunk_name), indexrelid::regclass::text
from timescaledb_information.chunks
join pg_class on pg_class.oid = to_regclass(format('%%I.%%I', chunk_schema, chunk_name))
join pg_index on indrelid = pg_class.oid and indisprimary
where hypertable_name = 'analytics_pointerpositionevent'
    and not is_compressed and range_end <= %(before)s and reltuples > 0
    and pg_relation_size(indexrelid) > greatest(%(least_bytes)s, %(bytes_per_row)s * reltuples)
order by range_end desc
"""
# Locks: the chunk, against vacuum and changes of its schema; samples are read and stored meanwhile.
FILL = "alter index {index} set (fillfactor = 100)"
REBUILD = "reindex index concurrently {index}"
DROP = "drop index concurrently if exists {index}"


def pack(*, now: datetime) -> list[str]:
    """Build the wasteful keys of chunks that ended a day ago anew; return the chunks' names.

    Where a lock is not had, or there is no room, the rest is left for the next run.
    """
    with limited(LIMITS), connection.cursor() as cursor:
        cursor.execute(ARE_LIMITS_OURS, {"limits": json.dumps(LIMITS)})
        if cursor.fetchone() != (True,):
            logger.warning("nothing is packed through a pooler; docs/scaling.md has the remedy")
            return []
        return _pack(cursor, now - SETTLING)


def _pack(cursor: Any, before: datetime) -> list[str]:
    until = time.monotonic() + PATIENCE_SECONDS
    packed = []
    try:
        _drop_leftovers(cursor)
        cursor.execute(WASTEFUL, {"before": before, **WASTE})
        for chunk, index in cursor.fetchall():
            if time.monotonic() > until:
                break
            cursor.execute(FILL.format(index=index))
            cursor.execute(REBUILD.format(index=index))
            packed.append(chunk)
    except OperationalError as error:
        logger.warning("packing goes on with the next run: %s", error)
        with suppress(Error):
            _drop_leftovers(cursor)
    return packed


def _drop_leftovers(cursor: Any) -> None:
    cursor.execute(LEFTOVERS)
    for (index,) in cursor.fetchall():
        cursor.execute(DROP.format(index=index))
