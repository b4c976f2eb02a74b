"""Which shard a browser belongs to, and the lock that keeps two drains off one browser.

A shard is a set of slots, and a browser's slot never changes. A drain locks every slot of its
shard. So drains that count by different ROLLUP_SHARDS, as while a new number is rolled out, still
exclude each other wherever they could meet on one browser.
"""

from typing import Any

from django.conf import settings

# Never to change while a worker runs: it is what differently set workers agree on.
SLOTS = 64

# In a statement of its own: the claim's snapshot must be younger than the locks, or it would see
# rows that the drain before us has already taken. In the order of the slots, so that two drains
# that share some of them wait for each other and never deadlock. Held until the transaction's end.
LOCK_SHARD = """
select count(pg_advisory_xact_lock(%(rung)s, slot))
from generate_series(%(shard)s::int, %(slots)s - 1, %(shards)s) as slot
"""


def shard_of(browser_id: int) -> int:
    """Return the shard of a browser, by its key."""
    return browser_id % SLOTS % settings.ROLLUP_SHARDS


def counting() -> dict[str, int]:
    """Return the parameters of shard_of as SQL: `browser_id %% %(slots)s %% %(shards)s`."""
    return {"slots": SLOTS, "shards": settings.ROLLUP_SHARDS}


def lock_shard(cursor: Any, *, rung: int, shard: int) -> None:
    """Wait until no other transaction has the rung's lock on any browser of the shard; take it."""
    cursor.execute(LOCK_SHARD, {"rung": rung, "shard": shard, **counting()})
