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
from multiprocessing import util
from queue import SimpleQueue

import redis
from celery import current_app
from kombu.exceptions import OperationalError

from analytics.metrics import HINTS
from core import request_ids
from core.redis import client

logger = logging.getLogger(__name__)

# A hint whose task was lost holds further ones back no longer than this.
KEY_SECONDS = 10
TASK_EXPIRES_SECONDS = 60
PAUSE_SECONDS = 5
# A batch after a quiet moment is hinted at once. Those that follow share their hints for a while,
# for longer the more they are: a drain of few samples costs nearly what one of many does.
GATHER_SECONDS = 0.02
LONG_GATHER_SECONDS = 0.1
# How busy the service is shows in how many batches are stored together: two or less up to half
# load, where charts must be quick, and twice as many at full load, where what drains take is
# missing elsewhere. So with the cube of that the while grows further.
TOGETHER_SECONDS = 0.005
MOST_GATHER_SECONDS = 0.5
NO_RETRY = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}

# A batch's shard, and the id of the request that brought it, which the task's log lines have.
Hint = tuple[int, str]

SENT, COALESCED, FAILED = map(HINTS.labels, ("sent", "coalesced", "failed"))

_paused_until = 0.0
_sending = threading.Lock()


def send(hints: Sequence[Hint]) -> None:
    """Have a roll-up of each shard queued unless one is queued; returns at once.

    `hints` are those of the batches that were stored together.
    """
    _outgoing().put(hints)


def take(shard: int) -> None:
    """Let the next hint through. Before reading: what comes after is then never overlooked."""
    try:
        client().delete(_key(shard))
    except redis.RedisError as error:
        logger.warning("hint of shard %s not taken, it lapses by itself: %s", shard, error)


@cache
def _outgoing() -> SimpleQueue[Sequence[Hint]]:
    """Return this process's queue of hints, the sender of which runs from now on."""
    outgoing: SimpleQueue[Sequence[Hint]] = SimpleQueue()
    threading.Thread(target=_send_all, args=[outgoing], name="hints", daemon=True).start()
    # As any process ends, and one that multiprocessing has made, as granian's are.
    util.Finalize(None, _send_last, args=[outgoing], exitpriority=1)
    return outgoing


def _send_all(outgoing: SimpleQueue[Sequence[Hint]]) -> None:
    # Of the hints just sent and, half as much each time, of those before, for a few groups say
    # little; until a quiet moment.
    batches = groups = 0.0
    while True:
        first = outgoing.get()
        with _sending:
            sizes = _send_waiting(outgoing, first)
        batches, groups = batches / 2 + sum(sizes), groups / 2 + len(sizes)
        time.sleep(gather_seconds(count=sum(sizes), together=batches / groups))
        if outgoing.empty():
            batches = groups = 0.0


def gather_seconds(*, count: int, together: float) -> float:
    """Return how long the next hints gather, after so many, from groups of so many batches."""
    by_count = min(count * GATHER_SECONDS, LONG_GATHER_SECONDS)
    by_size = min(TOGETHER_SECONDS * together**3, MOST_GATHER_SECONDS)
    return max(by_count, by_size)


def _send_last(outgoing: SimpleQueue[Sequence[Hint]]) -> None:
    """Send what waits as the process ends, and have the thread begin no more.

    Were it cut off between the key and the message, the key would hold the next hints back.
    """
    if _sending.acquire(timeout=1):
        _send_waiting(outgoing)


def _send_waiting(outgoing: SimpleQueue[Sequence[Hint]], *first: Sequence[Hint]) -> list[int]:
    """Send these hints and all that wait; return how many were together in each group."""
    groups = list(first)
    while not outgoing.empty():
        groups.append(outgoing.get())
    # What came while the last ones were sent: a hint for each shard says it all.
    hints = dict(chain.from_iterable(groups))
    sizes = list(map(len, groups))
    COALESCED.inc(sum(sizes) - len(hints))
    for shard, request_id in hints.items():
        request_ids.current.set(request_id)
        _send(shard)
    return sizes


def _send(shard: int) -> None:
    global _paused_until
    if time.monotonic() < _paused_until:
        FAILED.inc()
        return
    try:
        if client().set(_key(shard), 1, nx=True, ex=KEY_SECONDS):
            _publish(shard)
            SENT.inc()
        else:
            COALESCED.inc()
    except (redis.RedisError, OperationalError, OSError) as error:
        _paused_until = time.monotonic() + PAUSE_SECONDS
        FAILED.inc()
        logger.warning("no hints for %s s, the sweep stands in: %s", PAUSE_SECONDS, error)
    except Exception:
        # The thread must live on: hints are speed alone.
        logger.exception("no hint for shard %s, the sweep stands in", shard)


def _publish(shard: int) -> None:
    current_app.send_task(
        "analytics.tasks.roll_up",
        args=[shard],
        headers={"request_id": request_ids.current.get()},
        expires=TASK_EXPIRES_SECONDS,
        retry=True,
        retry_policy=NO_RETRY,
    )


def _key(shard: int) -> str:
    return f"pointerscope:hint:{shard}"
