"""Measures the size and growth of the hypertables, and predicts when the disk is full.

docs/metrics.md (Storage) defines each figure.
"""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Min

from analytics.models import (
    HeatStatus,
    PageHeat,
    PageStatus,
    PointerMark,
    PointerPositionEvent,
    PointerScene,
)
from dashboard.models import Browser, CoarseStatus, PointerStatus

# Growth is measured over RECENT, or over the service's age if it is younger, but at least LEAST.
RECENT, LEAST = timedelta(days=7), timedelta(hours=1)
FORESIGHT_DAYS = 3650

SIZE = """
select approximate_row_count(%(table)s::regclass), pg_database_size(current_database()),
       (select total_bytes from hypertable_detailed_size(%(table)s::regclass))
"""
CHUNKS = """
select range_start, range_end, total_bytes
from chunks_detailed_size(%(table)s::regclass) join timescaledb_information.chunks
    using (chunk_schema, chunk_name)
where chunks.hypertable_name = %(table)s
"""
# The view omits settings that a role may not see; the function would raise an error.
SERVER = """
select pg_backend_pid(), (select setting from pg_settings where name = 'data_directory'),
       coalesce(inet_server_addr() <<= '127.0.0.0/8' or inet_server_addr() = '::1', true)
"""


class Chunk(NamedTuple):
    """A hypertable's rows in [since, until), index included."""

    since: datetime
    until: datetime
    bytes: int


class Holding(NamedTuple):
    """A hypertable. Sizes are in bytes, indexes included; an unknown figure is None."""

    table: str
    chunks: int
    rows: int
    bytes: int
    bytes_per_row: float | None
    bytes_per_event: float | None
    growth_per_day: float | None
    levels_off_at: float | None
    full_in_days: int | None


class Disk(NamedTuple):
    """The disk of the database, in bytes."""

    size: int
    free: int
    source: str


class Storage(NamedTuple):
    """All hypertables, their total, and the disk, or None if the disk is unknown."""

    hypertables: list[Holding]
    total: Holding
    database_bytes: int
    disk: Disk | None


def kept_for() -> dict[str, timedelta | None]:
    """Return each hypertable's retention: how long a row is kept at most, None for good."""
    raw = timedelta(days=settings.RAW_RETENTION_DAYS)
    return {
        PointerPositionEvent._meta.db_table: raw,
        PointerStatus._meta.db_table: timedelta(days=settings.STATUS_RETENTION_DAYS),
        CoarseStatus._meta.db_table: None,
        PointerScene._meta.db_table: raw,
        PointerMark._meta.db_table: raw,
        HeatStatus._meta.db_table: timedelta(days=settings.STATUS_RETENTION_DAYS),
        PageHeat._meta.db_table: None,
        PageStatus._meta.db_table: None,
    }


def measure_storage(*, now: datetime, disk_bytes: int | None = None) -> Storage:
    """Return the size of each hypertable, and the days until a disk of this size is full.

    By default it is the data directory's disk, if the server runs on this machine.
    """
    first = Browser.objects.aggregate(first=Min("logged_on_at"))["first"] or now
    with connection.cursor() as cursor:
        found = [_measure(cursor, table, kept, first, now) for table, kept in kept_for().items()]
        database_bytes = found[0][1]
        disk = _given(disk_bytes, database_bytes) if disk_bytes else _find_disk(cursor)
    free = disk.free if disk else None
    holdings = [_foresee([holding], free) for holding in _per_event([h for h, _ in found])]
    return Storage(holdings, _foresee(holdings, free), database_bytes, disk)


def _measure(
    cursor: Any, table: str, kept: timedelta | None, first: datetime, now: datetime
) -> tuple[Holding, int]:
    cursor.execute(SIZE, {"table": table})
    rows, database_bytes, size = cursor.fetchone()
    cursor.execute(CHUNKS, {"table": table})
    chunks = [Chunk(*row) for row in cursor.fetchall()]
    growth = growth_per_day(chunks, first=first, now=now)
    limit = None
    if growth is not None and kept and chunks:
        limit = growth * ((kept + chunks[0].until - chunks[0].since) / timedelta(days=1))
    per_row = size / rows if rows else None
    return (
        Holding(table, len(chunks), rows, size, per_row, None, growth, limit, None),
        database_bytes,
    )


def growth_per_day(chunks: list[Chunk], *, first: datetime, now: datetime) -> float | None:
    """Return the recent growth in bytes per day: each chunk's share of the last week.

    A chunk counts as filled evenly from its start, or the `first` log-on, to its end, or `now`.
    """
    since = max(now - RECENT, first)
    if now - since < LEAST:
        return None
    grown = 0.0
    for chunk in chunks:
        start, end = max(chunk.since, first), min(chunk.until, now)
        if end > max(start, since):
            grown += chunk.bytes * ((end - max(start, since)) / (end - start))
    return grown / ((now - since) / timedelta(days=1))


def _per_event(holdings: list[Holding]) -> list[Holding]:
    """Set the bytes per event: of events their own size, of other tables by the ratio of growth."""
    events = holdings[0]
    if not (events.bytes_per_row and events.growth_per_day):
        return [events._replace(bytes_per_event=events.bytes_per_row), *holdings[1:]]
    a_day = events.growth_per_day / events.bytes_per_row
    return [
        holding._replace(bytes_per_event=(holding.growth_per_day or 0) / a_day)
        for holding in holdings
    ]


def _foresee(holdings: list[Holding], free: int | None) -> Holding:
    """Return the total of some hypertables, and in how many days they alone fill the free space."""
    return Holding(
        table=holdings[0].table if len(holdings) == 1 else "total",
        chunks=sum(h.chunks for h in holdings),
        rows=sum(h.rows for h in holdings),
        bytes=sum(h.bytes for h in holdings),
        bytes_per_row=holdings[0].bytes_per_row if len(holdings) == 1 else None,
        bytes_per_event=_sum([h.bytes_per_event for h in holdings]),
        growth_per_day=_sum([h.growth_per_day for h in holdings]),
        levels_off_at=_sum([h.levels_off_at for h in holdings]),
        full_in_days=None if free is None else days_until_full(holdings, free),
    )


def days_until_full(holdings: list[Holding], free: int) -> int | None:
    """Return after how many days growth exceeds the free space; None: not within ten years.

    Retention ends the growth of a hypertable at its `levels_off_at`.
    """
    for days in range(FORESIGHT_DAYS + 1):
        if sum(_grown(holding, days) for holding in holdings) > free:
            return days
    return None


def _grown(holding: Holding, days: int) -> float:
    grown = (holding.growth_per_day or 0) * days
    if holding.levels_off_at is None:
        return grown
    return min(grown, max(holding.levels_off_at - holding.bytes, 0))


def _sum(numbers: list[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _given(size: int, database_bytes: int) -> Disk:
    return Disk(size, max(size - database_bytes, 0), "a disk of its own of the given size")


def _find_disk(cursor: Any) -> Disk | None:
    cursor.execute(SERVER)
    pid, folder, is_here = cursor.fetchone()
    # The working directory of a server process is the data directory, whatever its path there.
    process = Path("/proc") / str(pid)
    try:
        if is_here and (process / "cmdline").read_bytes().startswith(b"postgres:"):
            usage = shutil.disk_usage(process / "cwd")
            return Disk(usage.total, usage.free, "the disk of the data directory")
    except OSError:
        pass
    if is_here and folder and Path(folder).is_dir():
        usage = shutil.disk_usage(folder)
        return Disk(usage.total, usage.free, f"the disk of {folder}")
    return None
