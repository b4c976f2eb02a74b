"""Hints to the worker: "this shard has something to roll up". Speed, never the guarantee.

At most one hint per shard is queued: `SET NX` before publishing, and the task deletes the key
before it reads. Redis may be down, empty or hung: a request loses half a second once, then nothing
for five, and the sweep finds whatever a lost hint left.
"""

import logging
import time

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
NO_RETRY = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}

SENT, COALESCED, FAILED = map(HINTS.labels, ("sent", "coalesced", "failed"))

_paused_until = 0.0


def send(shard: int) -> None:
    """Queue a roll-up of the shard unless one is queued; never raises for want of Redis."""
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


def take(shard: int) -> None:
    """Let the next hint through. Before reading: what comes after is then never overlooked."""
    try:
        client().delete(_key(shard))
    except redis.RedisError as error:
        logger.warning("hint of shard %s not taken, it lapses by itself: %s", shard, error)


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
