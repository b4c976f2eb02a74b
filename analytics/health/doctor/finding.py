"""The finding of a doctor's check."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

OK, WARN, FAIL = "ok", "warn", "fail"


class Finding(NamedTuple):
    """A check's result: its level (`ok`, `warn`, `fail`), what it saw, and the remedy."""

    check: str
    level: str
    said: str
    advice: str = ""


Check = Callable[[datetime], Iterator[Finding]]


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its type if the message is empty."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
