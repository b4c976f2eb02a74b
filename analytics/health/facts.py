"""Facts that the probe, the doctor and a scrape share: waiting marks, missing migrations."""

from datetime import datetime
from functools import cache
from typing import NamedTuple

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# A longer wait in the first rung is late: a sweep runs every few seconds.
LAG_LIMIT_SECONDS = 60

# Large buckets have a job of their own, and a gauge.
OUTBOX = """
select rung, count(*), min(created_at) from analytics_dirtyrange where not large group by rung
"""


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


def list_unapplied_migrations() -> list[tuple[str, str]]:
    """Return (app, name) of each migration in this code that the database lacks."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    return sorted(_known_migrations() - applied)


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
