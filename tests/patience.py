"""What holds for every test that runs processes: their signals, and an end to each wait."""

import inspect
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

LONGEST_SECONDS = 1200

T = TypeVar("T")


def give_children_default_signals() -> None:
    """Let processes that tests start react to signals, also under `nohup` and as background jobs.

    Such jobs ignore signals, and what a process ignores its children ignore too. What it handles
    is the default in them, so a handler that does nothing keeps this process as it was.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, _ignore)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    pass


@contextmanager
def ended_after(seconds: float, what: str) -> Iterator[None]:
    """Raise where the block still waits after so long; the traceback shows at which line."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"{what} waits for this line after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def wait_until(condition: Callable[[], T], seconds: float = 15, *, what: str = "") -> T:
    """Return the condition's first true value; AssertionError if it has none in time.

    The error says what it waited for: `what`, or else the line that waits.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what or _line_of(condition)}")


def _line_of(condition: Callable[[], object]) -> str:
    is_lambda = getattr(condition, "__name__", "") == "<lambda>"
    return inspect.getsource(condition).strip() if is_lambda else repr(condition)
