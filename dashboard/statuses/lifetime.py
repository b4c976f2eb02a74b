"""From when to when an instance has moved."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from core.storage.replica import stale
from dashboard.models import Browser
from dashboard.statuses.ladder import model_of

# A chart of less would be one bucket.
SHORTEST = timedelta(seconds=10)


class Life(NamedTuple):
    """[since, until), and where the last bucket begins; None where it never moved."""

    since: datetime
    until: datetime
    moved_at: datetime | None = None


def life_of(browser: Browser, *, now: datetime) -> Life:
    """Return from when to when an instance moved; one that never did was there from log on to off.

    To the rung's length where the seconds have been dropped since (STATUS_RETENTION_DAYS). May be
    stale by what the replica lags behind.
    """
    ends = [_ends(browser, rung) for rung in settings.RUNGS_MS[:2]]
    known = [
        (*end, timedelta(milliseconds=rung))
        for rung, end in zip(settings.RUNGS_MS, ends, strict=False)
        if end
    ]
    if not known:
        return _at_least(browser.logged_on_at, browser.logged_off_at or now)
    (first, last, length), (coarse, _, coarse_length) = known[0], known[-1]
    # A coarse bucket begins before the first second in it, and earlier only where that was dropped.
    since = first if first < coarse + coarse_length else coarse
    return _at_least(since, last + length, last)


def _ends(browser: Browser, rung: int) -> tuple[datetime, datetime] | None:
    """Return where the first and the last bucket of a rung begin: two steps into an index."""
    times = (
        stale(model_of(rung))
        .filter(browser=browser, interval_ms=rung)
        .values_list("time", flat=True)
    )
    first, last = times.order_by("time").first(), times.order_by("-time").first()
    return (first, last) if first and last else None


def _at_least(since: datetime, until: datetime, moved_at: datetime | None = None) -> Life:
    return Life(since, max(until, since + SHORTEST), moved_at)
