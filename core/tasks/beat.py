"""A Celery Beat that a signal can end at any moment."""

from typing import Any, NoReturn

from celery import platforms
from celery.apps import beat


class Beat(beat.Beat):
    """Celery's Beat with another reaction to SIGTERM and Ctrl-C.

    Celery saves the schedule inside the signal's handler. During a query this closes the query's
    connection; Beat then takes the error for a lost database and runs on. Beat's loop saves the
    schedule whenever it ends, so the handler need not.
    """

    def install_sync_handler(self, service: beat.beat.Service) -> None:
        def end(*_: Any) -> NoReturn:
            # Python discards exceptions raised in a destructor; then the loop ends after this
            # round.
            service._is_shutdown.set()
            raise SystemExit

        platforms.signals.update(SIGTERM=end, SIGINT=end)
