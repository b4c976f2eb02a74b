"""How much an instance may send; docs/api.md lists the limits."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings

from core.throttling import Charge, Limit, spend, spend_each


def spend_batch(*, instance_id: UUID, events: int) -> None:
    """Charge a batch to its instance, by batches and by events; Throttled (429) if it is over."""
    spend(_charges(instance_id, events))


async def spend_batches(batches: Iterable[tuple[UUID, int]]) -> list[bool]:
    """Charge batches of (instance, events) in one round trip; return of each whether it may pass.

    One that may not is not charged.
    """
    waits = await spend_each([_charges(instance_id, events) for instance_id, events in batches])
    return [wait == 0 for wait in waits]


def _charges(instance_id: UUID, events: int) -> list[Charge]:
    whom = instance_id.hex
    return [
        (Limit("batches", settings.BATCHES_PER_MINUTE, 60), whom, 1),
        (Limit("events", settings.EVENTS_PER_MINUTE, 60), whom, events),
    ]
