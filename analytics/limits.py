"""How much an instance may send; docs/api.md lists the limits."""

from uuid import UUID

from django.conf import settings

from core.throttling import Limit, spend


def spend_batch(*, instance_id: UUID, events: int) -> None:
    """Charge a batch to its instance, by batches and by events; Throttled (429) if it is over."""
    whom = instance_id.hex
    spend(
        [
            (Limit("batches", settings.BATCHES_PER_MINUTE, 60), whom, 1),
            (Limit("events", settings.EVENTS_PER_MINUTE, 60), whom, events),
        ]
    )
