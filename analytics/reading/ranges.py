"""Reads a range of an instance's rows in the order of their key, from the replica if there is one.

Samples, scenes and marks have the same key, (browser, time, seq), and are read in the same way.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Model, Q, QuerySet

from core.api.file_formats import PAGE_ROWS, Column, Page
from core.storage.replica import stale


class Position(NamedTuple):
    """A place in a browser's rows: the key of one of them."""

    time: datetime
    seq: int


class Selection(NamedTuple):
    """A selection of a browser's rows: those in [since, until) that follow `after`.

    `where` narrows it by columns of the source.
    """

    browser_id: int
    since: datetime | None = None
    until: datetime | None = None
    after: Position | None = None
    where: Q = Q()


class Source(NamedTuple):
    """A hypertable with the key (browser, time, seq), and the columns of its rows.

    `fields` are the model's, for the first columns. `complete` adds the cells of the other columns
    to a page of rows of one browser.
    """

    model: type[Model]
    columns: tuple[Column, ...]
    fields: tuple[str, ...]
    complete: Callable[[int, Page], Page] = lambda browser_id, page: page


def list_rows(*, source: Source, selection: Selection, limit: int) -> tuple[Page, Position | None]:
    """Return up to `limit` rows by (time, seq), and the next page's key, None at the end."""
    rows = list(select_rows(source=source, selection=selection)[: limit + 1])
    page = source.complete(selection.browser_id, rows[:limit])
    return page, _end_of(source, rows[:limit]) if len(rows) > limit else None


def page_rows(*, source: Source, selection: Selection, size: int = PAGE_ROWS) -> Iterator[Page]:
    """Yield all selected rows, by (time, seq), in pages of rows of the source's columns.

    Each page starts after the last key of the page before, without a cursor in the database. So a
    slow reader holds no transaction open, which would keep vacuum from the outbox, and a pooler in
    front of the database does no harm.
    """
    while True:
        page = list(select_rows(source=source, selection=selection)[:size])
        if page:
            yield source.complete(selection.browser_id, page)
        if len(page) < size:
            return
        selection = selection._replace(after=_end_of(source, page))


def select_rows(*, source: Source, selection: Selection) -> QuerySet:
    """Return the query for a selection's rows of the source's fields, by (time, seq)."""
    wanted = Q(browser_id=selection.browser_id) & selection.where
    if selection.since:
        wanted &= Q(time__gte=selection.since)
    if selection.until:
        wanted &= Q(time__lt=selection.until)
    if after := selection.after:
        # TimescaleDB excludes chunks by the plain time bound.
        wanted &= Q(time__gte=after.time) & (Q(time__gt=after.time) | Q(seq__gt=after.seq))
    rows = stale(source.model).filter(wanted).order_by("time", "seq")
    return rows.values_list(*source.fields)


def _end_of(source: Source, page: Page) -> Position:
    last = page[-1]
    return Position(last[source.fields.index("time")], last[source.fields.index("seq")])
