"""The process's one Redis client for what is not the broker."""

from functools import cache

import redis
from django.conf import settings


@cache
def client() -> redis.Redis:
    """Return the shared client; it connects on first use and gives up after a quarter second.

    Nothing may depend on Redis for more than speed, so a call fails fast rather than retrying;
    the caller decides what its absence means.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_timeout=0.25,
        socket_connect_timeout=0.25,
        health_check_interval=30,
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
    )
