"""Publishes changed statuses to the live process through Redis.

One channel carries the changes of all instances. A message is the instance's id in hex, followed by
the server-sent events exactly as a browser gets them, so that fan-out only copies bytes.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import redis
from django.db import connection

from core.storage.redis import client
from core.values.durations import FIRST_RUNG_MS
from core.values.times import to_rfc3339
from dashboard.instances.browsers import get_browser
from dashboard.statuses.series import Range, list_statuses
from dashboard.wire import Series, Status

logger = logging.getLogger(__name__)

CHANNEL = "pointerscope:statuses"
WINDOW = timedelta(minutes=2)
# Ingest accepts samples that are this far ahead of the clock (analytics/ingest/times.py), plus one
# bucket.
AHEAD = timedelta(minutes=5, seconds=1)
ID_LENGTH = 32

# A reader of this snapshot sees everything that transactions below this number wrote.
SNAPSHOT_VERSION = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


# For each instance, the number of the latest transaction that wrote a status in its window. A row's
# xmin has the lower 32 bits of that number; the next transaction's number has all 64.
NEWEST_VERSIONS = """
select b.instance_id, max(next.id - ((next.id - s.xmin::text::bigint) & 4294967295))
from dashboard_browser b
join dashboard_pointerstatus s on s.browser_id = b.id
cross join (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as id) next
where b.instance_id = any(%(instances)s::uuid[])
    and s.interval_ms = %(rung)s and s.time >= %(since)s and s.time < %(until)s
group by b.instance_id
"""


class Change(NamedTuple):
    """A changed status, and the number of the transaction that changed it.

    The drains of one browser run one after another. Of two values of a bucket, the one with the
    higher version is therefore the later, in whatever order their messages arrive.
    """

    instance_id: UUID
    version: int
    status: Status


def publish(changes: Iterable[Change]) -> None:
    """Send changes; call it after COMMIT. It does not raise if Redis is away.

    Redis may lose a message, and this process may end before it sends one. The live process finds
    such a change in the database within a sweep (read_newest_versions).
    """
    messages: dict[UUID, bytes] = {}
    for change in changes:
        head = messages.get(change.instance_id) or change.instance_id.hex.encode()
        messages[change.instance_id] = head + frame("status", change.version, change.status)
    # Not one by one: the drain of a shard would wait for Redis a hundred times.
    pipeline = client().pipeline(transaction=False)
    for message in messages.values():
        pipeline.publish(CHANNEL, message)
    try:
        pipeline.execute()
    except redis.RedisError as error:
        logger.warning("changed statuses of %s instances not streamed: %s", len(messages), error)


def split(message: bytes) -> tuple[str, bytes]:
    """Split a message into the instance's id in hex and its server-sent events."""
    return message[:ID_LENGTH].decode(), message[ID_LENGTH:]


def read_snapshot(*, instance_id: UUID, now: datetime) -> bytes:
    """Return the recent window as a server-sent event; NoSuchInstance (404) if it was erased."""
    browser = get_browser(instance_id=instance_id, token=None)
    with connection.cursor() as cursor:
        # Read before the statuses: a change between the two is then sent twice, but never missed.
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


def read_newest_versions(*, instances: Iterable[str], now: datetime) -> dict[str, int]:
    """Return the newest version in the recent window of each instance, by the hex of its id.

    An instance without a status in the window is left out.
    """
    parameters: dict[str, Any] = {
        "instances": list(instances),
        "rung": FIRST_RUNG_MS,
        "since": now - WINDOW,
        "until": now + AHEAD,
    }
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_VERSIONS, parameters)
        return {instance_id.hex: version for instance_id, version in cursor.fetchall()}


def version_of(events: bytes) -> int:
    """Return the version of server-sent events that `frame` wrote."""
    return int(events[len(b"id: ") : events.index(b"\n")])


def frame(event: str, version: int, data: msgspec.Struct) -> bytes:
    """Write one server-sent event (WHATWG HTML, section 9.2); its id is the version."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (version, event.encode(), msgspec.json.encode(data))
