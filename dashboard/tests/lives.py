"""Made-up instances, and an oracle in plain Python of what the filters of a list find."""

import random
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from dashboard.instances.browsers import log_off, log_on, set_active
from dashboard.models import Browser, Page, PageVisit
from dashboard.statuses.departures import note_departures
from dashboard.tests.moving import add_movement

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SITES = ("", "shop.example", "docs.example:8443")
LABELS = ("", "participant 7", "Participant 71", "kiosk 100% _ hall", "משתתף 7", "x" * 100)
NAMES = ("/pricing", "/Pricing/team", "/order/*", "42", "100%")


class Life(NamedTuple):
    """An instance as the oracle knows it; it lives on without an end."""

    browser: Browser
    pages: list[Page]
    begins: datetime
    ends: datetime | None


def make_up(seed):
    """Make instances that came, moved, left, came back and were silent within a day."""
    chance = random.Random(seed)
    pages = [
        Page.objects.create(site=site, name=name)
        for site in SITES[1:]
        for name in chance.sample(NAMES, 4)
    ]
    lives = [_live(chance, pages) for _ in range(60)]
    note_departures(now=NOW)
    for life in lives:
        life.browser.refresh_from_db()
    return pages, lives


def _live(chance, pages):
    begins = NOW - chance.choice([0.4, 6, 24]) * chance.uniform(0.25, 1) * HOUR
    browser = log_on(now=begins, label=chance.choice(LABELS), site=chance.choice(SITES))
    moved = begins.replace(microsecond=0) + timedelta(minutes=chance.choice([1, 2]))
    add_movement(browser, moved)
    seen = moved
    if chance.random() < 0.6:
        seen = moved + timedelta(minutes=0.5)
        log_off(instance_id=browser.instance_id, token=None, now=seen)
        browser.refresh_from_db()
    if not browser.is_active and chance.random() < 0.4 and seen + HOUR < NOW:
        seen += HOUR
        set_active(browser, is_active=True, now=seen)
    ends = seen
    if browser.is_active and seen > NOW - HOUR / 2:
        ends = None
    visited = chance.sample(pages, chance.choice([0, 1, 3]))
    PageVisit.objects.bulk_create(
        PageVisit(browser=browser, page=page, first_at=moved, last_at=moved) for page in visited
    )
    return Life(browser, visited, begins, ends)


def matches(life, filters, active):
    """Say whether an instance matches, from the words of docs/api.md."""
    browser = life.browser
    names = [page.name for page in life.pages]
    text, digits = filters.q.lower(), filters.q.lower().replace("-", "")
    return all(
        (
            not filters.site or browser.site == filters.site,
            browser.label.startswith(filters.label),
            not filters.page
            or filters.page in names
            or filters.page in [str(page.pk) for page in life.pages],
            not text
            or any(text in shown.lower() for shown in (browser.label, browser.site, *names))
            or (digits != "" and browser.instance_id.hex.startswith(digits)),
            active is None or browser.is_active == active,
            filters.since is None
            or (life.ends is None and filters.since <= NOW)
            or (life.ends is not None and life.ends >= filters.since),
            filters.until is None or life.begins < filters.until,
        )
    )
