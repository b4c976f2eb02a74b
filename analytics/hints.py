"""Hints to the worker: "this shard has something to roll up". Speed, never the guarantee.

At most one hint per shard is queued: `SET NX` before publishing, and the task deletes the key
before it reads. A thread of its own sends them, so that no request waits for Redis, be it down,
empty or hung; under load many batches' hints become one on the way. The sweep finds whatever a
lost hint left.
"""

import logging
import threading
import time
from functools import cache
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
# A batch after a quiet moment is hinted at once. Those that follow it share their hints, for longer
# the more they are: a drain of few samples costs nearly what one of many does.
GATHER_SECONDS = 0.02
MOST_GATHER_SECONDS = 0.1
NO_RETRY = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}

SENT, COALESCED, FAILED = map(HINTS.labels, ("sent", "coalesced", "failed"))

_paused_until = 0.0
_sending = threading.Lock()


def send(shard: int, request_id: str) -> None:
    """Have a roll-up of the shard queued unless one is queued; returns at once.

    The task's log lines have the id of the request that it is for.
    """
    _outgoing().put((shard, request_id))


def take(shard: int) -> None:
    """Let the next hint through. Before reading: what comes after is then never overlooked."""
    try:
        client().delete(_key(shard))
    except redis.RedisError as error:
        logger.warning("hint of shard %s not taken, it lapses by itself: %s", shard, error)


@cache
def _outgoing() -> SimpleQueue[tuple[int, str]]:
    """Return this process's queue of (shard, request id), the sender of which runs from now on."""
    outgoing: SimpleQueue[tuple[int, str]] = SimpleQueue()
    threading.Thread(target=_send_all, args=[outgoing], name="hints", daemon=True).start()
    # As any process ends, and one that multiprocessing has made, as granian's are.
    util.Finalize(None, _send_last, args=[outgoing], exitpriority=1)
    return outgoing


def _send_all(outgoing: SimpleQueue[tuple[int, str]]) -> None:
    while True:
        first = outgoing.get()
        with _sending:
            count = _send_waiting(outgoing, first)
        time.sleep(min(count * GATHER_SECONDS, MOST_GATHER_SECONDS))


def _send_last(outgoing: SimpleQueue[tuple[int, str]]) -> None:
    """Send what waits as the process ends, and have the thread begin no more.

    Were it cut off between the key and the message, the key would hold the next hints back.
    """
    if _sending.acquire(timeout=1):
        _send_waiting(outgoing)


def _send_waiting(outgoing: SimpleQueue[tuple[int, str]], *waiting: tuple[int, str]) -> int:
    """Send these hints and all that wait with them; return how many there were."""
    hints = dict(waiting)
    count = len(waiting)
    while not outgoing.empty():
        hints.update([outgoing.get()])
        count += 1
    # What came while the last ones were sent: a hint for each shard says it all.
    COALESCED.inc(count - len(hints))
    for shard, request_id in hints.items():
        request_ids.current.set(request_id)
        _send(shard)
    return count


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
