"""Samples that arrive late, shuffled and three times make the same tables as in order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

from tests.faults.invariants import check_outbox, check_statuses
from tests.faults.traffic import Batch, Key, Place, Sender
from tests.service import Service

THREADS, TIMES, SIZE = 8, 3, 100
DAY_US = 24 * 3600 * 1_000_000
TABLES = {
    "analytics_pointerpositionevent": "time, seq, x, y, enter",
    "dashboard_pointerstatus": "t.interval_ms, t.time, events, traversed_distance, avg_velocity,"
    " peak_velocity, moving_time, start_x, start_y, end_x, end_y",
    "dashboard_coarsestatus": "t.interval_ms, t.time, events, traversed_distance, avg_velocity,"
    " peak_velocity, moving_time, start_x, start_y, end_x, end_y",
}


def test_shuffled_repeated_late_batches_make_the_tables_that_batches_in_order_make(
    service: Service, chance: Random, whole_or: Callable
) -> None:
    calm, wild = Sender(service, chance), Sender(service, chance)
    path = movements(chance, whole_or(20_000, 2000))
    for batch in cut(path):
        assert calm.attempt(batch).status == 202
    statuses = deliver_wildly(wild, path, chance)
    assert set(statuses) == {202}
    assert check_outbox(service, [calm, wild], within=60) == []
    for table, columns in TABLES.items():
        assert rows(service, wild, table, columns) == rows(service, calm, table, columns), table
    assert len(rows(service, wild, *next(iter(TABLES.items())))) == len(path)
    assert check_statuses(service, [calm, wild]) == []


def movements(chance: Random, count: int) -> list[tuple[Key, Place]]:
    """Return bursts of movement over a day, in order; some samples share a time."""
    path: list[tuple[Key, Place]] = []
    now_us = Sender.now_us()
    while len(path) < count:
        us = now_us - chance.randrange(DAY_US)
        for _ in range(chance.randrange(1, 60)):
            us += chance.choice([0, 125, 8_000, 16_000, 16_000, 400_000])
            place = float(chance.randrange(2000)), float(chance.randrange(2000))
            path.append(((min(us, now_us), len(path)), place))
    return sorted(path)


def cut(path: list[tuple[Key, Place]]) -> list[Batch]:
    return [Batch(dict(path[n : n + SIZE])) for n in range(0, len(path), SIZE)]


def deliver_wildly(
    sender: Sender, path: list[tuple[Key, Place]], chance: Random
) -> list[int | None]:
    """Shuffle, cut, and send each batch three times with its keys in another order, eight at once.

    The samples are cut twice, so that different batches overlap. The three copies are sent at once,
    so that they meet in the database.
    """
    batches = [batch for _ in range(2) for batch in cut(chance.sample(path, len(path)))]
    chance.shuffle(batches)
    deliveries = []
    for batch in batches:
        items = list(batch.samples.items())
        deliveries += [Batch(dict(chance.sample(items, len(items)))) for _ in range(TIMES)]
    with ThreadPoolExecutor(THREADS) as pool:
        return [attempt.status for attempt in pool.map(sender.attempt, deliveries)]


def rows(service: Service, sender: Sender, table: str, columns: str) -> list[tuple[Any, ...]]:
    return service.sql(
        f"select {columns} from {table} t join dashboard_browser b on b.id = t.browser_id"
        " where b.instance_id = %s order by time, 1, 2",
        (sender.instance_id,),
    )
