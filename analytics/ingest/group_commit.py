"""Group commit: waiting batches are stored together, by one statement and one COMMIT.

A batch that arrives alone is stored at once. While a group is being stored, the next one collects,
so the cost of a batch falls with load. All of it runs on the event loop, without threads. The
database has one group at a time while the next is prepared: two at once get in step, both in the
database and then both in web, and half of the machine is idle each time.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

from rest_framework.exceptions import APIException

from analytics.ingest.limits import Load, cost_of, spend_batch, spend_batches
from analytics.ingest.store import Sent, store_batch, store_batches
from analytics.wire import Receipt
from core.storage.breaker import Breaker
from core.storage.database import AsyncConnection

logger = logging.getLogger(__name__)

# So that a group takes at most a few hundredths of a second.
MOST_BATCHES = 64
MOST_EVENTS = 5000
# One being stored, and one prepared for its turn.
GROUPS_AT_ONCE = 2
# A group waits this long for as many batches as the last one had. Clients that were just answered
# resend at once; a group that began with the first of them would leave the rest to the next one,
# and twice as many groups cost nearly twice as much.
LINGER_SECONDS = 0.003
# For this long after a failed group, each batch is stored alone: if the database does not answer, a
# batch waits for it once, not twice.
ALONE_SECONDS = 1


# The outcome of a batch in its group; None if it must be stored alone.
Settled = Receipt | APIException | None


class Waiting(NamedTuple):
    """A batch, and the outcome that its sender awaits."""

    sent: Sent
    settled: asyncio.Future[Settled]


class GroupCommit:
    """The waiting batches of one event loop."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        # asyncio keeps no strong reference to its tasks.
        self._storing: set[object] = set()
        self.database = AsyncConnection()
        self._expected = 0
        self._lingering: asyncio.TimerHandle | None = None
        self._breaker = Breaker(seconds=ALONE_SECONDS)

    async def store(self, sent: Sent) -> Receipt | None:
        """Charge a batch to its limits and store it durably; None if it must be stored alone.

        Throttled (429) if it exceeds a limit, BadToken (401) if its token was revoked.
        """
        if self._breaker.is_open:
            return None
        settled: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(sent, settled))
        self._store_next()
        outcome = await settled
        if isinstance(outcome, APIException):
            raise outcome
        return outcome

    def _store_next(self) -> None:
        if not self._waiting or len(self._storing) == GROUPS_AT_ONCE:
            return
        if len(self._waiting) >= self._expected:
            self._begin()
        elif not self._lingering:
            loop = asyncio.get_running_loop()
            self._lingering = loop.call_later(LINGER_SECONDS, self._linger_no_more)

    def _linger_no_more(self) -> None:
        self._expected = 0
        self._lingering = None
        self._store_next()

    def _begin(self) -> None:
        if self._lingering:
            self._lingering.cancel()
            self._lingering = None
        group, self._waiting = take_group(self._waiting)
        self._expected = len(group)
        self._storing.add(asyncio.create_task(self._store_group(group)))

    async def _store_group(self, group: list[Waiting]) -> None:
        batches = [waiting.sent for waiting in group]
        try:
            outcomes = await store_group(batches, self.database)
        except (Exception, asyncio.CancelledError) as error:
            logger.warning("%s batches are stored alone: %r", len(group), error)
            self._breaker.open()
            group, self._waiting = group + self._waiting, []
            outcomes = [None] * len(group)
        self._storing.remove(asyncio.current_task())
        # Not in a callback of the task: that would run after all new requests.
        for waiting, outcome in zip(group, outcomes, strict=True):
            if not waiting.settled.done():
                waiting.settled.set_result(outcome)
        self._store_next()


def take_group(waiting: Sequence[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
    """Return the next group, with at most one batch of an instance, and the batches left over."""
    group: list[Waiting] = []
    rest: list[Waiting] = []
    instances = set()
    events = 0
    for batch in waiting:
        instance_id, size = batch.sent.token.instance_id, batch.sent.size()
        fits = not group or (len(group) < MOST_BATCHES and events + size <= MOST_EVENTS)
        if fits and instance_id not in instances:
            instances.add(instance_id)
            events += size
            group.append(batch)
        else:
            rest.append(batch)
    return group, rest


async def store_group(batches: Sequence[Sent], database: AsyncConnection) -> list[Settled]:
    """Charge batches to their limits and store those that pass.

    A batch that is charged but not stored is charged again when it is stored alone. This is rare,
    and caused by an erasure or an outage, not by load.
    """
    refusals = await spend_batches(list(map(load_of, batches)))
    passed = [sent for sent, refusal in zip(batches, refusals, strict=True) if not refusal]
    stored = iter(await store_batches(batches=passed, database=database) if passed else ())
    return [refusal or next(stored) for refusal in refusals]


def load_of(sent: Sent) -> Load:
    """Return what the limits need to know of a batch."""
    others = sent.size() - len(sent.samples.times)
    return Load(sent.token.instance_id, sent.caller, cost_of(sent.samples.times) + others)


def store_alone(sent: Sent) -> Receipt:
    """Charge a batch to its limits and store it; errors as in spend_batch and store_batch."""
    spend_batch(load_of(sent))
    return store_batch(sent)
