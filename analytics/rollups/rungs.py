"""The ladder in the database, for the views: they cannot read the setting RUNGS."""

from collections.abc import Sequence
from typing import Any

from django.apps.registry import Apps
from django.apps.registry import apps as all_apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

from analytics.models import Rung


def store_ladder() -> None:
    """Make the table of rungs repeat the setting RUNGS."""
    _store(Rung, settings.RUNGS_MS, DEFAULT_DB_ALIAS)


def store_ladder_after_migrate(*, using: str, apps: Apps = all_apps, **_: Any) -> None:
    """Do the same after `migrate`, unless it went back to before the table."""
    try:
        model = apps.get_model("analytics", "Rung")
    except LookupError:
        return
    _store(model, settings.RUNGS_MS, using)


def _store(model: Any, rungs: Sequence[int], using: str) -> None:
    rows = model.objects.using(using)
    rows.exclude(interval_ms__in=rungs).delete()
    rows.bulk_create([model(interval_ms=rung) for rung in rungs], ignore_conflicts=True)
