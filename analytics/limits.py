"""How much an instance may send; docs/api.md lists the limits."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.conf import settings

from core.throttling import Charge, Limit, spend, spend_each

MINUTE_US = 60_000_000
# Each minute is rolled up by itself, on every rung. Measured, that takes the database 0.3 ms, where
# an event in the company of others takes the whole service 0.03 to 0.07 ms.
MINUTE_COST = 10
FREE_MINUTES = 2


def cost_of(times: Sequence[int]) -> int:
    """Return what a batch of samples with these times (epoch us) is charged, in events.

    That is the number of its events, or ten for each minute that it touches beyond the second,
    whichever is more; and never more than an instance may send in a minute, or it could not be sent
    at all.
    """
    if max(times) - min(times) < MINUTE_US:
        return len(times)
    minutes = len({time // MINUTE_US for time in times})
    cost = max(len(times), MINUTE_COST * (minutes - FREE_MINUTES))
    return min(cost, max(len(times), settings.EVENTS_PER_MINUTE))


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
