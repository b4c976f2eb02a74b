"""Whether sweeps run, and if not, whether a clock is at fault.

A clock that was set back leaves times in the future: until it reaches them again, a heartbeat looks
fresh and jobs are not due.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django_celery_beat.models import PeriodicTask

from analytics.models import Heartbeat
from analytics.rollups import job_of
from core.values.durations import FIRST_RUNG_MS

SILENT_SWEEPS = 3
# The clocks of machines always differ a little.
CLOCKS_APART = timedelta(seconds=10)


def limit_seconds() -> float:
    """Return the greatest age at which the first rung's last sweep counts as recent."""
    return SILENT_SWEEPS * settings.SWEEP_SECONDS


def last_sweep_age(*, now: datetime) -> float | None:
    """Return the seconds since that sweep, negative if it is in the future; None without one."""
    last = Heartbeat.objects.filter(job=job_of(FIRST_RUNG_MS)).first()
    return (now - last.beat_at).total_seconds() if last else None


def is_alive(seconds: float | None) -> bool:
    """Return whether sweeps run, by the last one's age; one in the future proves nothing."""
    return seconds is not None and abs(seconds) <= limit_seconds()


def jobs_of_the_future(*, now: datetime) -> list[str]:
    """Return Beat's jobs whose last run is dated in the future, the furthest first."""
    late = PeriodicTask.objects.filter(enabled=True, last_run_at__gt=now + CLOCKS_APART)
    return list(late.order_by("-last_run_at").values_list("name", flat=True))


def find_fault(seconds: float | None, *, now: datetime) -> str | None:
    """Return which clock seems at fault if sweeps do not run; otherwise None."""
    if is_alive(seconds):
        return None
    if seconds is not None and seconds < 0:
        return f"the last sweep is dated {-seconds:.0f} s in the future: a clock was set back"
    if jobs := jobs_of_the_future(now=now):
        return f"the last run of {jobs[0]} is dated in the future: Beat's clock was set back"
    return None
