"""The ranges that the page of one instance offers, and their labels."""

from typing import NamedTuple

from django.http import QueryDict

from core.values.durations import parse_duration
from core.values.times import to_rfc3339
from dashboard.statuses.lifetime import Life

LIVE = "2m"
ALL = "all"


class Choice(NamedTuple):
    """A range that ends now, or one from `since` to `until` if `seconds` is None."""

    name: str
    words: str
    seconds: int | None

    @property
    def short(self) -> str:
        return self.words if self is CUSTOM else self.name.lower()


CHOICES = {
    LIVE: Choice("2 min", "the last two minutes", 120),
    "15m": Choice("15 min", "the last 15 minutes", 900),
    "1h": Choice("1 h", "the last hour", 3600),
    "24h": Choice("24 h", "the last 24 hours", 86_400),
    "7d": Choice("7 d", "the last 7 days", 7 * 86_400),
    "30d": Choice("30 d", "the last 30 days", 30 * 86_400),
    ALL: Choice("All", "its whole time", None),
}
CUSTOM = Choice("Custom", "this range", None)


class ChosenRange(NamedTuple):
    key: str
    choice: Choice
    # As in the address: the API checks whether they are times.
    since: str = ""
    until: str = ""
    # A duration such as `10s`. If it is empty, the page chooses one for its width.
    interval: str = ""

    @property
    def is_live(self) -> bool:
        return self.key == LIVE


def choose_range(query: QueryDict, *, life: Life, is_here: bool) -> ChosenRange:
    """Return the range that the page's address asks for.

    Without a known range it is the live range for a present instance, and the instance's whole time
    otherwise.
    """
    interval = _read_interval(str(query.get("interval", "")))
    if "since" in query:
        since, until = (str(query.get(name, "")) for name in ("since", "until"))
        return ChosenRange("custom", CUSTOM, since, until, interval)
    key = str(query.get("range", ""))
    key = key if key in CHOICES else LIVE if is_here else ALL
    if key != ALL:
        return ChosenRange(key, CHOICES[key], interval=interval)
    return ChosenRange(key, CHOICES[key], to_rfc3339(life.since), to_rfc3339(life.until), interval)


def _read_interval(text: str) -> str:
    try:
        parse_duration(text)
    except ValueError:
        return ""
    return text
