"""Hints on their way: one for all batches of a shard, and none half sent as a process ends."""

import multiprocessing
from queue import SimpleQueue

import pytest

from analytics.rollups import hints
from core.storage.redis import client

# More than any batch leaves, so that the process ends while it sends them.
SHARDS = range(40)


def send_and_end() -> None:
    # The thread that sends hints does not survive a fork.
    hints._outgoing.cache_clear()
    for shard in SHARDS:
        hints.send_hints([(shard, "request-of-a-test")])
    hints.send_last_hints()


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


def test_one_hint_per_shard_covers_all_waiting_batches():
    waiting: SimpleQueue = SimpleQueue()
    groups = [
        hints.Group([(0, "first")], 0.1),
        hints.Group([(0, "second"), (1, "third")], 0.2),
        hints.Group([(0, "fourth"), (0, "fifth"), (1, "sixth")], 0.3),
    ]
    for group in groups[1:]:
        waiting.put(group)
    client().delete("celery", *map(hints._key, range(2)))
    coalesced = hints.COALESCED._value.get()
    assert hints._send_waiting(waiting, groups[0]) == groups
    assert client().llen("celery") == 2
    assert hints.COALESCED._value.get() - coalesced == 4
    client().delete("celery", *map(hints._key, range(2)))


@pytest.mark.parametrize(
    ("count", "storing", "seconds"),
    [
        (1, 0.0, 0.02),
        (300, 0.5, 0.1),
        # At half load charts are still quick.
        (300, 1.8, 0.1),
        (300, 3.0, 0.125),
        (300, 4.2, 0.343),
        (3000, 40.0, 1),
    ],
)
def test_hints_gather_longer_the_more_batches_are_stored(count, storing, seconds):
    assert hints.gather_seconds(count=count, storing=storing) == pytest.approx(seconds)


def of(*batches, seconds):
    return [hints.Group([(0, "request-of-a-test")] * count, seconds) for count in batches]


def test_the_load_is_the_number_of_batches_stored_at_a_time():
    load = hints.Load()
    assert load.storing == 0
    # Ten groups in a second, two batches each, of a tenth of a second; then four at a time.
    load = load.after(of(*[2] * 10, seconds=0.1), seconds=1)
    assert load.storing == pytest.approx(2)
    for _ in range(8):
        load = load.after(of(*[4] * 10, seconds=0.1), seconds=1)
    assert load.storing == pytest.approx(4, rel=0.01)


def test_a_wave_of_drains_at_half_load_hardly_slows_charts():
    load = hints.Load().after(of(*[2] * 10, seconds=0.1), seconds=1)
    load = load.after(of(5, seconds=0.1), seconds=0.1)
    assert load.storing > 2
    assert hints.gather_seconds(count=300, storing=load.storing) < 0.2
