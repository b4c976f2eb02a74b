"""Redis for what is not the broker: a client for all threads, and connections for an event loop.

Redis may only serve speed, so a call fails fast instead of retrying, and the caller decides what to
do without it.
"""

import asyncio
import time
from functools import cache
from typing import Any

import redis
from django.conf import settings

from core.storage.sockets import until_readable

# A client connects on first use and gives up after a quarter of a second.
PATIENCE: dict[str, Any] = {
    "decode_responses": True,
    "socket_timeout": 0.25,
    "socket_connect_timeout": 0.25,
    "health_check_interval": 30,
    # With protocol 3 a server may send messages unasked.
    "protocol": 2,
}
# A connection waits for several answers until it is ready.
CONNECT_SECONDS = 0.5
# A nearby Redis answers within a third of this, so the loop blocks for as long: if it watched the
# socket it would first run everything else that is ready, and delay a group of batches by that
# much. If an answer takes more than half of it, the loop watches the socket for a while, so that
# blocking wastes at most a twentieth of its time.
MOMENT = 0.001
AFTER_LONG_SECONDS = 20 * MOMENT


@cache
def client() -> redis.Redis:
    """Return the client that all threads share."""
    retry = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    return redis.Redis.from_url(settings.REDIS_URL, retry=retry, **PATIENCE)


class AsyncConnections:
    """Connections that an event loop waits for, as many as have been needed at once.

    They are redis-py's connections for threads, and the loop watches their sockets. Its asyncio
    client makes a task and dozens of calls per command, which was a tenth of the cost of storing a
    batch.
    """

    def __init__(self) -> None:
        self._idle: list[Any] = []
        self._goes_on_until = 0.0

    async def execute(self, *command: str | int) -> Any:
        """Return the answer; redis.RedisError, or TimeoutError where it takes too long."""
        connection = await self._take()
        try:
            # Into the kernel's buffer, and a small answer out of it: neither waits.
            connection.send_command(*command, check_health=False)
            if not self._has_answered(connection):
                async with asyncio.timeout(PATIENCE["socket_timeout"]):
                    await until_readable(connection._sock.fileno())
            answer = connection.read_response()
        except BaseException:
            connection.disconnect()
            raise
        self._idle.append(connection)
        return answer

    def close(self) -> None:
        while self._idle:
            self._idle.pop().disconnect()

    def _has_answered(self, connection: Any) -> bool:
        """Whether the answer is there within a moment, for which the loop stands still."""
        began = time.monotonic()
        if began < self._goes_on_until:
            return False
        answered = connection.can_read(MOMENT)
        now = time.monotonic()
        if now - began > MOMENT / 2:
            self._goes_on_until = now + AFTER_LONG_SECONDS
        return answered

    async def _take(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not _has_ended(connection):
                return connection
            connection.disconnect()
        # Of the pool's kind, but none of the hundred that it has.
        pool = client().connection_pool
        connection = pool.connection_class(**pool.connection_kwargs)
        # In a thread, because it looks up the server's name and waits for it.
        async with asyncio.timeout(CONNECT_SECONDS):
            await asyncio.to_thread(connection.connect)
        return connection


def _has_ended(connection: Any) -> bool:
    """Whether Redis has hung up; there is nothing else that it could say unasked."""
    try:
        return connection.can_read()
    except redis.ConnectionError:
        return True
