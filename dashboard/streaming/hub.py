"""Sends changed statuses to all watchers, by one Redis subscription for the whole process.

Each watcher has a bounded queue; one that reads too slowly gets a snapshot instead.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Collection, Mapping

import redis.asyncio
from django.conf import settings
from prometheus_client import Gauge

import core.metrics  # noqa: F401  # before any metric is made
from dashboard.streaming.stream import CHANNEL, split, version_of

logger = logging.getLogger(__name__)

# A client that falls further behind gets a snapshot instead of the messages it missed.
QUEUE_MESSAGES = 64
RECONNECT_SECONDS = 1
CLIENTS = Gauge("pointerscope_stream_clients", "Streams that are open", multiprocess_mode="livesum")


class Watcher:
    """One client of the hub: a bounded queue, replaced by a snapshot when it overflows."""

    def __init__(self, grant: str = "") -> None:
        # The API key or share link that opened it (dashboard/access/grants.py); it ends with that.
        self.grant = grant
        self.is_over = False
        self.queue: deque[bytes] = deque()
        self.needs_snapshot = True
        # The client has received, or the queue holds, all changes up to this version.
        self.version = 0
        self.woken = asyncio.Event()

    def put(self, message: bytes, version: int) -> None:
        self.version = max(self.version, version)
        if len(self.queue) < QUEUE_MESSAGES:
            self.queue.append(message)
            self.woken.set()
        else:
            self.start_over()

    def start_over(self) -> None:
        """Empty the queue: a snapshot, read later, contains its messages."""
        self.queue.clear()
        self.needs_snapshot = True
        self.woken.set()

    def take(self) -> bytes:
        taken = b"".join(self.queue)
        self.queue.clear()
        return taken

    async def wait(self, seconds: float) -> bool:
        """Return True when woken, False after this many seconds."""
        try:
            await asyncio.wait_for(self.woken.wait(), seconds)
        except TimeoutError:
            return False
        self.woken.clear()
        return True


class Hub:
    """All watchers of this process, by the hex id of the instance they watch."""

    def __init__(self) -> None:
        self.watchers: defaultdict[str, set[Watcher]] = defaultdict(set)
        CLIENTS.set(0)
        self.closing = False

    def add(self, instance: str, grant: str = "") -> Watcher:
        watcher = Watcher(grant)
        self.watchers[instance].add(watcher)
        CLIENTS.inc()
        return watcher

    def remove(self, instance: str, watcher: Watcher) -> None:
        self.watchers[instance].discard(watcher)
        CLIENTS.dec()
        if not self.watchers[instance]:
            del self.watchers[instance]

    def close(self) -> None:
        """End every stream; browsers reconnect on their own."""
        self.closing = True
        for watcher in self._all():
            watcher.woken.set()

    def list_grants(self) -> set[str]:
        return {watcher.grant for watcher in self._all()} - {""}

    def end(self, grants: Collection[str]) -> None:
        """End the streams that are read by one of these grants."""
        for watcher in self._all():
            if watcher.grant in grants:
                watcher.is_over = True
                watcher.woken.set()

    async def listen(self) -> None:
        """Forward the messages of Redis for as long as the process runs."""
        while True:
            try:
                await self._subscribe()
            except (redis.RedisError, OSError) as error:
                logger.warning(
                    "no connection to Redis for streams, retry in %s s: %s",
                    RECONNECT_SECONDS,
                    error,
                )
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _subscribe(self) -> None:
        server = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2)
        async with server, server.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            async for message in subscription.listen():
                if message["type"] == "subscribe":
                    self._start_over()
                else:
                    self._hand_on(message["data"])

    def _start_over(self) -> None:
        """Give every watcher a snapshot, which contains what was published without a subscription.

        The Redis client resubscribes on its own after a lost connection, so this may run often.
        """
        for watcher in self._all():
            watcher.start_over()

    def catch_up(self, versions: Mapping[str, int]) -> None:
        """Give a snapshot to each watcher that still lacks its instance's version.

        Redis delivers a message at most once. `versions` was read from the database a while ago, so
        a version that has not arrived since is lost.
        """
        for instance, version in versions.items():
            for watcher in self.watchers.get(instance, ()):
                if watcher.version < version:
                    watcher.version = version
                    watcher.start_over()

    def _hand_on(self, data: bytes) -> None:
        instance, events = split(data)
        if watchers := self.watchers.get(instance):
            version = version_of(events)
            for watcher in watchers:
                watcher.put(events, version)

    def _all(self) -> list[Watcher]:
        return [watcher for watchers in self.watchers.values() for watcher in watchers]
