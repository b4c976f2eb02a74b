"""Repair of statuses that a check found wrong: the drain recomputes them, or they are deleted."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from django.db import connection, transaction

from analytics.models import DirtyRange
from analytics.rollups.drain import SET_LIMITS, drain
from analytics.rollups.shards import lock_shard, shard_of
from analytics.rollups.verify import Difference
from dashboard.statuses.ladder import model_of, rung_above

# Locks: the statuses it deletes, which belong only to our shard, whose lock the caller holds.
DELETE = """
delete from {table} using unnest(%(browsers)s::bigint[], %(times)s::timestamptz[])
    as needless (browser_id, time)
where {table}.browser_id = needless.browser_id and {table}.time = needless.time
    and interval_ms = %(rung)s
"""


def repair(*, rung: int, differences: Iterable[Difference], now: datetime) -> None:
    """Recompute the statuses of a rung that differ, and delete those that have no source.

    Changes are marked for the rung above, and drained there too: only then does a status above that
    has lost its source show.
    """
    ordered = sorted(differences, key=lambda d: (shard_of(d.browser_id), d.browser_id, d.time))
    for shard, those in groupby(ordered, lambda d: shard_of(d.browser_id)):
        _mend(rung, shard, list(those))
        for level in (rung, rung_above(rung)):
            if level:
                drain(rung=level, shard=shard, now=now)


def _mend(rung: int, shard: int, differences: list[Difference]) -> None:
    needless = [d for d in differences if d.expected is None]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET_LIMITS)
        lock_shard(cursor, rung=rung, shard=shard)
        cursor.execute(
            DELETE.format(table=model_of(rung)._meta.db_table),
            {
                "rung": rung,
                "browsers": [d.browser_id for d in needless],
                "times": [d.time for d in needless],
            },
        )
        _mark(rung, differences)
        above = rung_above(rung)
        if above:
            _mark(above, needless)


def _mark(rung: int, differences: list[Difference]) -> None:
    places = sorted({(d.browser_id, d.time) for d in differences})
    DirtyRange.objects.bulk_create(
        DirtyRange(browser_id=browser_id, since=time, until=time, rung=rung)
        for browser_id, time in places
    )
