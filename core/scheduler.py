"""Beat's scheduler: the schedule of the database, and a sign that somebody still looks at it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django_celery_beat.schedulers import DatabaseScheduler


class Scheduler(DatabaseScheduler):
    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, then touch BEAT_PULSE; return the seconds until the next look.

        Neither the database nor the broker could say it: what stands there needs a worker too.
        """
        pause = super().tick(*args, **kwargs)
        if settings.BEAT_PULSE:
            Path(settings.BEAT_PULSE).touch()
        return pause
