"""The ranges that one instance's page offers, and what they are called there."""

from typing import NamedTuple

from django.http import QueryDict

LIVE = "2m"


class Choice(NamedTuple):
    """A range that ends now; without seconds, one from `since` to `until`."""

    name: str
    words: str
    seconds: int | None

    @property
    def short(self) -> str:
        return self.name if self.seconds else self.words


CHOICES = {
    LIVE: Choice("2 min", "the last two minutes", 120),
    "15m": Choice("15 min", "the last 15 minutes", 900),
    "1h": Choice("1 h", "the last hour", 3600),
    "24h": Choice("24 h", "the last 24 hours", 86_400),
    "7d": Choice("7 d", "the last 7 days", 7 * 86_400),
    "30d": Choice("30 d", "the last 30 days", 30 * 86_400),
}
CUSTOM = Choice("Custom", "this range", None)


class ChosenRange(NamedTuple):
    key: str
    choice: Choice
    # As the address has them: the API says whether they are times.
    since: str = ""
    until: str = ""

    @property
    def is_live(self) -> bool:
        return self.key == LIVE


def choose_range(query: QueryDict) -> ChosenRange:
    """Return what the page's address asks for; what nobody offers is the live range."""
    if "since" in query:
        since, until = (str(query.get(name, "")) for name in ("since", "until"))
        return ChosenRange("custom", CUSTOM, since, until)
    key = str(query.get("range", LIVE))
    key = key if key in CHOICES else LIVE
    return ChosenRange(key, CHOICES[key])
