"""Which recordings were imported before, so that each is imported once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, IntegrityError, transaction

from analytics.management.sending_files import Job
from analytics.recordings import SendingError, Sent, fingerprint
from dashboard.instances.recorded import find_recorded, set_recording


class Imported:
    """The jobs of a command by their recordings: `new` ones are to be sent.

    Earlier imports are known only for the service whose database is here. With `is_again` all jobs
    are new. CommandError if the database cannot be read.
    """

    def __init__(self, jobs: Sequence[Job], *, keeps_times: bool, url: str, is_again: bool) -> None:
        self.is_here = url == settings.SERVICE_URL.rstrip("/") and not is_again
        self._prints = [fingerprint(job.recording, keeps_times=keeps_times) for job in jobs]
        self._jobs = jobs
        self.before = self._find() if self.is_here else {}
        first = {one: i for i, one in reversed(list(enumerate(self._prints)))}
        self._new = {
            i: None
            for i, one in enumerate(self._prints)
            if is_again or (one not in self.before and first[one] == i)
        }

    @property
    def new(self) -> list[Job]:
        return [self._jobs[i] for i in self._new]

    def old(self) -> list[tuple[Job, str]]:
        """Return the other jobs, and the instance of each."""
        pairs = enumerate(zip(self._jobs, self._prints, strict=True))
        return [(job, self.before[one]) for i, (job, one) in pairs if i not in self._new]

    def keep(self, sent: Sequence[Sent]) -> None:
        """Remember what was sent for the new jobs.

        SendingError if another command imported one of them meanwhile.
        """
        prints = [self._prints[i] for i in self._new]
        self.before |= {one: me.instance_id for one, me in zip(prints, sent, strict=True)}
        if not self.is_here:
            return
        try:
            with transaction.atomic():
                for one, me in zip(prints, sent, strict=True):
                    set_recording(instance_id=UUID(me.instance_id), recording=one)
        except IntegrityError:
            raise SendingError("Another command imported one of these files meanwhile.") from None
        except DatabaseError as error:
            raise SendingError(f"the database failed: {error}") from None

    def _find(self) -> dict[str, str]:
        try:
            found = find_recorded(recordings=self._prints)
        except DatabaseError as error:
            raise CommandError(f"the database failed: {error}. Nothing was sent.") from None
        return {one: str(instance_id) for one, instance_id in found.items()}

    def rows(self, sent: Sequence[Sent]) -> list[tuple[Any, ...]]:
        """Return file, label, instance, samples and trials of each job, in the order of jobs."""
        stored = {i: me.accepted for i, me in zip(self._new, sent, strict=True)}
        instances = {i: me.instance_id for i, me in zip(self._new, sent, strict=True)}
        return [
            (
                job.reading.findings.path,
                job.recording.label,
                instances.get(i) or self.before[self._prints[i]],
                stored.get(i, len(job.recording)),
                job.recording.trials,
            )
            for i, job in enumerate(self._jobs)
        ]
