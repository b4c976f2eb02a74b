"""How a worker stops; CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT says how long its tasks may take then."""

from typing import Any

import billiard.pool


def end_in_time(**_: Any) -> None:
    """Make an ending child wait 2 s instead of 30 for the main process to count its results.

    Sometimes the main process has already stopped counting (billiard 4,
    `_ensure_messages_consumed`), and ending took half a minute. No task returns a result.
    """
    billiard.pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = 20
