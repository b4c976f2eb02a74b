"""The checks of `manage.py doctor`: faults of this installation, and their remedies."""

from collections.abc import Iterator
from datetime import datetime

import redis
from django.db import DatabaseError

from analytics.health.doctor import clocks, database, installation, processes
from analytics.health.doctor.finding import FAIL, OK, WARN, Finding, first_line

__all__ = ["FAIL", "OK", "WARN", "Finding", "diagnose"]

CHECKS = installation.CHECKS | database.CHECKS | processes.CHECKS | clocks.CHECKS


def diagnose(*, now: datetime) -> Iterator[Finding]:
    """Yield each check's findings; a check that fails to run is a finding too."""
    for name, check in CHECKS.items():
        try:
            yield from check(now)
        except DatabaseError as error:
            advice = "see that PostgreSQL runs, and that DATABASE_URL is right; migrate"
            yield Finding(name, FAIL, first_line(error), advice)
        except redis.RedisError as error:
            advice = "see that Redis runs, and that REDIS_URL is right"
            yield Finding(name, FAIL, first_line(error), advice)
