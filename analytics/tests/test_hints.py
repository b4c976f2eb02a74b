"""Hints that are on their way as a process ends."""

import multiprocessing

from analytics import hints
from core.redis import client

# More than any batch leaves, so that the process ends in the midst of them.
SHARDS = range(40)


def send_and_end() -> None:
    # A sender that this process may have has not come along.
    hints._outgoing.cache_clear()
    for shard in SHARDS:
        hints.send(shard, "request-of-a-test")


def test_a_process_that_ends_leaves_no_key_without_its_message():
    keys = [f"pointerscope:hint:{shard}" for shard in SHARDS]
    client().delete("celery", *keys)
    process = multiprocessing.get_context("fork").Process(target=send_and_end)
    process.start()
    process.join(10)
    assert process.exitcode == 0
    assert client().exists(*keys) == len(keys)
    assert client().llen("celery") == len(keys)
    client().delete("celery", *keys)
