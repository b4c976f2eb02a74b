"""The stored rows of each level of the ladder, from which the level above is computed."""

from typing import Any

from django.db.models import QuerySet

from analytics.models import PointerPositionEvent
from dashboard.statuses.ladder import RAW, model_of


def rows_of(level: int) -> QuerySet[Any]:
    """Return the rows of a level: all samples, or all statuses of a rung."""
    if level == RAW:
        return PointerPositionEvent.objects.all()
    return model_of(level).objects.filter(interval_ms=level)
