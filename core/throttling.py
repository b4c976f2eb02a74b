"""Rate limits, counted in Redis: atomic, so that exactly as many pass as may.

A limit counts in fixed windows. The count and its expiry are one script, so that parallel calls
cannot slip past a limit together and no counter is left without an end. While Redis is away
nothing is counted and everything passes: losing a limit for a while harms less than losing data.
"""

import logging
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, NamedTuple

import redis
from rest_framework.exceptions import Throttled

from core.redis import Lines, client

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5

# All limits of all calls in one round trip; each call has as many limits as the next. A call that
# is refused counts nowhere, or one that keeps trying would never be let in again. Returns of each
# call 0, or the milliseconds until the full window ends.
COUNT = """
local most, waits = tonumber(ARGV[1]), {}
local function number(key, place) return tonumber(ARGV[3 * key - 2 + place]) end
for first = 1, #KEYS, most do
  local wait = 0
  for i = first, first + most - 1 do
    local spent = tonumber(redis.call('get', KEYS[i]) or '0')
    if wait == 0 and spent + number(i, 1) > number(i, 2) then
      wait = math.max(redis.call('pttl', KEYS[i]), 1)
    end
  end
  for i = first, wait == 0 and first + most - 1 or 0 do
    if redis.call('incrby', KEYS[i], number(i, 1)) == number(i, 1) then
      redis.call('pexpire', KEYS[i], number(i, 3))
    end
  end
  waits[#waits + 1] = wait
end
return waits
"""

_paused_until = 0.0
_lines = Lines()


class Limit(NamedTuple):
    """At most `most` units within each window of so many seconds."""

    name: str
    most: int
    seconds: int


# A limit, whom it is charged to, and how many units.
Charge = tuple[Limit, str, int]


def spend(charges: Sequence[Charge]) -> None:
    """Charge a call to its limits all together, or raise Throttled (429) and charge nothing.

    Throttled carries the seconds to wait, which the answer's Retry-After says.
    """
    wait_ms = 0
    with _pausing_without_redis() as counts:
        if counts:
            (wait_ms,) = client().eval(*_arguments([charges]))
    if wait_ms:
        raise Throttled(math.ceil(wait_ms / 1000))


async def spend_each(calls: Sequence[Sequence[Charge]]) -> list[int]:
    """Charge calls, each with as many limits as the next; return the ms that each is to wait.

    A call with 0 is charged to all its limits, any other to none.
    """
    with _pausing_without_redis() as counts:
        if counts:
            return await _lines.execute("EVAL", *_arguments(calls))
    return [0] * len(calls)


@contextmanager
def _pausing_without_redis() -> Iterator[bool]:
    """Say whether there is anything to count in, and count no more for a while where it fails."""
    global _paused_until
    try:
        yield time.monotonic() >= _paused_until
    except (redis.RedisError, TimeoutError) as error:
        _paused_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("no limits for %s s: %r", PAUSE_SECONDS, error)


def _arguments(calls: Sequence[Sequence[Charge]]) -> list[Any]:
    """Return what EVAL takes."""
    charges = list(chain.from_iterable(calls))
    keys = [f"pointerscope:limit:{limit.name}:{whom}" for limit, whom, _ in charges]
    numbers = chain.from_iterable(
        (units, limit.most, limit.seconds * 1000) for limit, _, units in charges
    )
    return [COUNT, len(keys), *keys, len(calls[0]), *numbers]
