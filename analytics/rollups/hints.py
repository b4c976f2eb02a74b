"""Hints to the worker: "this shard has something to roll up". Speed, never the guarantee.

At most one hint per shard is queued: `SET NX` before publishing, and the task deletes the key
before it reads. A thread of its own sends them, so that no request waits for Redis, be it down,
empty or hung; under load many batches' hints become one on the way. The sweep finds whatever a
lost hint left.
"""

import logging
import threading
import time
from collections.abc import Sequence
from functools import cache
from itertools import chain
from queue import SimpleQueue
from typing import NamedTuple

import redis
from celery import current_app
from kombu.exceptions import OperationalError

from analytics.metrics import HINTS
from core.storage.breaker import Breaker
from core.storage.redis import client
from core.web import request_ids

logger = logging.getLogger(__name__)

# A hint whose task was lost holds further ones back no longer than this.
KEY_SECONDS = 10
TASK_EXPIRES_SECONDS = 60
# A batch after a quiet moment is hinted at once. Those that follow share their hints for a while,
# for longer the more they are: a drain of few samples costs nearly what one of many does.
GATHER_SECONDS = 0.02
LONG_GATHER_SECONDS = 0.1
# How busy the service is shows in how many batches are being stored at a time: under four at half
# load, where charts must be quick, and over four at full load, where what drains take is missing
# elsewhere. There the hints of a second are one; a status is of a second too.
BUSY, FULL = 3.9, 4.3
FULL_GATHER_SECONDS = 1
# Redis has a queue for each, and a worker empties the first before it looks into the last.
FIRST, LAST = 0, 9
NO_RETRY = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}

# A batch's shard, and the id of the request that brought it, which the task's log lines have.
Hint = tuple[int, str]


class Group(NamedTuple):
    """The hints of batches that were stored together, and how many seconds that took.

    They count from the wait for the database's turn on.
    """

    hints: Sequence[Hint]
    seconds: float


SENT, COALESCED, FAILED = map(HINTS.labels, ("sent", "coalesced", "failed"))

_breaker = Breaker(seconds=5)
_sending = threading.Lock()


class Load(NamedTuple):
    """What was stored over the last second or two: a moment may fall into a wave of drains.

    The batches, each times the seconds that it took, of the seconds that went by meanwhile.
    """

    batch_seconds: float = 0.0
    elapsed: float = 0.0

    @property
    def storing(self) -> float:
        """How many batches were being stored at a time, on the average."""
        return self.batch_seconds / self.elapsed if self.elapsed else 0.0

    def after(self, groups: Sequence[Group], *, seconds: float) -> "Load":
        """Return the load so many seconds later, when these groups have been stored meanwhile."""
        kept = 0.5**seconds
        stored = sum(len(group.hints) * group.seconds for group in groups)
        return Load(self.batch_seconds * kept + stored, self.elapsed * kept + seconds)


def send_hints(hints: Sequence[Hint], *, seconds: float = 0) -> None:
    """Have a roll-up of each shard queued unless one is queued; returns at once.

    `hints` are those of batches that were stored together, in so many seconds.
    """
    _outgoing().put(Group(hints, seconds))


def send_last_hints() -> None:
    """Send what waits, as the process ends, and have the thread begin no more.

    Were it cut off between the key and the message, the key would hold the next hints back.
    """
    if _outgoing.cache_info().currsize and _sending.acquire(timeout=1):
        _send_waiting(_outgoing())


def take(shard: int) -> None:
    """Let the next hint through. Before reading: what comes after is then never overlooked."""
    _take(_key(shard))


def queue(task: str, *arguments: int) -> None:
    """Have a task run after all hints that wait, unless that is queued already."""
    _send(_task_key(task, arguments), task, arguments, priority=LAST)


def take_queued(task: str, *arguments: int) -> None:
    """Let it be queued again, as `take` does for hints."""
    _take(_task_key(task, arguments))


def _take(key: str) -> None:
    try:
        client().delete(key)
    except redis.RedisError as error:
        logger.warning("%s not taken, it lapses by itself: %s", key, error)


@cache
def _outgoing() -> SimpleQueue[Group]:
    """Return this process's queue of hints, the sender of which runs from now on."""
    outgoing: SimpleQueue[Group] = SimpleQueue()
    threading.Thread(target=_send_all, args=[outgoing], name="hints", daemon=True).start()
    return outgoing


def _send_all(outgoing: SimpleQueue[Group]) -> None:
    load, since = Load(), 0.0
    while True:
        first = outgoing.get()
        with _sending:
            groups = _send_waiting(outgoing, first)
        now = time.monotonic()
        load = load.after(groups, seconds=now - since) if since else Load()
        count = sum(len(group.hints) for group in groups)
        time.sleep(gather_seconds(count=count, storing=load.storing))
        # What was before a quiet moment says nothing of what comes next.
        since = 0.0 if outgoing.empty() else now


def gather_seconds(*, count: int, storing: float) -> float:
    """Return how long the next hints gather, after so many, with so many batches being stored."""
    by_count = min(count * GATHER_SECONDS, LONG_GATHER_SECONDS)
    share = (storing - BUSY) / (FULL - BUSY)
    return max(by_count, min(share, 1) * FULL_GATHER_SECONDS)


def _send_waiting(outgoing: SimpleQueue[Group], *first: Group) -> list[Group]:
    """Send the hints of these groups and of all that wait; return the groups."""
    groups = list(first)
    while not outgoing.empty():
        groups.append(outgoing.get())
    # What came while the last ones were sent: a hint for each shard says it all.
    hints = dict(chain.from_iterable(group.hints for group in groups))
    COALESCED.inc(sum(len(group.hints) for group in groups) - len(hints))
    for shard, request_id in hints.items():
        request_ids.current.set(request_id)
        _send(_key(shard), "roll_up", [shard])
    return groups


def _send(key: str, task: str, arguments: Sequence[int], *, priority: int = FIRST) -> None:
    if _breaker.is_open:
        FAILED.inc()
        return
    try:
        if client().set(key, 1, nx=True, ex=KEY_SECONDS):
            _publish(task, arguments, priority)
            SENT.inc()
        else:
            COALESCED.inc()
    except (redis.RedisError, OperationalError, OSError) as error:
        _breaker.open()
        FAILED.inc()
        logger.warning("no hints for %s s, the sweep stands in: %s", _breaker.seconds, error)
    except Exception:
        # The thread must live on: hints are speed alone.
        logger.exception("no hint %s, the sweep stands in", key)


def _publish(task: str, arguments: Sequence[int], priority: int) -> None:
    current_app.send_task(
        f"analytics.tasks.{task}",
        args=arguments,
        priority=priority,
        headers={"request_id": request_ids.current.get()},
        expires=TASK_EXPIRES_SECONDS,
        retry=True,
        retry_policy=NO_RETRY,
    )


def _key(shard: int) -> str:
    return f"pointerscope:hint:{shard}"


def _task_key(task: str, arguments: Sequence[int]) -> str:
    return ":".join(["pointerscope", task, *map(str, arguments)])
