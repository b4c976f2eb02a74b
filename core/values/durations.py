"""Durations in the notation `1s`, `30s`, `5m`, `1h`, `7d`."""

import re
from itertools import pairwise

from environs import ValidationError

UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DURATION = re.compile("([1-9][0-9]{0,7})([smhd])")
MAX_MS = 366 * UNITS_MS["d"]
FIRST_RUNG_MS = 1000


def parse_duration(text: str) -> int:
    """Parse `1s`, `30s`, `5m`, `1h` or `1d` as milliseconds; ValueError for any other text."""
    match = DURATION.fullmatch(text)
    if not match or int(match[1]) * UNITS_MS[match[2]] > MAX_MS:
        raise ValueError("a whole number of s, m, h or d, up to 366 days")
    return int(match[1]) * UNITS_MS[match[2]]


def format_duration(milliseconds: int) -> str:
    """Write milliseconds in the largest unit that divides them: 60000 is `1m`."""
    unit = max(
        (u for u, ms in UNITS_MS.items() if milliseconds % ms == 0), key=UNITS_MS.__getitem__
    )
    return f"{milliseconds // UNITS_MS[unit]}{unit}"


def parse_ladder(text: str) -> tuple[int, ...]:
    """Parse `1s,10s,1m` as a ladder's rungs in milliseconds, finest first.

    ValueError if one is not a duration, if the first is not 1 s (the rung that is made of samples),
    or if one is not a multiple of the rung below it.
    """
    rungs = tuple(parse_duration(name.strip()) for name in text.split(","))
    if rungs[0] != FIRST_RUNG_MS:
        raise ValueError("the first rung is 1s")
    for below, rung in pairwise(rungs):
        if rung <= below or rung % below:
            raise ValueError(
                f"{format_duration(rung)} is not a multiple of {format_duration(below)}"
            )
    return rungs


def check_ladder(text: str) -> None:
    """Validate a ladder for the settings; ValidationError with the reason."""
    try:
        parse_ladder(text)
    except ValueError as error:
        raise ValidationError(f"{error}; write it like 1s,10s,1m,1h") from None
