"""Reading stored samples, in the order of their key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q

from analytics.models import PointerPositionEvent
from core.times import to_rfc3339


class Position(NamedTuple):
    """A place in a browser's samples: the key of one of them."""

    time: datetime
    seq: int


class EventPage(NamedTuple):
    """Up to a page of samples, and the key to go on after, or None at the end."""

    events: list[dict[str, Any]]
    next: Position | None


COLUMNS = ("time", "x", "y", "seq", "enter")


def list_events(
    *,
    browser_id: int,
    since: datetime | None,
    until: datetime | None,
    after: Position | None,
    limit: int,
) -> EventPage:
    """Return the samples in [since, until) that follow `after`, ordered by (time, seq)."""
    wanted = Q(browser_id=browser_id)
    if since:
        wanted &= Q(time__gte=since)
    if until:
        wanted &= Q(time__lt=until)
    if after:
        # The plain time bound is what TimescaleDB skips chunks by; the row comparison is not.
        wanted &= Q(time__gte=after.time) & (Q(time__gt=after.time) | Q(seq__gt=after.seq))
    rows = PointerPositionEvent.objects.filter(wanted).order_by("time", "seq")
    return _to_page(list(rows.values_list(*COLUMNS)[: limit + 1]), limit)


def _to_page(rows: Sequence[tuple], limit: int) -> EventPage:
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    events = [
        {"time": to_rfc3339(time), "x": x, "y": y, "seq": seq, "enter": enter}
        for time, x, y, seq, enter in shown
    ]
    return EventPage(events, Position(last[0], last[3]) if last else None)
