"""Which recordings were imported before, so that each is imported once."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, IntegrityError, transaction

from analytics.management.sending_files import Job
from analytics.recordings import SendingError, Sent, fingerprint
from dashboard.instances.recorded import find_recorded, set_recording

# What is kept of an instance until its recording is whole. Fingerprints are hexadecimal.
BEGUN = "begun "


class Imported:
    """The jobs of a command by their recordings: `new` ones are to be sent.

    Earlier imports are known only for the service whose database is here. With `is_again` all jobs
    are new. CommandError if the database cannot be read, or if it has a part of a recording.
    """

    def __init__(self, jobs: Sequence[Job], *, keeps_times: bool, url: str, is_again: bool) -> None:
        self.is_here = url == settings.SERVICE_URL.rstrip("/") and not is_again
        self._prints = [fingerprint(job.recording, keeps_times=keeps_times) for job in jobs]
        self._jobs = jobs
        self.before = self._find(self._prints) if self.is_here else {}
        self._refuse_parts()
        first = {one: i for i, one in reversed(list(enumerate(self._prints)))}
        self._new = [
            i
            for i, one in enumerate(self._prints)
            if is_again or (one not in self.before and first[one] == i)
        ]

    @property
    def new(self) -> list[Job]:
        return [self._jobs[i] for i in self._new]

    def old(self) -> list[tuple[Job, str]]:
        """Return the other jobs, and the instance of each."""
        pairs = enumerate(zip(self._jobs, self._prints, strict=True))
        return [(job, self.before[one]) for i, (job, one) in pairs if i not in self._new]

    def begin(self, number: int, me: Sent) -> None:
        """Remember that an instance has a part of the new job of this number. SendingError."""
        if self.is_here:
            _keep({_part(self._prints[self._new[number]]): me})

    def keep(self, sent: Sequence[Sent]) -> None:
        """Remember what was sent for the new jobs. SendingError."""
        found = {self._prints[i]: me for i, me in zip(self._new, sent, strict=True)}
        self.before |= {one: me.instance_id for one, me in found.items()}
        if self.is_here:
            _keep(found)

    def _refuse_parts(self) -> None:
        parts = self._find(map(_part, self._prints)) if self.is_here else {}
        if parts:
            raise CommandError(
                "An import of this was killed, or still runs. These instances have a part of it:"
                + "".join(f"\n  {instance_id}" for instance_id in parts.values())
                + "\nErase them in the admin if no import runs. Nothing was sent."
            )

    def _find(self, recordings: Iterable[str]) -> dict[str, str]:
        try:
            found = find_recorded(recordings=recordings)
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


def _part(recording: str) -> str:
    """Return the key of a part of a recording, as long as the whole one's."""
    return f"{BEGUN}{recording[len(BEGUN) :]}"


def _keep(sent: dict[str, Sent]) -> None:
    """Keep what instances were imported from.

    SendingError if another command imported one of them meanwhile.
    """
    try:
        with transaction.atomic():
            for one, me in sent.items():
                set_recording(instance_id=UUID(me.instance_id), recording=one)
    except IntegrityError:
        raise SendingError("Another command imported one of these files meanwhile.") from None
    except DatabaseError as error:
        raise SendingError(f"the database failed: {error}") from None
