"""A circuit breaker: what has just failed is left alone for a while, so that nothing waits for it.

After so many seconds the next call tries again.
"""

import time


class Breaker:
    """Opens when it is told of a failure, and closes by itself; open means: do not call."""

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
