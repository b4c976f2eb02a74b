"""Reading stored samples, in the order of their key."""

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from analytics.models import PointerPositionEvent
from analytics.wire import StoredEvent
from core.problems import NoSuchEvent
from core.times import to_rfc3339

COLUMNS = ("time", "x", "y", "seq", "enter")
CSV_PAGE = 5000


class Position(NamedTuple):
    """A place in a browser's samples: the key of one of them."""

    time: datetime
    seq: int


class Selection(NamedTuple):
    """Which samples of a browser: those in [since, until) that follow `after`."""

    browser_id: int
    since: datetime | None = None
    until: datetime | None = None
    after: Position | None = None


def list_events(*, selection: Selection, limit: int) -> tuple[list[StoredEvent], Position | None]:
    """Return up to `limit` samples by (time, seq), and the key to go on after, None at the end."""
    rows = list(_rows(selection)[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return [_to_event(row) for row in rows[:limit]], Position(last[0], last[3]) if last else None


def get_event(*, browser_id: int, key: Position) -> StoredEvent:
    """Return one sample; NoSuchEvent (404) where the browser has none with this key."""
    row = _rows(Selection(browser_id)).filter(time=key.time, seq=key.seq).first()
    if row is None:
        raise NoSuchEvent
    return _to_event(row)


def stream_csv(*, selection: Selection) -> Iterator[str]:
    """Yield all selected samples as CSV, page by page.

    Pages rather than a database cursor: memory stays flat, no transaction stays open for as long
    as a slow reader takes, and a pooler between us and the database does no harm.
    """
    line = csv.writer(_Echo())
    yield line.writerow(COLUMNS)
    while True:
        events, after = list_events(selection=selection, limit=CSV_PAGE)
        yield "".join(
            line.writerow((e.time, repr(e.x), repr(e.y), e.seq, "true" if e.enter else "false"))
            for e in events
        )
        if after is None:
            return
        selection = selection._replace(after=after)


class _Echo:
    """A file for csv that hands each line back rather than keeping it."""

    def write(self, line: str) -> str:
        return line


def _rows(selection: Selection) -> QuerySet:
    wanted = Q(browser_id=selection.browser_id)
    if selection.since:
        wanted &= Q(time__gte=selection.since)
    if selection.until:
        wanted &= Q(time__lt=selection.until)
    if after := selection.after:
        # The plain time bound is what TimescaleDB skips chunks by.
        wanted &= Q(time__gte=after.time) & (Q(time__gt=after.time) | Q(seq__gt=after.seq))
    rows = PointerPositionEvent.objects.filter(wanted).order_by("time", "seq")
    return rows.values_list(*COLUMNS)


def _to_event(row: tuple) -> StoredEvent:
    return StoredEvent(to_rfc3339(row[0]), *row[1:])
