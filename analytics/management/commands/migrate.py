"""`manage.py migrate` as Django has it, made so that ingest does not wait for it.

A statement that waits for a lock on a table makes everybody wait who comes after it, and one long
reader is enough for that. So it waits for a third of a second only, and tries again later.
"""

import time
from typing import Any

from django.core.management.commands import migrate
from django.db import OperationalError

from core.storage.session_limits import limited

# A statement may last, as a request's may not.
LIMITS = {"lock_timeout": "300ms", "statement_timeout": "0"}
LOCK_TIMED_OUT = "55P03"
ATTEMPTS = 100
PAUSE_SECONDS = 1


class Command(migrate.Command):
    help = f"{migrate.Command.help} Waits its turn, so that nobody waits for it."

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
