"""What holds for every test that runs processes: their signals, and an end to each wait."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LONGEST_SECONDS = 1200


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
