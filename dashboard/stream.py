"""Telling the live process which statuses changed, through Redis.

One channel carries every change of every instance. A message is the instance's id in hex, and then
the server-sent events just as a browser gets them, so that fanning out copies bytes and no more.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
import redis
from django.db import connection

from core.durations import FIRST_RUNG_MS
from core.redis import client
from core.times import to_rfc3339
from dashboard.browsers import get_browser
from dashboard.series import Range, list_statuses
from dashboard.wire import Series, Status

logger = logging.getLogger(__name__)

CHANNEL = "pointerscope:statuses"
WINDOW = timedelta(minutes=2)
# As far as ingest takes samples that are ahead of the clock (analytics/batches.py), and the bucket.
AHEAD = timedelta(minutes=5, seconds=1)
ID_LENGTH = 32

# What transactions below this number wrote is in what a reader of this snapshot sees.
SNAPSHOT_VERSION = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


class Change(NamedTuple):
    """A status that came to differ, and the number of the transaction that made it so.

    One browser's drains follow each other. Of two values of one bucket the one with the higher
    version is therefore the later, in whatever order their messages come.
    """

    instance_id: UUID
    version: int
    status: Status


def publish(changes: Iterable[Change]) -> None:
    """Send changes; call it after COMMIT. It never raises for want of Redis.

    A stream is for watching: what Redis loses, a client gets with its next snapshot.
    """
    messages: dict[UUID, bytes] = {}
    for change in changes:
        head = messages.get(change.instance_id) or change.instance_id.hex.encode()
        messages[change.instance_id] = head + frame("status", change.version, change.status)
    try:
        for message in messages.values():
            client().publish(CHANNEL, message)
    except redis.RedisError as error:
        logger.warning("changed statuses of %s instances not streamed: %s", len(messages), error)


def split(message: bytes) -> tuple[str, bytes]:
    """Take a message apart: the instance's id in hex, and its server-sent events."""
    return message[:ID_LENGTH].decode(), message[ID_LENGTH:]


def read_snapshot(*, instance_id: UUID, now: datetime) -> bytes:
    """Return the recent window as a server-sent event; NoSuchInstance (404) where it is gone."""
    browser = get_browser(instance_id=instance_id, token=None)
    with connection.cursor() as cursor:
        # Before the statuses: what changes between the two then comes again, and is never missed.
        cursor.execute(SNAPSHOT_VERSION)
        ((version,),) = cursor.fetchall()
    span = Range(now - WINDOW, now + AHEAD, FIRST_RUNG_MS, fill=False)
    series = Series(
        instance_id=instance_id,
        interval_ms=FIRST_RUNG_MS,
        since=to_rfc3339(span.since),
        until=to_rfc3339(now),
        statuses=list_statuses(browser_id=browser.pk, span=span, fresh=True),
    )
    return frame("snapshot", version, series)


def frame(event: str, version: int, data: msgspec.Struct) -> bytes:
    """Write one server-sent event (WHATWG HTML, section 9.2); its id is the version."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (version, event.encode(), msgspec.json.encode(data))
