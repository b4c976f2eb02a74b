"""Group commit: the batches that wait are stored together, by one statement and one COMMIT.

A batch that comes alone is stored at once. While groups are being stored the next one gathers, so
the more batches there are the less each costs. All of it happens on the event loop, and no thread
waits. The database has one group at a time while the next is made ready: two at once fall into
step, both at the database and then both in web, and each time half of the machine waits.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

from analytics.ingest.limits import Load, cost_of, spend_batches
from analytics.ingest.store import Receipt, Sent, store_batches
from core.storage.database import Line

logger = logging.getLogger(__name__)

# So that a group takes some hundredths of a second at most.
MOST_BATCHES = 64
MOST_EVENTS = 5000
# One that is stored, and one that is made ready for its turn.
GROUPS_AT_ONCE = 2
# A group waits so long for as many batches as the last one had. Whoever had an answer just now will
# send again in a moment; a group begun with the first of them would leave the others to the next,
# and twice as many groups cost nearly twice as much.
LINGER_SECONDS = 0.003
# After a group that could not be stored each batch goes by itself for so long: where the database
# is away, it is to be waited for once and not twice.
PAUSE_SECONDS = 1


class Waiting(NamedTuple):
    """A batch, and what its sender waits for."""

    sent: Sent
    receipt: asyncio.Future[Receipt | None]


class Gathering:
    """The batches that wait in one event loop."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        # Tasks, which asyncio by itself would let go.
        self._storing: set[object] = set()
        self.line = Line()
        self._expected = 0
        self._lingering: asyncio.TimerHandle | None = None
        self._paused_until = 0.0

    async def store(self, sent: Sent) -> Receipt | None:
        """Store a batch, durably; None where it must go by itself (store_batch)."""
        if time.monotonic() < self._paused_until:
            return None
        receipt = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(sent, receipt))
        self._store_next()
        return await receipt

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
            receipts = await store_group(batches, self.line)
        except (Exception, asyncio.CancelledError) as error:
            logger.warning("%s batches go by themselves: %r", len(group), error)
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            group, self._waiting = group + self._waiting, []
            receipts = [None] * len(group)
        self._storing.remove(asyncio.current_task())
        # Here and not in a callback of the task's: that would queue behind all new requests.
        for waiting, receipt in zip(group, receipts, strict=True):
            if not waiting.receipt.done():
                waiting.receipt.set_result(receipt)
        self._store_next()


def take_group(waiting: Sequence[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
    """Return the next group, with one batch of an instance at most, and what waits on."""
    group: list[Waiting] = []
    rest: list[Waiting] = []
    instances = set()
    events = 0
    for batch in waiting:
        instance_id, size = batch.sent.token.instance_id, len(batch.sent.samples.times)
        fits = not group or (len(group) < MOST_BATCHES and events + size <= MOST_EVENTS)
        if fits and instance_id not in instances:
            instances.add(instance_id)
            events += size
            group.append(batch)
        else:
            rest.append(batch)
    return group, rest


async def store_group(batches: Sequence[Sent], line: Line) -> list[Receipt | None]:
    """Charge batches to their limits and store those that may pass; None for every other.

    One that is charged and then left out is charged once more where it goes by itself. It is rare,
    and an erasure or an outage is behind it: nothing that a limit is for.
    """
    loads = [
        Load(sent.token.instance_id, sent.caller, cost_of(sent.samples.times)) for sent in batches
    ]
    passing = await spend_batches(loads)
    if not any(passing):
        return [None] * len(batches)
    passed = list(compress(batches, passing))
    receipts = iter(await store_batches(batches=passed, line=line))
    return [next(receipts) if passes else None for passes in passing]
