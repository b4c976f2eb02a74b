"""Sends changed statuses to all clients that watch, over one Redis subscription of the process."""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Mapping

import redis.asyncio
from django.conf import settings
from prometheus_client import Gauge

import core.metrics  # noqa: F401  # before any metric is made
from dashboard.streaming.stream import CHANNEL, split, version_of

logger = logging.getLogger(__name__)

# A client that falls further behind than this gets a snapshot instead of what it missed.
QUEUE_MESSAGES = 64
RECONNECT_SECONDS = 1
CLIENTS = Gauge("pointerscope_stream_clients", "Streams that are open", multiprocess_mode="livesum")


class Watcher:
    """One client's place in the hub: a bounded queue that gives way to a snapshot."""

    def __init__(self) -> None:
        self.queue: deque[bytes] = deque()
        self.needs_snapshot = True
        # All changes up to this version are in what the client got, or in what waits for it.
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
        """Forget what waits: a snapshot, read later, holds it."""
        self.queue.clear()
        self.needs_snapshot = True
        self.woken.set()

    def take(self) -> bytes:
        taken = b"".join(self.queue)
        self.queue.clear()
        return taken

    async def wait(self, seconds: float) -> bool:
        """Return True when something has happened, False after so many seconds without."""
        try:
            await asyncio.wait_for(self.woken.wait(), seconds)
        except TimeoutError:
            return False
        self.woken.clear()
        return True


class Hub:
    """All watchers of this process, by the hex of the instance that they watch."""

    def __init__(self) -> None:
        self.watchers: defaultdict[str, set[Watcher]] = defaultdict(set)
        CLIENTS.set(0)
        self.closing = False

    def add(self, instance: str) -> Watcher:
        watcher = Watcher()
        self.watchers[instance].add(watcher)
        CLIENTS.inc()
        return watcher

    def remove(self, instance: str, watcher: Watcher) -> None:
        self.watchers[instance].discard(watcher)
        CLIENTS.dec()
        if not self.watchers[instance]:
            del self.watchers[instance]

    def close(self) -> None:
        """Let every stream end; browsers come back by themselves."""
        self.closing = True
        for watcher in self._all():
            watcher.woken.set()

    async def listen(self) -> None:
        """Hand on what Redis sends, for as long as the process lives."""
        while True:
            try:
                await self._subscribe()
            except (redis.RedisError, OSError) as error:
                logger.warning("stream without Redis, again in %s s: %s", RECONNECT_SECONDS, error)
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
        """Send each client a snapshot, because messages may have been missed meanwhile.

        redis-py subscribes again by itself after a broken connection, so this may happen often.
        """
        for watcher in self._all():
            watcher.start_over()

    def catch_up(self, versions: Mapping[str, int]) -> None:
        """Give a snapshot to each watcher that has not got its instance's version by now.

        Redis delivers a message at most once. `versions` was read from the database a while ago,
        so what has not come since is lost.
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
