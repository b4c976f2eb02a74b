"""Limits on what an instance, an address and all callers together may send (docs/security.md)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from rest_framework.exceptions import Throttled

from core.api.throttling import EVERYBODY, Charge, Limit, spend, spend_each
from dashboard.instances.throttles import instances_of_all

MINUTE_US = 60_000_000
# Each minute that a batch touches has its own statuses on the rungs up to one minute. Rolling them
# up took the database 0.3 ms, measured; another event costs the whole service 0.03 to 0.07 ms.
MINUTE_COST = 10
FREE_MINUTES = 2
RULE = (
    f"A batch counts as its events, or as {MINUTE_COST} for each minute that they touch beyond"
    f" {FREE_MINUTES}, whichever is more, and one for each scene and mark."
)


def cost_of(times: Sequence[int]) -> int:
    """Return the charge, in events, of a batch of samples with these times (epoch us).

    This is the number of its events, or ten for each minute that it touches beyond the second,
    whichever is more.
    """
    if not times or max(times) - min(times) < MINUTE_US:
        return len(times)
    minutes = len({time // MINUTE_US for time in times})
    return max(len(times), MINUTE_COST * (minutes - FREE_MINUTES))


class Load(NamedTuple):
    """A batch as limits see it: its instance, its caller, and its cost in events."""

    instance_id: UUID
    caller: str
    cost: int


class Limits(NamedTuple):
    """The limits that a batch is charged to."""

    batches: Limit
    of_instance: Limit
    of_address: Limit
    of_all: Limit


def spend_batch(load: Load) -> None:
    """Charge a batch to its instance, its caller and the total; Throttled (429) if over a limit."""
    spend(_charges(load, _limits()))


async def spend_batches(loads: Iterable[Load]) -> list[Throttled | None]:
    """Charge batches in one round trip; return the refusal (429) of each that is over, else None.

    A refused batch is not charged.
    """
    limits = _limits()
    return await spend_each([_charges(load, limits) for load in loads])


def quotas() -> list[Limit]:
    """Return the limits of the whole service, which all callers share."""
    return [_limits().of_all, instances_of_all()]


def _limits() -> Limits:
    return Limits(
        Limit("batches", settings.BATCHES_PER_MINUTE, 60),
        Limit("events", settings.EVENTS_PER_MINUTE, 60, RULE),
        Limit("events of an address", settings.EVENTS_PER_MINUTE_PER_ADDRESS, 60, RULE),
        Limit("events of all", settings.EVENTS_PER_MINUTE_OF_ALL, 60, RULE),
    )


def _charges(load: Load, limits: Limits) -> list[Charge]:
    # A batch that costs more than a whole window allows could otherwise never be sent.
    instance, cost = load.instance_id.hex, load.cost
    return [
        (limits.batches, instance, 1),
        (limits.of_instance, instance, min(cost, limits.of_instance.most)),
        (limits.of_address, load.caller, min(cost, limits.of_address.most)),
        (limits.of_all, EVERYBODY, min(cost, limits.of_all.most)),
    ]
