"""Packing of closed chunks: rebuilds the samples' key, half of which is wasted space.

While samples arrive, PostgreSQL splits full pages of the key in half, and few fill up again
(docs/decisions.md explains why). A day after a chunk ends, its key is rebuilt with full pages.
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

# By then most late samples have arrived. A later batch splits a full page again; if that adds up, a
# later run finds the key again.
SETTLING = timedelta(days=1)

# 36.3 B per row is the minimum for a key of 20 B: 32 B of tuple and 4 B of pointer, in pages of
# 8152 B. A tenth more is worth a rebuild, if the key exceeds a megabyte.
WASTE = {"bytes_per_row": 40, "least_bytes": 1024 * 1024}

# No rebuild starts after ten minutes, and none takes over twenty: the task has time for both.
PATIENCE_SECONDS = 600

# A rebuild ends when all older transactions are over, such as a drain of 15 s. No other session
# queues behind that wait.
LIMITS = {"lock_timeout": "1min", "statement_timeout": "20min"}
ARE_LIMITS_OURS = """
select bool_and(current_setting(key) = value) from json_each_text(%(limits)s)
"""

# The leftovers of a run that was killed or gave up. Those of a current run look the same, but its
# lock protects them.
LEFTOVERS = """
select indexrelid::regclass::text from timescaledb_information.chunks
join pg_index on indrelid = to_regclass(format('%I.%I', chunk_schema, chunk_name))
join pg_class on pg_class.oid = indexrelid
where hypertable_name = 'analytics_pointerpositionevent' and not indisvalid
    and relname ~ '_cc(new|old)[0-9]*$'
"""
# The newest first: they stay longest. A rebuild counts the rows anew, so a wrong count cannot
# select a freshly built key again; -1 means that the chunk was never analysed.
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
# Locks: the chunk, against vacuum and schema changes; samples can be read and stored meanwhile.
FILL = "alter index {index} set (fillfactor = 100)"
REBUILD = "reindex index concurrently {index}"
DROP = "drop index concurrently if exists {index}"


def pack(*, now: datetime) -> list[str]:
    """Rebuild the wasteful keys of chunks that ended a day ago; return the chunks' names.

    Without a lock or free space, the rest waits for the next run.
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
        logger.warning("packing continues with the next run: %s", error)
        with suppress(Error):
            _drop_leftovers(cursor)
    return packed


def _drop_leftovers(cursor: Any) -> None:
    cursor.execute(LEFTOVERS)
    for (index,) in cursor.fetchall():
        cursor.execute(DROP.format(index=index))
