"""A circuit breaker: after a failure, calls are skipped for a while, so that nothing waits.

After these seconds the next call tries again.
"""

import time


class Breaker:
    """Opened by a failure, and closed again after `seconds`; while it is open, do not call."""

    def __init__(self, *, seconds: float) -> None:
        self.seconds = seconds
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self._open_until

    def open(self) -> None:
        self._open_until = time.monotonic() + self.seconds

    def close(self) -> None:
        self._open_until = 0.0
