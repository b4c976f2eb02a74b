"""The shard of a browser, and the turn that keeps two drains from the same browser.

A shard is a set of slots, and a browser's slot never changes. A drain locks every slot of its
shard. So drains with different ROLLUP_SHARDS, as during a rollout, still exclude each other
wherever they could meet on one browser.

The locks are row locks. Any login of the database, even an analyst's, could take an advisory lock
and stop all drains with it; these rows are granted to nobody.
"""

from typing import Any

from django.conf import settings

# Never change this while a worker runs: workers with different settings must agree on it.
SLOTS = 64
# Slots of jobs that only exclude themselves.
RETENTION, LARGE_BUCKETS, PAGES, TRIAL_JOB = -1, -2, -3, -4

# In a statement of its own: the claim's snapshot must be younger than the locks, or it would see
# rows that the previous drain has already taken. In the order of the slots, so that two drains that
# share some of them wait for each other and never deadlock. Held until the end of the transaction.
LOCK_SHARD = """
select slot, after_browser from analytics_turn
where rung = %(rung)s and slot >= 0 and slot %% %(shards)s = %(shard)s order by slot for update
"""
MAKE_SLOTS = """
insert into analytics_turn (rung, slot, after_browser)
select %(rung)s, slot, -1 from generate_series(0, %(slots)s - 1) slot on conflict do nothing
"""
# Locks: the row of the shard's first slot, which the drain holds.
MOVE_ON = """
update analytics_turn set after_browser = %(after)s
where rung = %(rung)s and slot = %(shard)s and after_browser <> %(after)s
"""
MAKE_JOB = """
insert into analytics_turn (rung, slot, after_browser) values (%(rung)s, %(slot)s, -1)
on conflict do nothing
"""
LOCK_JOB = """
select from analytics_turn where rung = %(rung)s and slot = %(slot)s for update skip locked
"""


def shard_of(browser_id: int) -> int:
    """Return the shard of a browser, by its key."""
    return browser_id % SLOTS % settings.ROLLUP_SHARDS


def counting() -> dict[str, int]:
    """Return the parameters of shard_of as SQL: `browser_id %% %(slots)s %% %(shards)s`."""
    return {"slots": SLOTS, "shards": settings.ROLLUP_SHARDS}


def lock_shard(cursor: Any, *, rung: int, shard: int) -> int:
    """Wait until no other transaction has the rung's turn with a browser of the shard; take it.

    Returns the browser after which the shard's next claim of backlog begins (`move_on`).
    """
    parameters = {"rung": rung, "shard": shard, **counting()}
    cursor.execute(LOCK_SHARD, parameters)
    slots = dict(cursor.fetchall())
    if not slots:
        cursor.execute(MAKE_SLOTS, parameters)
        cursor.execute(LOCK_SHARD, parameters)
        slots = dict(cursor.fetchall())
    # Empty if a hint comes from a process with more shards than this one.
    return slots.get(shard, -1)


def move_on(cursor: Any, *, rung: int, shard: int, after: int) -> None:
    """Let the shard's next claim of backlog begin after a browser. The caller has its turn."""
    cursor.execute(MOVE_ON, {"rung": rung, "shard": shard, "after": after})


def lock_job(cursor: Any, *, rung: int, slot: int) -> bool:
    """Take a job's turn until the end of the transaction, unless another transaction has it."""
    parameters = {"rung": rung, "slot": slot}
    cursor.execute(MAKE_JOB, parameters)
    cursor.execute(LOCK_JOB, parameters)
    return cursor.rowcount == 1
