"""Celery Beat that a signal ends at any moment."""

from typing import Any, NoReturn

from celery import platforms
from celery.apps import beat


class Beat(beat.Beat):
    """Celery's, but for what SIGTERM and Ctrl-C do.

    Celery 5.7 saves the schedule within the signal's handler (`install_sync_handler`). If the
    signal interrupts a query, that closes the query's connection; Beat takes the error for an
    absent database and goes on for ever. The schedule is saved when Beat's loop ends, too.
    core/tests/test_upstream_faults.py fails once this is mended upstream.
    """

    def install_sync_handler(self, service: beat.beat.Service) -> None:
        def end(*_: Any) -> NoReturn:
            # Python drops what is raised within a destructor: the loop then ends with its round.
            service._is_shutdown.set()
            raise SystemExit

        platforms.signals.update(SIGTERM=end, SIGINT=end)
