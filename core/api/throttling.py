"""Rate limits, counted in Redis atomically, so that exactly the allowed number of calls passes.

A limit counts in fixed windows. The count and its expiry are one script, so that parallel calls
cannot pass a limit together and no counter lacks an expiry. While Redis is unavailable, nothing is
counted and everything passes: losing a limit for a while harms less than losing data.

What is limited, and who is counted: analytics/ingest/limits.py for batches, and
dashboard/instances/throttles.py for the rest. dashboard/access/lockout.py is of wrong passwords.
"""

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, NamedTuple

import redis
from prometheus_client import Counter
from rest_framework.exceptions import Throttled

import core.metrics  # noqa: F401  # before any metric is made
from core.storage.breaker import Breaker
from core.storage.redis import AsyncConnections, client

logger = logging.getLogger(__name__)

REFUSALS = Counter("pointerscope_refusals", "Calls that a limit refused", ["limit"])

# All limits of all calls in one round trip; the calls have the same limits, and several may charge
# the same counter. A refused call is not counted, or one that keeps trying would never be let in
# again. For each call it returns the index, from 1, of the limit that refuses it for the longest,
# and the milliseconds until its window ends; 0 and 0 if none does.
COUNT = """
local places, answer, spent, added, lasts = tonumber(ARGV[1]), {}, {}, {}, {}
local most, window = {}, {}
for place = 1, places do
  most[place], window[place] = tonumber(ARGV[2 * place]), ARGV[2 * place + 1]
end
for before = 0, #KEYS - 1, places do
  local refusing, wait, units = 0, 0, {}
  for place = 1, places do
    local key = KEYS[before + place]
    units[place] = tonumber(ARGV[2 * places + 1 + before + place])
    if not spent[key] then spent[key] = tonumber(redis.call('get', key) or '0') end
    if spent[key] + units[place] > most[place] then
      local left = math.max(redis.call('pttl', key), 1)
      if left > wait then refusing, wait = place, left end
    end
  end
  for place = 1, refusing == 0 and places or 0 do
    local key = KEYS[before + place]
    spent[key] = spent[key] + units[place]
    added[key] = (added[key] or 0) + units[place]
    lasts[key] = window[place]
  end
  answer[#answer + 1] = refusing
  answer[#answer + 1] = wait
end
for key, units in pairs(added) do
  if redis.call('incrby', key, units) == units then
    redis.call('pexpire', key, lasts[key])
  end
end
return answer
"""

# Counts all callers together.
EVERYBODY = "everybody"
_breaker = Breaker(seconds=5)
_connections = AsyncConnections()


class Limit(NamedTuple):
    """At most `most` units within each window of `seconds`."""

    name: str
    most: int
    seconds: int
    # Added to a refusal: how units are counted, if that is not obvious.
    rule: str = ""


# A limit, the key that it is charged to, and the number of units.
Charge = tuple[Limit, str, int]


def spend(charges: Sequence[Charge]) -> None:
    """Charge a call to all its limits, or raise Throttled (429) and charge nothing.

    Throttled carries the seconds to wait, for the answer's Retry-After.
    """
    answer = [0, 0]
    with _pausing_without_redis() as counts:
        if counts:
            answer = client().eval(*_arguments([charges]))
    if refusal := _refuse(charges, *answer):
        raise refusal


async def spend_each(calls: Sequence[Sequence[Charge]]) -> list[Throttled | None]:
    """Charge calls, all with the same limits in the same order; return the refusal of each.

    A call that gets None is charged to all its limits, any other to none.
    """
    answer = [0, 0] * len(calls)
    with _pausing_without_redis() as counts:
        if counts:
            answer = await _connections.execute("EVAL", *_arguments(calls))
    return list(map(_refuse, calls, answer[::2], answer[1::2]))


def read_use(limits: Sequence[Limit]) -> list[int | None]:
    """Return the use of limits by all callers in the current windows; None without Redis."""
    with _pausing_without_redis() as counts:
        if counts:
            spent = client().mget([_key(limit, EVERYBODY) for limit in limits])
            return [int(units or 0) for units in spent]
    return [None] * len(limits)


@contextmanager
def _pausing_without_redis() -> Iterator[bool]:
    """Yield whether to count; after an error of Redis, counting stops for a while."""
    try:
        yield not _breaker.is_open
    except (redis.RedisError, TimeoutError) as error:
        _breaker.open()
        logger.warning("no limits for %s s: %r", _breaker.seconds, error)


def _refuse(charges: Sequence[Charge], place: int, wait_ms: int) -> Throttled | None:
    """Return the refusal in COUNT's answer to a call, if any, and count it."""
    if not place:
        return None
    limit = charges[place - 1][0]
    REFUSALS.labels(limit.name).inc()
    detail = " ".join(filter(None, [f"Too many for the limit `{limit.name}`.", limit.rule]))
    return Throttled(math.ceil(wait_ms / 1000), detail)


def _arguments(calls: Sequence[Sequence[Charge]]) -> list[Any]:
    """Return the arguments of EVAL."""
    limits = [limit for limit, _, _ in calls[0]]
    windows = chain.from_iterable((limit.most, limit.seconds * 1000) for limit in limits)
    charges = list(chain.from_iterable(calls))
    keys = [_key(limit, whom) for limit, whom, _ in charges]
    units = [units for _, _, units in charges]
    return [COUNT, len(keys), *keys, len(limits), *windows, *units]


def _key(limit: Limit, whom: str) -> str:
    return f"pointerscope:limit:{limit.name}:{whom}"
