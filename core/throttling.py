"""Rate limits, counted in Redis: atomic, so that exactly as many pass as may.

A limit counts in fixed windows. The count and its expiry are one script, so that parallel calls
cannot slip past a limit together and no counter is left without an end. While Redis is away
nothing is counted and everything passes: losing a limit for a while harms less than losing data.
"""

import logging
import math
import time
from collections.abc import Sequence
from typing import NamedTuple

import redis
from rest_framework.exceptions import Throttled

from core.redis import client

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5

# All limits of a call in one round trip. A call that is refused counts nowhere, or one that keeps
# trying would never be let in again. Returns 0, or the milliseconds until the full window ends.
COUNT = """
for i, key in ipairs(KEYS) do
  local spent = tonumber(redis.call('get', key) or '0')
  if spent + tonumber(ARGV[3 * i - 2]) > tonumber(ARGV[3 * i - 1]) then
    return math.max(redis.call('pttl', key), 1)
  end
end
for i, key in ipairs(KEYS) do
  local spent = redis.call('incrby', key, ARGV[3 * i - 2])
  if spent == tonumber(ARGV[3 * i - 2]) then
    redis.call('pexpire', key, ARGV[3 * i])
  end
end
return 0
"""

_paused_until = 0.0


class Limit(NamedTuple):
    """At most `most` units within each window of so many seconds."""

    name: str
    most: int
    seconds: int


def spend(charges: Sequence[tuple[Limit, str, int]]) -> None:
    """Charge (limit, whom, units) all together, or raise Throttled (429) and charge nothing.

    Throttled carries the seconds to wait, which the answer's Retry-After says.
    """
    global _paused_until
    if time.monotonic() < _paused_until:
        return
    try:
        wait_ms = _count(charges)
    except redis.RedisError as error:
        _paused_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("no limits for %s s: %s", PAUSE_SECONDS, error)
        return
    if wait_ms:
        raise Throttled(math.ceil(wait_ms / 1000))


def _count(charges: Sequence[tuple[Limit, str, int]]) -> int:
    keys = [f"pointerscope:limit:{limit.name}:{whom}" for limit, whom, _ in charges]
    arguments = [
        number
        for limit, _, units in charges
        for number in (units, limit.most, limit.seconds * 1000)
    ]
    return client().eval(COUNT, len(keys), *keys, *arguments)
