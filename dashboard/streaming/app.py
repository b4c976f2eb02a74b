"""The live process, which only sends changed statuses as server-sent events.

It is plain ASGI: a stream passes through no middleware and holds no database connection. Its one
query, the snapshot, runs in a thread and returns the connection at once.
"""

import asyncio
import logging
import re
import signal
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from rest_framework.exceptions import APIException, AuthenticationFailed, MethodNotAllowed, NotFound

from core.api.problems import ForeignInstance, Unavailable
from core.metrics import GAUGE_SECONDS, touch_gauges
from core.web.aliases import own_path
from core.web.message_framing import Receive, Scope, Send, check_head, closing, drop
from core.web.refusals import READABLE_BY_ALL, refuse_read
from dashboard.access.grants import find_void
from dashboard.instances.tokens import Ticket, read_ticket
from dashboard.streaming.hub import Hub, Watcher
from dashboard.streaming.stream import read_newest_versions, read_snapshot, version_of

logger = logging.getLogger(__name__)

STREAM_PATH = re.compile(r"/api/v1/browsers/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/stream/")
PROBE_PATH = "/healthz"
HEARTBEAT_SECONDS = 15
# A client that accepts no data for this long counts as gone.
STALL_SECONDS = 30
OPENING = b"retry: 2000\n\n"
HEARTBEAT = b": still here\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
    # The ticket in the address grants access. Cookies are not used.
    READABLE_BY_ALL,
]

hub = Hub()
# A thousand clients that reconnect at once must not open a thousand database connections.
snapshots_at_once = asyncio.Semaphore(4)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http":
        await _answer(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    tasks: list[asyncio.Task] = []
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            tasks = [asyncio.create_task(job) for job in (hub.listen(), _catch_up(), _show_life())]
            _end_streams_on(signal.SIGTERM, signal.SIGINT)
            await send({"type": "lifespan.startup.complete"})
        else:
            hub.close()
            for task in tasks:
                task.cancel()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _catch_up() -> None:
    """Find changes that Redis lost, so that a stream is at most one sweep behind.

    Also ends the streams of API keys and share links that have ended.
    """
    versions: dict[str, int] = {}
    while True:
        await asyncio.sleep(settings.SWEEP_SECONDS / 2)
        hub.catch_up(versions)
        versions = await asyncio.to_thread(_read_versions, list(hub.watchers))
        hub.end(await asyncio.to_thread(_find_void, hub.list_grants()))


async def _show_life() -> None:
    """Keep the count of this process's streams in what web answers at /metrics."""
    while True:
        touch_gauges()
        await asyncio.sleep(GAUGE_SECONDS / 3)


def _read_versions(instances: list[str]) -> dict[str, int]:
    if not instances:
        return {}
    try:
        return read_newest_versions(instances=instances, now=timezone.now())
    except (OperationalError, InterfaceError) as error:
        logger.warning("cannot check whether streams are behind: %s", error)
        return {}
    finally:
        connection.close()


def _find_void(grants: set[str]) -> set[str]:
    if not grants:
        return set()
    try:
        return find_void(grants, now=timezone.now())
    except (OperationalError, InterfaceError) as error:
        logger.warning("cannot check whether streams are still permitted: %s", error)
        return set()
    finally:
        connection.close()


def _end_streams_on(*signals: signal.Signals) -> None:
    """End the streams when the server receives a signal; it would otherwise wait for them."""
    loop = asyncio.get_running_loop()
    for number in signals:
        servers_own = signal.getsignal(number)

        def stop(number: int, frame: Any, then: Any = servers_own) -> None:
            loop.call_soon_threadsafe(hub.close)
            then(number, frame)

        signal.signal(number, stop)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    answer = closing(receive, send)
    try:
        # No request here needs a body, but one of ordinary size is read before the answer: a proxy
        # written in Go aborts an answer that arrives while it still sends the body.
        if check_head(scope) == 0 or await drop(receive, most=settings.MAX_BODY_BYTES):
            answer = send
        if own_path(scope["path"]) == PROBE_PATH:
            await _say_up(answer)
            return
        instance_id, grant = _permitted(scope)
        watcher = hub.add(instance_id.hex, grant)
        try:
            await _stream(instance_id, watcher, receive, answer)
        finally:
            hub.remove(instance_id.hex, watcher)
    except APIException as error:
        await refuse_read(error, scope, answer)


def _permitted(scope: Scope) -> Ticket:
    match = STREAM_PATH.fullmatch(own_path(scope["path"]))
    if not match:
        raise NotFound("There is no such stream.")
    if scope["method"] != "GET":
        raise MethodNotAllowed(scope["method"])
    ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [""])[0]
    instance_id = UUID(match[1])
    permitted = read_ticket(ticket)
    if permitted.instance_id != instance_id:
        raise ForeignInstance("The ticket is another instance's.")
    return permitted


async def _say_up(send: Send) -> None:
    """Report that the process is up; as in web, the probe checks no dependency."""
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok\n"})


async def _stream(instance_id: UUID, watcher: Watcher, receive: Receive, send: Send) -> None:
    """Send the snapshot, then each change, until the client leaves or the hub closes."""
    events = OPENING + await _snapshot(instance_id, watcher)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    leaving = asyncio.create_task(_left(receive, watcher))
    try:
        while not (leaving.done() or hub.closing or watcher.is_over):
            await asyncio.wait_for(_send_more(events + watcher.take(), send), STALL_SECONDS)
            await watcher.wait(HEARTBEAT_SECONDS)
            events = await _snapshot(instance_id, watcher) if watcher.needs_snapshot else b""
    except (TimeoutError, APIException):
        logger.info(
            "a stream of %s ended: client stalled, instance erased or database away", instance_id
        )
    finally:
        leaving.cancel()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_more(events: bytes, send: Send) -> None:
    await send({"type": "http.response.body", "body": events or HEARTBEAT, "more_body": True})


async def _left(receive: Receive, watcher: Watcher) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    watcher.woken.set()


async def _snapshot(instance_id: UUID, watcher: Watcher) -> bytes:
    # Set this first: later messages wait in the queue and are sent after the snapshot.
    watcher.needs_snapshot = False
    async with snapshots_at_once:
        snapshot = await asyncio.to_thread(_read_snapshot, instance_id, watcher.grant)
    # A snapshot contains all versions below its own.
    watcher.version = max(watcher.version, version_of(snapshot) - 1)
    return snapshot


def _read_snapshot(instance_id: UUID, grant: str) -> bytes:
    try:
        if find_void([grant], now=timezone.now()):
            raise AuthenticationFailed("The ticket's API key or share link has ended.")
        return read_snapshot(instance_id=instance_id, now=timezone.now())
    except (OperationalError, InterfaceError) as error:
        raise Unavailable from error
    finally:
        connection.close()
