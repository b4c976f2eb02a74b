"""Beat's scheduler: reads its schedule from the database, and leaves a sign that it runs."""

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from celery.schedules import schedstate
from django.conf import settings
from django.db import Error, close_old_connections
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

logger = logging.getLogger(__name__)


class Entry(ModelEntry):
    """A job whose last run counts as now if it is dated in the future.

    The library's own entry waits until a clock that was set back reaches that time again.
    """

    last_run_at: datetime

    def is_due(self) -> schedstate:
        now = self._default_now()
        if self.last_run_at > now:
            logger.warning("%s last ran in the future, at %s", self.name, self.last_run_at)
            self.last_run_at = self.model.last_run_at = now
        return super().is_due()


class Scheduler(DatabaseScheduler):
    Entry = Entry

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Jobs of the settings, by name, that are not yet in the database.
        self._unwritten: dict[str, Any] = {}
        self._ticked_at = 0.0
        super().__init__(*args, **kwargs)

    def update_from_dict(self, mapping: Mapping[str, Any]) -> None:
        """Write jobs into the database's schedule; each tick retries those that failed.

        The library logs a job that it could not write, and never retries it.
        """
        self._unwritten |= mapping
        self._write()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, then touch BEAT_PULSE; return the seconds until the next tick.

        The file is the sign, because a mark in the database or the broker would need a worker too.
        """
        self._write()
        self._notice_a_clock_that_was_set_back()
        pause = super().tick(*args, **kwargs)
        if settings.BEAT_PULSE:
            Path(settings.BEAT_PULSE).touch()
        return pause

    def sync(self) -> None:
        """Write by one statement when the jobs last ran; a failure leaves them for the next time.

        The library takes four queries and a COMMIT for each job. Beat does this when it ends, and
        on a busy machine it then took longer than it may.
        """
        ran = [self._schedule[name].model for name in self._dirty if name in self._schedule]
        try:
            close_old_connections()
            # A job that somebody disabled meanwhile starts anew when it is enabled.
            enabled = PeriodicTask.objects.filter(enabled=True)
            enabled.bulk_update(ran, ["last_run_at", "total_run_count"])
            self._dirty.clear()
        except Error as error:
            logger.warning("It is not stored yet when the jobs last ran: %s", error)

    def _notice_a_clock_that_was_set_back(self) -> None:
        """Rebuild the heap after the clock was set back: its planned times are far away."""
        now = time.time()
        if now < self._ticked_at:
            self._heap = None
        self._ticked_at = now

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
