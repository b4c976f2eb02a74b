"""`manage.py migrate` with a lock timeout, so that ingest does not wait for it.

A statement that waits for a table lock blocks all later ones, and one long reader can cause that.
So this command waits for a third of a second only, and tries again later.
"""

import time
from typing import Any

from django.core.management.commands import migrate
from django.db import OperationalError

from core.storage.session_limits import limited

# A statement may take any time, unlike a request's.
LIMITS = {"lock_timeout": "300ms", "statement_timeout": "0"}
LOCK_TIMED_OUT = "55P03"
ATTEMPTS = 100
PAUSE_SECONDS = 1


class Command(migrate.Command):
    help = f"{migrate.Command.help} It waits briefly for a lock and retries, so nothing queues up."

    def handle(self, *args: Any, **options: Any) -> None:
        with limited(LIMITS, database=options["database"]):
            for left in reversed(range(ATTEMPTS)):
                try:
                    super().handle(*args, **options)
                    return
                except OperationalError as error:
                    if not left or getattr(error.__cause__, "pgcode", None) != LOCK_TIMED_OUT:
                        raise
                    self.stderr.write("\nA table is in use; trying again.")
                    time.sleep(PAUSE_SECONDS)
