"""Celery Beat that a signal ends at any moment."""

from typing import Any, NoReturn

from celery import platforms
from celery.apps import beat


class Beat(beat.Beat):
    """Celery's, but for what SIGTERM and Ctrl-C do.

    Celery saves the schedule from within the signal's handler. Where that falls into a query it
    closes the query's connection, the error is taken for a database that is away, and Beat goes on
    for ever. The schedule is saved as Beat's loop ends, too, whatever ends it: that will do.
    """

    def install_sync_handler(self, service: beat.beat.Service) -> None:
        def end(*_: Any) -> NoReturn:
            # Python drops what is raised within a destructor: the loop then ends with its round.
            service._is_shutdown.set()
            raise SystemExit

        platforms.signals.update(SIGTERM=end, SIGINT=end)
