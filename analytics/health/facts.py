"""Facts that the probe, the doctor and a scrape share: waiting marks, missing migrations."""

from datetime import datetime
from functools import cache
from typing import NamedTuple

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from analytics.rollups import HEAT, SCENES, TRIALS
from dashboard.models import Page, PageVisit

# A mark of heat waits for the end of its five minutes, the settling, and Beat's minute.
HEAT_LIMIT_SECONDS = 900
# A mark of a trial waits for ten seconds and Beat's ten; the job makes a large import in minutes.
TRIAL_LIMIT_SECONDS = 300
# A longer wait in the first rung is late: a sweep runs every few seconds.
LAG_LIMIT_SECONDS = 60

# Large buckets have a job of their own, and a gauge.
OUTBOX = """
select rung, count(*), min(created_at) from analytics_dirtyrange where not large group by rung
"""


# Nobody needs to know more exactly, and a scrape must not read millions.
MOST_OTHER = 1000


class Pages(NamedTuple):
    """How many pages were made, and how many instances were on pages that were not."""

    made: int
    other_visits: int


def read_pages() -> Pages:
    """Return the number of pages, and of visits of `(other)` up to MOST_OTHER."""
    other = Page.objects.filter(site="", name="(other)").first()
    visits = PageVisit.objects.filter(page=other)[:MOST_OTHER].count() if other else 0
    return Pages(Page.objects.count() - bool(other), visits)


class Waiting(NamedTuple):
    """The marks that wait for a rung (its interval in ms): their number, and the oldest's time."""

    rung: int
    marks: int
    oldest: datetime


def read_outbox() -> list[Waiting]:
    """Return the waiting marks, one entry per rung that has any."""
    with connection.cursor() as cursor:
        cursor.execute(OUTBOX)
        return [Waiting(*row) for row in cursor.fetchall()]


def lag_seconds(outbox: list[Waiting], *, rung: int, now: datetime) -> float:
    """Return the age of a rung's oldest mark: 0 without one, or if its clock is ahead of ours."""
    oldest = next((waiting.oldest for waiting in outbox if waiting.rung == rung), now)
    return max((now - oldest).total_seconds(), 0.0)


def heat_lag_seconds(outbox: list[Waiting], *, now: datetime) -> float:
    """Return the age of the oldest mark of heat, as `lag_seconds` does."""
    return max(lag_seconds(outbox, rung=rung, now=now) for rung in (HEAT, SCENES))


def trial_lag_seconds(outbox: list[Waiting], *, now: datetime) -> float:
    """Return the age of the oldest mark of trials, as `lag_seconds` does."""
    return max(lag_seconds(outbox, rung=rung, now=now) for rung in TRIALS)


def list_unapplied_migrations() -> list[tuple[str, str]]:
    """Return (app, name) of each migration in this code that the database lacks."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    return sorted(_known_migrations() - applied)


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
