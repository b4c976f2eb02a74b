"""Threads that run during a block."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, Self


class Background:
    """A thread for each of some objects, which works until the block ends and sets `stopping`."""

    def __init__(self, work: Callable[[Any], None], everyone: Iterable[Any]) -> None:
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=work, args=[one]) for one in everyone]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()
