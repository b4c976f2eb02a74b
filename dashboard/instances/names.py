"""What people call an instance: its label, then its site and page, then a short id."""

from collections.abc import Iterable
from typing import NamedTuple

from core.storage.replica import stale
from dashboard.models import Browser, PageVisit

SHORT_ID_DIGITS = 8
SEPARATOR = " · "


class Name(NamedTuple):
    """The parts of a name; `place` is the site and the newest page, as far as they are known."""

    label: str
    place: str
    short_id: str

    def __str__(self) -> str:
        """Return the name for titles and messages."""
        return self.label or self.unlabelled

    @property
    def unlabelled(self) -> str:
        """The name without its label; the short id tells apart the instances of one page."""
        return SEPARATOR.join(filter(None, (self.place, self.short_id)))


def name_of(browser: Browser, *, page: str | None = None) -> Name:
    """Return the name of an instance whose newest page is this one (newest_pages)."""
    place = SEPARATOR.join(filter(None, (browser.site, page)))
    return Name(browser.label, place, browser.instance_id.hex[:SHORT_ID_DIGITS])


def newest_pages(keys: Iterable[int]) -> dict[int, str]:
    """Return the name of the page on which each of these instances last was, if any is known.

    The result may lag behind by the replica's delay.
    """
    visits = (
        stale(PageVisit).filter(browser__in=list(keys)).order_by("browser_id", "-last_at", "-pk")
    )
    return dict(visits.distinct("browser_id").values_list("browser_id", "page__name"))
