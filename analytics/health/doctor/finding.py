"""What a check of the doctor finds."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

OK, WARN, FAIL = "ok", "warn", "fail"


class Finding(NamedTuple):
    """One check: its level (`ok`, `warn`, `fail`), what it saw, and what to do about it."""

    check: str
    level: str
    said: str
    advice: str = ""


Check = Callable[[datetime], Iterator[Finding]]


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its kind where it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
