"""Beat's scheduler: the schedule of the database, and a sign that somebody still looks at it."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections
from django_celery_beat.schedulers import DatabaseScheduler

logger = logging.getLogger(__name__)


class Scheduler(DatabaseScheduler):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Jobs of the settings, by name, that the database does not have yet.
        self._unwritten: dict[str, Any] = {}
        super().__init__(*args, **kwargs)

    def update_from_dict(self, mapping: Mapping[str, Any]) -> None:
        """Write jobs into the database's schedule; each tick tries again what is not written.

        The library's own logs a job that it could not write, and goes on without it for ever.
        """
        self._unwritten |= mapping
        self._write()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, then touch BEAT_PULSE; return the seconds until the next look.

        Neither the database nor the broker could say it: what stands there needs a worker too.
        """
        self._write()
        pause = super().tick(*args, **kwargs)
        if settings.BEAT_PULSE:
            Path(settings.BEAT_PULSE).touch()
        return pause

    def _write(self) -> None:
        try:
            close_old_connections()
            for name, fields in list(self._unwritten.items()):
                entry = self.Entry.from_entry(name, app=self.app, **fields)
                if entry.model.enabled:
                    self._schedule[name] = entry
                del self._unwritten[name]
        except Error as error:
            logger.warning("%s are not scheduled yet: %s", ", ".join(self._unwritten), error)
