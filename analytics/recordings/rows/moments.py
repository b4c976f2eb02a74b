"""Times that are not plain numbers: texts in many notations, and timestamps."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

from analytics.recordings.findings import Findings, quoted
from core.values.times import EPOCH, MICROSECOND

_SECONDS = r":(?P<s>\d{2})(?:[.,:](?P<f>\d{1,9}))?"
_CLOCK = rf"(?P<h>\d{{1,2}}):(?P<m>\d{{2}})(?:{_SECONDS})?"
_HALF = r"\s*(?P<half>[AaPp])\.?[Mm]\.?"
_ZONE = r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})"
_DATE = (
    r"(?:(?P<y>\d{4})(?P<d1>[-/.])(?P<mo>\d{1,2})(?P=d1)(?P<d>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<d2>[-/.])(?P<b>\d{1,2})(?P=d2)(?P<y2>\d{4}))"
)
_DATED = re.compile(rf"{_DATE}(?:[T ,;_]+|T){_CLOCK}(?:{_HALF})?(?:{_ZONE})?")
# A time without seconds is ambiguous: hours and minutes, or minutes and seconds.
_TIME_OF_DAY = re.compile(rf"(?P<h>\d{{1,2}}):(?P<m>\d{{2}}){_SECONDS}(?:{_HALF})?")
_ONLY_DATE = re.compile(_DATE)
# Such as 20261120100000, also with a fraction: digits that are not a count.
_COMPACT = re.compile(
    r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:[01]\d|2[0-3])(?:[0-5]\d){2}\.?\d{0,6}"
)


class Moment(NamedTuple):
    """A time that is not a number: microseconds since 1970, or since midnight without a date."""

    us: int
    is_dated: bool
    had_zone: bool


class MomentReader:
    """Reads times in the format `form`, if given; texts without a zone are in `zone`.

    `order` is "dmy" or "mdy", and applies to dates such as 11/26/2026.
    """

    def __init__(self, *, zone: tzinfo, form: str | None) -> None:
        self._zone, self._format, self.order = zone, form, ""

    def read(self, cell: Any) -> Moment:
        """Return a cell as a moment; ValueError if it is not a time."""
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


def is_compact(cell: Any) -> bool:
    """Return whether digits are a date and time without separators, such as 20261120100000123."""
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
    """Return whether a cell is a calendar time or a time of day, and not a number."""
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


def is_time_of_day(cell: Any) -> bool:
    """Return whether a cell is a time without a date."""
    return isinstance(cell, str) and bool(_TIME_OF_DAY.fullmatch(cell.strip()))


def is_date(cell: Any) -> bool:
    """Return whether a cell is a date without a time."""
    return bool(_ONLY_DATE.fullmatch(str(cell).strip()))


def find_date_order(cells: Iterable[Any], findings: Findings) -> str:
    """Return "dmy" or "mdy" for dates such as 11/26/2026; stop if they are ambiguous."""
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
