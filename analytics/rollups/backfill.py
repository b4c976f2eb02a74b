"""Filling of a rung that was added to the ladder, from all stored rows of the level below."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Min
from timescale.db.models.expressions import TimeBucket

from analytics.models import DirtyRange, Seal
from analytics.rollups.drain import drain
from analytics.rollups.heat_marks import HEAT, SCENES
from analytics.rollups.levels import rows_of
from analytics.rollups.shards import shard_of
from dashboard.models import Browser
from dashboard.statuses.intervals import align
from dashboard.statuses.ladder import level_below

# Marks the heat that these marks make out of date.
MARK_HEAT = """
insert into analytics_dirtyrange (browser_id, since, until, rung)
select browser_id, lower(bucket), upper(bucket) - interval '1 microsecond', -1
from analytics_unmapped(null, '-infinity', 'infinity'), unnest(buckets) bucket
where browser_id in (
    select browser_id from analytics_dirtyrange where rung > 0 and not rung = any(%(rungs)s)
)
"""
# A drain recomputes a claim in one statement, within seconds: an hour of one browser is a small
# one.
PIECE = timedelta(hours=1)


def list_browsers_to_fill() -> list[int]:
    """Return the keys of all browsers, oldest first."""
    return list(Browser.objects.order_by("pk").values_list("pk", flat=True))


def fill(*, rung: int, browser_id: int, now: datetime) -> int:
    """Recompute a browser's statuses of a rung (ms); return how many changed.

    Safe during live traffic, and repeatable: it puts marks into the outbox, an hour at a time, and
    drains them as a worker would. Changes are marked for the rung above.
    """
    changed = 0
    for mark in _marks(rung, browser_id):
        mark.save()
        changed += drain(rung=rung, shard=shard_of(browser_id), now=now).statuses
    return changed


def forget_removed_rungs() -> int:
    """Delete the outbox's marks for rungs that the ladder lost; return how many.

    What waited on them for heat waits as marks of heat from then on.
    """
    removed = DirtyRange.objects.exclude(rung__in=[*settings.RUNGS_MS, HEAT, SCENES])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MARK_HEAT, {"rungs": list(settings.RUNGS_MS)})
        return removed.delete()[0]


def _marks(rung: int, browser_id: int) -> Iterator[DirtyRange]:
    level = level_below(rung)
    rows = rows_of(level).filter(browser_id=browser_id)
    if since := _whole_since(level):
        rows = rows.filter(time__gte=since)
    length = max(PIECE, timedelta(milliseconds=rung))
    pieces = rows.values(piece=TimeBucket("time", length)).order_by("piece")
    for piece in pieces.annotate(since=Min("time"), until=Max("time")):
        since, until = piece["since"], piece["until"]
        yield DirtyRange(browser_id=browser_id, since=since, until=until, rung=rung)


def _whole_since(level: int) -> datetime | None:
    """Return the start of the first bucket of the highest rung that the level holds completely.

    A partly stored bucket must not be filled on any rung: the rung above would take it for
    complete.
    """
    seal = Seal.objects.filter(level=level).first()
    return align(seal.before, settings.RUNGS_MS[-1]) if seal else None
