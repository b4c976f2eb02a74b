"""Which instances were imported from which recordings (analytics/recordings)."""

from collections.abc import Iterable
from uuid import UUID

from dashboard.models import Browser


def find_recorded(*, recordings: Iterable[str]) -> dict[str, UUID]:
    """Return the instances that were imported from recordings with these fingerprints."""
    # The condition lets the planner use the index.
    known = Browser.objects.exclude(recording="")
    found = known.filter(recording__in=list(recordings)).only("recording", "instance_id")
    return {browser.recording: browser.instance_id for browser in found}


def set_recording(*, instance_id: UUID, recording: str) -> bool:
    """Keep what an instance was imported from; return whether it exists.

    IntegrityError if another instance was imported from it.
    """
    return bool(Browser.objects.filter(instance_id=instance_id).update(recording=recording))
