"""The ladder of rungs: each rung's statuses are made of the rung below, the first of samples.

A rung is named by its bucket length in ms. RAW names the raw samples, the level below the first
rung. The setting `RUNGS` defines the rungs.
"""

from datetime import datetime, timedelta

from django.conf import settings

from core.values.durations import FIRST_RUNG_MS
from dashboard.models import BucketStatus, CoarseStatus, PointerStatus

RAW = 0


def level_below(rung: int) -> int:
    """Return the level that a rung is computed from: the rung below it, or RAW."""
    return (RAW, *settings.RUNGS_MS)[settings.RUNGS_MS.index(rung)]


def rung_above(rung: int) -> int | None:
    """Return the rung that is computed from this one; None for the highest."""
    return (*settings.RUNGS_MS, None)[settings.RUNGS_MS.index(rung) + 1]


def rungs_up_to(rung: int) -> list[int]:
    """Return the rungs from the first to this one."""
    return [finer for finer in settings.RUNGS_MS if finer <= rung]


def rung_for(interval_ms: int) -> int:
    """Return the coarsest rung whose buckets make up an interval of whole seconds."""
    return max(rung for rung in settings.RUNGS_MS if interval_ms % rung == 0)


def finest_rung(*, since: datetime, now: datetime) -> int:
    """Return the finest rung that still keeps statuses from `since`."""
    kept = timedelta(days=settings.STATUS_RETENTION_DAYS)
    is_kept = since >= now - kept or len(settings.RUNGS_MS) == 1
    return settings.RUNGS_MS[0 if is_kept else 1]


def model_of(rung: int) -> type[BucketStatus]:
    """Return the model of a rung's statuses; the first rung has its own, because it is dropped."""
    return PointerStatus if rung == FIRST_RUNG_MS else CoarseStatus
