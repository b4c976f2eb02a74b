"""Exports of many instances in one file: their samples, scenes, marks or statuses, in sequence."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from analytics.reading.events import EVENTS
from analytics.reading.ranges import Selection, Source, page_rows
from analytics.rollups import rows_of
from core.api.file_formats import Column, Kind, Page
from dashboard.api.queries import EARLIEST
from dashboard.models import Browser
from dashboard.statuses import series
from dashboard.statuses.intervals import LATEST
from dashboard.statuses.series import Range, page_statuses

INSTANCE = Column("instance_id", Kind.TEXT, "", "the browser instance, a UUID")
INSTANCE_COLUMNS = (
    INSTANCE,
    Column("label", Kind.TEXT, "", "a name that a person understands; empty by default"),
    Column("site", Kind.TEXT, "", "the host of the page that logged it on; empty if not known"),
    Column("logged_on_at", Kind.TIME, "", "its last log-on, UTC"),
    Column("logged_off_at", Kind.TIME, "", "its last log-off, UTC; empty while it is logged on"),
)
STATUS_COLUMNS = (INSTANCE, *series.COLUMNS)


class Scope(NamedTuple):
    """The scope of an export: these instances' rows in [since, until)."""

    browsers: Sequence[Browser]
    since: datetime | None = None
    until: datetime | None = None


def export_rows(*, scope: Scope, source: Source) -> Iterator[Page]:
    """Yield pages of INSTANCE and a source's columns: each instance's rows, by (time, seq)."""
    for browser in scope.browsers:
        selection = Selection(browser.pk, scope.since, scope.until)
        yield from _of(browser.instance_id, page_rows(source=source, selection=selection))


def export_instances(*, scope: Scope) -> Iterator[Page]:
    """Yield one page of INSTANCE_COLUMNS; the scope's range has no effect."""
    yield [
        (str(b.instance_id), b.label, b.site, b.logged_on_at, b.logged_off_at)
        for b in scope.browsers
    ]


def export_statuses(*, scope: Scope, interval_ms: int) -> Iterator[Page]:
    """Yield pages of STATUS_COLUMNS: each instance's series of an interval, by time."""
    span = Range(scope.since or EARLIEST, scope.until or LATEST, interval_ms, fill=False)
    for browser in scope.browsers:
        yield from _of(browser.instance_id, page_statuses(browser_id=browser.pk, span=span))


def count_rows(*, scope: Scope, interval_ms: int | None, source: Source = EVENTS) -> int | None:
    """Return the number of a source's rows, or of a rung's statuses, in an export; None if unknown.

    Counting may take a second per ten million rows.
    """
    if interval_ms is not None and interval_ms not in settings.RUNGS_MS:
        return None
    rows = rows_of(interval_ms) if interval_ms else source.model._default_manager.all()
    rows = rows.filter(browser_id__in=[b.pk for b in scope.browsers])
    if scope.since:
        rows = rows.filter(time__gte=scope.since)
    if scope.until:
        rows = rows.filter(time__lt=scope.until)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('statement_timeout', '0', true)")
        return rows.count()


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears at `path` in one step when the block ends without an error.

    It is written beside it under a temporary name, and removed on an error. Devices and named pipes
    are written to directly.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _of(instance_id: UUID, pages: Iterable[Page]) -> Iterator[Page]:
    name = str(instance_id)
    for page in pages:
        yield [(name, *row) for row in page]
