"""A browser's samples, and their columns."""

from analytics.models import PointerPositionEvent
from analytics.reading.ranges import Position, Selection, Source, select_rows
from analytics.wire import StoredEvent
from core.api.file_formats import Column, Kind
from core.api.problems import NoSuchEvent
from core.values.times import to_rfc3339

COLUMNS = (
    Column("time", Kind.TIME, "", "when the pointer was there, in the server's time, UTC"),
    Column("x", Kind.FLOAT32, "px", "CSS pixels from the viewport's left edge"),
    Column("y", Kind.FLOAT32, "px", "CSS pixels from the viewport's top edge"),
    Column("seq", Kind.INT32, "", "tells samples of one time apart, in their order"),
    Column("enter", Kind.BOOL, "", "the pointer came (back) into the page here: no movement"),
)
EVENTS = Source(PointerPositionEvent, COLUMNS, tuple(column.name for column in COLUMNS))


def get_event(*, browser_id: int, key: Position) -> StoredEvent:
    """Return one sample; NoSuchEvent (404) if the browser has none with this key."""
    rows = select_rows(source=EVENTS, selection=Selection(browser_id))
    row = rows.filter(time=key.time, seq=key.seq).first()
    if row is None:
        raise NoSuchEvent
    return StoredEvent(to_rfc3339(row[0]), *row[1:])
