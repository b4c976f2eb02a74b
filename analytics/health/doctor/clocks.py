"""Checks of clocks: this machine's against the database's, and clocks that were set back."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.utils import timezone

from analytics.health.doctor.finding import FAIL, OK, WARN, Check, Finding
from analytics.health.heartbeats import jobs_of_the_future

APART_SECONDS = 2
SET_CLOCKS = "run NTP wherever Beat or a worker runs"


def _clocks(now: datetime) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        (clock,) = cursor.fetchone()
    apart = abs((clock - timezone.now()).total_seconds())
    are_apart = apart > APART_SECONDS
    advice = "run NTP on both machines: samples are dated here, marks there" if are_apart else ""
    said = f"this machine's and the database's are {apart:.1f} s apart"
    yield Finding("clocks", FAIL if are_apart else OK, said, advice)


def _schedule(now: datetime) -> Iterator[Finding]:
    if jobs := jobs_of_the_future(now=now):
        said = f"last runs are dated in the future: {', '.join(jobs)}"
        advice = f"the clock was set back: {SET_CLOCKS}; Beat runs each within its period"
        yield Finding("schedule", WARN, said, advice)


CHECKS: dict[str, Check] = {"clocks": _clocks, "schedule": _schedule}
