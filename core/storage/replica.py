"""The replica: an optional second database that is read-only and may lag behind.

Reads that may be stale carry a hint, and the router sends them there; the primary answers
everything else. While the replica is unavailable the primary answers those reads too.
"""

import logging
from typing import Any

from django.conf import settings
from django.db import OperationalError, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet
from django.db.utils import DEFAULT_DB_ALIAS

from core.storage.breaker import Breaker

logger = logging.getLogger(__name__)

REPLICA = "replica"
PAUSE_SECONDS = 10
# A hint for the router; Django only expects models as hints.
MAY_BE_STALE: dict[str, Any] = {"may_be_stale": True}

_breaker = Breaker(seconds=PAUSE_SECONDS)


def stale(model: type[Model]) -> QuerySet[Any]:
    """Return all rows of a model, possibly a little old; never write them back."""
    return model._default_manager.db_manager(hints=MAY_BE_STALE).all()


def stale_connection(model: type[Model]) -> BaseDatabaseWrapper:
    """Return the connection for SQL that may read a little old rows of a model."""
    return connections[router.db_for_read(model, **MAY_BE_STALE)]


class Router:
    """Chooses the database of an ORM query."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return REPLICA if hints.get("may_be_stale") and _replica_answers() else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def _replica_answers() -> bool:
    """Whether there is a replica that accepts connections; after a failure it is skipped for a
    while.

    Once a request, a kept connection is checked for being alive (CONN_HEALTH_CHECKS).
    """
    if REPLICA not in settings.DATABASES or _breaker.is_open:
        return False
    try:
        connections[REPLICA].cursor().close()
    except OperationalError as error:
        _breaker.open()
        logger.warning("the primary replaces the replica for %s s: %s", PAUSE_SECONDS, error)
        return False
    return True
