"""Hints to the worker that a shard has marks to roll up: for speed, never the guarantee.

At most one hint per shard is queued: `SET NX` before publishing, and the task deletes the key
before it reads. A separate thread sends them, so that no request waits for Redis, be it down, empty
or hung; under load it merges the hints of many batches. The sweep finds the marks of a lost hint.
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
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

# A hint whose task was lost blocks further ones for this long at most.
KEY_SECONDS = 10
TASK_EXPIRES_SECONDS = 60
# A batch after a quiet moment is hinted at once. Those that follow share their hints for a while,
# which grows with their number: a drain of few samples costs nearly as much as one of many.
GATHER_SECONDS = 0.02
LONG_GATHER_SECONDS = 0.1
# Under load drains take time that ingest needs. With FULL batches being stored at a time the hints
# of a second become one; a status also covers a second. With fewer they gather for less, by the
# cube: there are two at half of the top rate, where charts must be quick, and four at the top.
FULL = 6
FULL_GATHER_SECONDS = 1
# Redis has a queue for each, and a worker empties the first before it reads the last.
FIRST, LAST = 0, 9
# What is queued behind the hints also pauses. Without the pause, a sender of distant hours took so
# much of the processor that a neighbour's sample waited 2.5 times as long as on a quiet machine.
PAUSE_SECONDS = 0.1
NO_RETRY = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}

# A batch's shard, and its request's id, which the task's log lines have.
Hint = tuple[int, str]


class Group(NamedTuple):
    """The hints of batches that were stored together, and how many seconds that took.

    The seconds include the wait for the database's turn.
    """

    hints: Sequence[Hint]
    seconds: float


SENT, COALESCED, FAILED = map(HINTS.labels, ("sent", "coalesced", "failed"))

_breaker = Breaker(seconds=5)
_sending = threading.Lock()


class Load(NamedTuple):
    """The batches stored over the last second or two, since a moment may fall into a wave of
    drains.

    `batch_seconds` is the sum of the batches, each times its seconds; `elapsed` is the time it
    covers.
    """

    batch_seconds: float = 0.0
    elapsed: float = 0.0

    @property
    def storing(self) -> float:
        """The average number of batches that were being stored at a time."""
        return self.batch_seconds / self.elapsed if self.elapsed else 0.0

    def after(self, groups: Sequence[Group], *, seconds: float) -> "Load":
        """Return the load `seconds` later, if these groups were stored meanwhile."""
        kept = 0.5**seconds
        stored = sum(len(group.hints) * group.seconds for group in groups)
        return Load(self.batch_seconds * kept + stored, self.elapsed * kept + seconds)


def send_hints(hints: Sequence[Hint], *, seconds: float = 0) -> None:
    """Queue a roll-up of each shard unless one is queued already; returns at once.

    `hints` are those of batches that were stored together, in `seconds`.
    """
    _outgoing().put(Group(hints, seconds))


def send_last_hints() -> None:
    """Send the waiting hints at the end of the process, and stop the thread from sending more.

    If it were cut off between the key and the message, the key would block the next hints.
    """
    if _outgoing.cache_info().currsize and _sending.acquire(timeout=1):
        _send_waiting(_outgoing())


def take(shard: int) -> None:
    """Allow the next hint. Call it before reading, so that later marks are never overlooked."""
    _take(_key(shard))


def queue(task: str, *arguments: int) -> None:
    """Queue a task after a pause and all waiting hints, unless it is queued already."""
    _send(_task_key(task, arguments), task, arguments, priority=LAST, countdown=PAUSE_SECONDS)


def take_queued(task: str, *arguments: int) -> None:
    """Allow the task to be queued again, as `take` does for hints."""
    _take(_task_key(task, arguments))


def _take(key: str) -> None:
    try:
        client().delete(key)
    except redis.RedisError as error:
        logger.warning("%s not deleted, it expires in time: %s", key, error)


@cache
def _outgoing() -> SimpleQueue[Group]:
    """Return this process's queue of hints; the first call starts the thread that sends them."""
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
        # The load before a quiet moment says nothing about the next one.
        since = 0.0 if outgoing.empty() else now


def gather_seconds(*, count: int, storing: float) -> float:
    """Return how long the next hints gather, after `count` of them, with `storing` batches at a
    time.
    """
    by_count = min(count * GATHER_SECONDS, LONG_GATHER_SECONDS)
    by_load = min(storing / FULL, 1) ** 3 * FULL_GATHER_SECONDS
    return max(by_count, by_load)


def _send_waiting(outgoing: SimpleQueue[Group], *first: Group) -> list[Group]:
    """Send the hints of these groups and of all that wait; return the groups."""
    groups = list(first)
    while not outgoing.empty():
        groups.append(outgoing.get())
    # One hint per shard covers all batches that arrived while the last ones were sent.
    hints = dict(chain.from_iterable(group.hints for group in groups))
    COALESCED.inc(sum(len(group.hints) for group in groups) - len(hints))
    for shard, request_id in hints.items():
        request_ids.current.set(request_id)
        _send(_key(shard), "roll_up", [shard], priority=FIRST)
    return groups


def _send(key: str, task: str, arguments: Sequence[int], **options: float) -> None:
    if _breaker.is_open:
        FAILED.inc()
        return
    try:
        if client().set(key, 1, nx=True, ex=KEY_SECONDS):
            _publish(task, arguments, options)
            SENT.inc()
        else:
            COALESCED.inc()
    except (redis.RedisError, OperationalError, OSError) as error:
        _breaker.open()
        FAILED.inc()
        logger.warning("no hints for %s s, the sweep replaces them: %s", _breaker.seconds, error)
    except Exception:
        # The thread must survive: hints only serve speed.
        logger.exception("no hint %s, the sweep replaces it", key)


def _publish(task: str, arguments: Sequence[int], options: Mapping[str, float]) -> None:
    current_app.send_task(
        f"analytics.tasks.{task}",
        args=arguments,
        headers={"request_id": request_ids.current.get()},
        expires=TASK_EXPIRES_SECONDS,
        retry=True,
        retry_policy=NO_RETRY,
        **options,
    )


def _key(shard: int) -> str:
    return f"pointerscope:hint:{shard}"


def _task_key(task: str, arguments: Sequence[int]) -> str:
    return ":".join(["pointerscope", task, *map(str, arguments)])
