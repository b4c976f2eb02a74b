"""The process's Redis clients for what is not the broker: one for threads, one for an event loop.

Nothing may depend on Redis for more than speed, so a call fails fast rather than retrying; the
caller decides what its absence means.
"""

import asyncio
from functools import cache, lru_cache
from typing import Any

import redis
import redis.asyncio
from django.conf import settings

# A client connects on first use and gives up after a quarter second.
PATIENCE: dict[str, Any] = {
    "decode_responses": True,
    "socket_timeout": 0.25,
    "socket_connect_timeout": 0.25,
    "health_check_interval": 30,
}


@cache
def client() -> redis.Redis:
    """Return the client that all threads share."""
    retry = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    return redis.Redis.from_url(settings.REDIS_URL, retry=retry, **PATIENCE)


# A process has one loop; tests have one after the other.
@lru_cache(maxsize=1)
def loop_client(loop: asyncio.AbstractEventLoop) -> redis.asyncio.Redis:
    """Return the client of an event loop."""
    retry = redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 0)
    return redis.asyncio.Redis.from_url(settings.REDIS_URL, retry=retry, **PATIENCE)
