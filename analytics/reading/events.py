"""Reads stored samples in the order of their key, from the replica if there is one."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from analytics.models import PointerPositionEvent
from analytics.wire import StoredEvent
from core.api.file_formats import PAGE_ROWS, Column, Kind, Page
from core.api.problems import NoSuchEvent
from core.storage.replica import stale
from core.values.times import to_rfc3339

COLUMNS = (
    Column("time", Kind.TIME, "", "when the pointer was there, in the server's time, UTC"),
    Column("x", Kind.FLOAT32, "px", "CSS pixels from the viewport's left edge"),
    Column("y", Kind.FLOAT32, "px", "CSS pixels from the viewport's top edge"),
    Column("seq", Kind.INT32, "", "tells samples of one time apart, in their order"),
    Column("enter", Kind.BOOL, "", "the pointer came (back) into the page here: no movement"),
)


class Position(NamedTuple):
    """A place in a browser's samples: the key of one of them."""

    time: datetime
    seq: int


class Selection(NamedTuple):
    """A selection of a browser's samples: those in [since, until) that follow `after`."""

    browser_id: int
    since: datetime | None = None
    until: datetime | None = None
    after: Position | None = None


def list_events(*, selection: Selection, limit: int) -> tuple[list[StoredEvent], Position | None]:
    """Return up to `limit` samples by (time, seq), and the next page's key, None at the end."""
    rows = list(_rows(selection)[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return [_to_event(row) for row in rows[:limit]], Position(last[0], last[3]) if last else None


def get_event(*, browser_id: int, key: Position) -> StoredEvent:
    """Return one sample; NoSuchEvent (404) if the browser has none with this key."""
    row = _rows(Selection(browser_id)).filter(time=key.time, seq=key.seq).first()
    if row is None:
        raise NoSuchEvent
    return _to_event(row)


def page_events(*, selection: Selection, size: int = PAGE_ROWS) -> Iterator[Page]:
    """Yield all selected samples, by (time, seq), in pages of rows of COLUMNS.

    Each page starts after the last key of the page before, without a cursor in the database. So a
    slow reader holds no transaction open, which would keep vacuum from the outbox, and a pooler in
    front of the database does no harm.
    """
    while True:
        page = list(_rows(selection)[:size])
        if page:
            yield page
        if len(page) < size:
            return
        selection = selection._replace(after=Position(page[-1][0], page[-1][3]))


def _rows(selection: Selection) -> QuerySet:
    wanted = Q(browser_id=selection.browser_id)
    if selection.since:
        wanted &= Q(time__gte=selection.since)
    if selection.until:
        wanted &= Q(time__lt=selection.until)
    if after := selection.after:
        # TimescaleDB excludes chunks by the plain time bound.
        wanted &= Q(time__gte=after.time) & (Q(time__gt=after.time) | Q(seq__gt=after.seq))
    rows = stale(PointerPositionEvent).filter(wanted).order_by("time", "seq")
    return rows.values_list(*(column.name for column in COLUMNS))


def _to_event(row: tuple) -> StoredEvent:
    return StoredEvent(to_rfc3339(row[0]), *row[1:])
