"""The time range in which an instance moved."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from core.storage.replica import stale
from dashboard.models import Browser
from dashboard.statuses.ladder import model_of

# A shorter chart would show a single bucket.
SHORTEST = timedelta(seconds=10)


class Life(NamedTuple):
    """[since, until), and the start of the last bucket, or None if the instance never moved."""

    since: datetime
    until: datetime
    moved_at: datetime | None = None


def life_of(browser: Browser, *, now: datetime) -> Life:
    """Return the range in which an instance moved, or its logged-on time if it never did.

    The range is exact to a second, or to the second rung's length once the seconds have been
    dropped (STATUS_RETENTION_DAYS). It may lag behind by the replica's delay.
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
    # A coarse bucket starts before its first second, and much earlier only if that was dropped.
    since = first if first < coarse + coarse_length else coarse
    return _at_least(since, last + length, last)


def _ends(browser: Browser, rung: int) -> tuple[datetime, datetime] | None:
    """Return the starts of a rung's first and last bucket: two index lookups."""
    times = (
        stale(model_of(rung))
        .filter(browser=browser, interval_ms=rung)
        .values_list("time", flat=True)
    )
    first, last = times.order_by("time").first(), times.order_by("-time").first()
    return (first, last) if first and last else None


def _at_least(since: datetime, until: datetime, moved_at: datetime | None = None) -> Life:
    return Life(since, max(until, since + SHORTEST), moved_at)
