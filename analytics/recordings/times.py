"""Cells of time: numbers as they are, texts and timestamps as microseconds."""

import math
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

from analytics.recordings.cells import looks_numeric, to_number
from analytics.recordings.findings import Findings, quoted
from analytics.recordings.options import Options
from core.times import EPOCH, MICROSECOND

DAY = timedelta(days=1)
_SECONDS = r":(?P<s>\d{2})(?:[.,:](?P<f>\d{1,9}))?"
_CLOCK = rf"(?P<h>\d{{1,2}}):(?P<m>\d{{2}})(?:{_SECONDS})?"
_HALF = r"\s*(?P<half>[AaPp])\.?[Mm]\.?"
_ZONE = r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})"
_DATE = (
    r"(?:(?P<y>\d{4})(?P<d1>[-/.])(?P<mo>\d{1,2})(?P=d1)(?P<d>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<d2>[-/.])(?P<b>\d{1,2})(?P=d2)(?P<y2>\d{4}))"
)
_DATED = re.compile(rf"{_DATE}(?:[T ,;_]+|T){_CLOCK}(?:{_HALF})?(?:{_ZONE})?")
# Without seconds it may be hours and minutes, or minutes and seconds.
_TIME_OF_DAY = re.compile(rf"(?P<h>\d{{1,2}}):(?P<m>\d{{2}}){_SECONDS}(?:{_HALF})?")
# 20261120100000 and with a fraction: digits that are no count of anything.
_COMPACT = re.compile(
    r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:[01]\d|2[0-3])(?:[0-5]\d){2}\.?\d{0,6}"
)


class Moment(NamedTuple):
    """A time that is no plain number: microseconds since 1970, or, undated, since midnight."""

    us: int
    is_dated: bool
    had_zone: bool


class TimeColumn:
    """The times of a file's rows: numbers in the file's unit, or microseconds where `is_us`."""

    def __init__(self, options: Options, decimal: str) -> None:
        self.values: array[Any] = array("q")
        self.is_us = bytearray()
        self.is_dated = self.lacks_zone = self.is_undated = False
        self._decimal = decimal
        self._zone: tzinfo = options.timezone or UTC
        self._format = options.time_format
        self.order = ""

    def extend(self, cells: Sequence[Any], places: Sequence[int], refuse: Callable) -> None:
        """Add cells; `refuse(place, cell, why)` hears of those that are no times, taken as 0."""
        if not self._format and self._extend_by_numbers(cells):
            return
        for place, cell in zip(places, cells, strict=True):
            try:
                self._add(cell)
            except (ValueError, OverflowError) as error:
                refuse(place, cell, str(error))
                self._append(0, False)

    def _extend_by_numbers(self, cells: Sequence[Any]) -> bool:
        """Add cells that are all plain numbers, fast; return whether they were."""
        if self._decimal == "," and any("." in cell for cell in cells if isinstance(cell, str)):
            return False
        numbers = _to_numbers(cells, prefers_int=self.values.typecode == "q")
        if numbers is None:
            return False
        if numbers.typecode == "d" and self.values.typecode == "q":
            self.values = array("d", self.values)
        self.values.extend(numbers)
        self.is_us.extend(bytes(len(numbers)))
        return True

    def _append(self, value: float, is_us: bool) -> None:
        if self.values.typecode == "q" and not isinstance(value, int):
            self.values = array("d", self.values)
        self.values.append(value)
        self.is_us.append(is_us)

    def _add(self, cell: Any) -> None:
        if not self._format and looks_numeric(cell) and not is_compact(cell):
            number = to_number(cell, self._decimal)
            if abs(number) == float("inf"):
                raise ValueError("is no time")
            is_int = isinstance(cell, int) or (isinstance(cell, str) and cell.strip().isdecimal())
            self._append(int(cell) if is_int else number, False)
            return
        moment = self._to_moment(cell)
        self.is_dated |= moment.is_dated
        self.is_undated |= not moment.is_dated
        self.lacks_zone |= moment.is_dated and not moment.had_zone
        self._append(moment.us, True)

    def _to_moment(self, cell: Any) -> Moment:
        if isinstance(cell, timedelta):
            return Moment(cell // MICROSECOND, False, True)
        if isinstance(cell, time):
            cell = cell.isoformat()
        if isinstance(cell, datetime):
            return self._dated(cell)
        if not isinstance(cell, str):
            raise ValueError("is no time")
        text = cell.strip()
        if self._format:
            return self._formatted(text, self._format)
        try:
            if text[4:5] == "-" and len(text) > 10:
                return self._dated(datetime.fromisoformat(text))
        except ValueError:
            pass
        return self._matched(text)

    def _formatted(self, text: str, form: str) -> Moment:
        moment = datetime.strptime(text, form)  # noqa: DTZ007  (the zone is set below)
        if "%Y" in form or "%y" in form:
            return self._dated(moment)
        return Moment((moment - datetime(1900, 1, 1)) // MICROSECOND, False, True)  # noqa: DTZ001

    def _matched(self, text: str) -> Moment:
        if is_compact(text):
            return self._dated(_from_compact(text))
        if match := _DATED.fullmatch(text):
            return self._dated(_from_match(match, self.order))
        if match := _TIME_OF_DAY.fullmatch(text):
            moment = datetime(1970, 1, 1, *_clock_of(match), tzinfo=UTC)
            return Moment((moment - EPOCH) // MICROSECOND, False, True)
        raise ValueError("is no time")

    def _dated(self, moment: datetime) -> Moment:
        had_zone = moment.tzinfo is not None
        if not had_zone:
            moment = moment.replace(tzinfo=self._zone)
        return Moment((moment - EPOCH) // MICROSECOND, True, had_zone)


def _to_numbers(cells: Sequence[Any], *, prefers_int: bool) -> "array[Any] | None":
    """Return cells as whole or other numbers; None where one of them is no finite number."""
    if prefers_int:
        try:
            return array("q", map(_to_int, cells))
        except (ValueError, TypeError, OverflowError):
            pass
    try:
        numbers = array("d", map(_to_float, cells))
    except (ValueError, TypeError, OverflowError):
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _to_int(cell: Any) -> int:
    # int() would cut 1.7, and take true for 1; a compact date is no number.
    if (type(cell) is str and len(cell) < 14) or type(cell) is int:
        return int(cell)
    if type(cell) is str and not is_compact(cell):
        return int(cell)
    raise ValueError


def _to_float(cell: Any) -> float:
    if type(cell) is str and (len(cell) < 14 or not is_compact(cell)) and "_" not in cell:
        return float(cell)
    if type(cell) in (float, int):
        return float(cell)
    raise ValueError


def is_compact(cell: Any) -> bool:
    """Tell whether digits are a date and a time without marks, such as 20261120100000123."""
    return isinstance(cell, str) and bool(_COMPACT.fullmatch(cell.strip()))


def _from_compact(text: str) -> datetime:
    moment = datetime.strptime(text[:14], "%Y%m%d%H%M%S")  # noqa: DTZ007  (the zone is set later)
    fraction = text[14:].lstrip(".")
    return moment.replace(microsecond=int(fraction.ljust(6, "0") or 0))


def _from_match(match: re.Match, order: str) -> datetime:
    if match["y"]:
        date = int(match["y"]), int(match["mo"]), int(match["d"])
    else:
        first, second = int(match["a"]), int(match["b"])
        is_day_first = match["d2"] == "." or order == "dmy"
        day, month = (first, second) if is_day_first else (second, first)
        date = int(match["y2"]), month, day
    return datetime(*date, *_clock_of(match), tzinfo=_zone_of(match["zone"]))


def _clock_of(match: re.Match) -> tuple[int, int, int, int]:
    hour = int(match["h"])
    if half := match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("is no time")
        hour = hour % 12 + 12 * (half in "Pp")
    fraction = (match["f"] or "").ljust(6, "0")[:6]
    return hour, int(match["m"]), int(match["s"] or 0), int(fraction or 0)


def _zone_of(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text in ("Z", "UTC", "GMT"):
        return UTC
    return datetime.strptime(text.replace(":", "").ljust(5, "0"), "%z").tzinfo


def looks_like_time(cell: Any) -> bool:
    """Tell whether a cell is a time of the calendar or of the day, other than a number."""
    if isinstance(cell, datetime | timedelta | time):
        return True
    if not isinstance(cell, str):
        return False
    text = cell.strip()
    if _DATED.fullmatch(text) or _TIME_OF_DAY.fullmatch(text) or is_compact(text):
        return True
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return not text.isdecimal()


def find_date_order(cells: Iterable[Any], findings: Findings) -> str:
    """Return "dmy" or "mdy" for dates such as 11/26/2026; stop where these may be either."""
    dates = [
        (int(match["a"]), int(match["b"]), cell)
        for cell in cells
        if isinstance(cell, str) and (match := _DATED.fullmatch(cell.strip())) and match["a"]
        and match["d2"] != "."
    ]  # fmt: skip
    if not dates:
        return ""
    is_dmy = any(first > 12 for first, _, _ in dates)
    is_mdy = any(second > 12 for _, second, _ in dates)
    if is_dmy == is_mdy:
        findings.stop(
            f"{quoted(dates[0][2])} may be a day and a month or a month and a day",
            "--time-format '%d/%m/%Y %H:%M:%S.%f' (the day first), or '%m/%d/%Y …'",
        )
    return "dmy" if is_dmy else "mdy"
