"""A sender within its limits may send late or densely without delaying its neighbours' samples."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from random import Random
from statistics import median

import psycopg2
import pytest

from tests.faults.background import Background
from tests.faults.traffic import Sender
from tests.patience import wait_until
from tests.service import Service

HOUR_US, SECOND_US = 3_600_000_000, 1_000_000
# The ratio is two on an idle machine; on a loaded one a median of milliseconds is unsteady.
MOST = 4
# A neighbour's sample takes at most this on a fast machine if nobody else sends, mostly the time in
# which hints are collected.
LEAST_SECONDS = 0.03
PATIENCE_SECONDS = 30
EVENTS = """
select coalesce(sum(events), 0) from dashboard_pointerstatus s
join dashboard_browser b on b.id = s.browser_id where b.instance_id = %s
"""
FILL = """
insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
select id, to_timestamp(%s) + n * interval '2 us', n %% 700, n %% 500, n, false
from dashboard_browser, generate_series(1, %s) n where instance_id = %s
"""
MARK = """
insert into analytics_dirtyrange (browser_id, since, until, rung, events)
select id, to_timestamp(%s), to_timestamp(%s), 1000, 1000
from dashboard_browser, generate_series(1, %s) where instance_id = %s
"""
LARGE = "select count(*) from analytics_dirtyrange where large"


@pytest.fixture
def neighbour(service: Service, chance: Random) -> Iterator["Neighbour"]:
    with closing(psycopg2.connect(service.database_url)) as session:
        session.autocommit = True
        neighbour = Neighbour(service, chance, session)
        # Chunks, plans and caches.
        neighbour.delays(5)
        yield neighbour


class Neighbour(Sender):
    """An instance that sends a sample now and then, and waits until it is rolled up."""

    def __init__(
        self, service: Service, chance: Random, session: psycopg2.extensions.connection
    ) -> None:
        super().__init__(service, chance)
        self.database = session

    def delays(self, count: int) -> list[float]:
        return [self.delay() for _ in range(count)]

    def delay(self) -> float:
        """Return the seconds from sending a sample to its status."""
        time.sleep(self.chance.uniform(0.02, 0.2))
        began = time.monotonic()
        self.deliver_at(self.now_us())
        with self.database.cursor() as cursor:
            while time.monotonic() < began + PATIENCE_SECONDS:
                cursor.execute(EVENTS, (self.instance_id,))
                if cursor.fetchone() == (self.count,):
                    return time.monotonic() - began
                time.sleep(0.002)
        raise AssertionError(f"not rolled up within {PATIENCE_SECONDS} s")


def same_shard(service: Service, sender: Sender) -> Sender:
    """Another instance in the same shard as this one."""
    slot = "select id %% 64 %% %s from dashboard_browser where instance_id = %s"
    shards = int(service.environment["ROLLUP_SHARDS"])
    while True:
        other = Sender(service, sender.chance)
        slots = {service.sql(slot, (shards, s.instance_id))[0] for s in (sender, other)}
        if len(slots) == 1:
            return other


def test_a_sender_of_hundreds_of_past_hours(
    service: Service, neighbour: Neighbour, whole_or: Callable
) -> None:
    sender = same_shard(service, neighbour)
    quiet = median(neighbour.delays(20))

    def send(batches: int) -> None:
        for _ in range(batches):
            now = sender.now_us()
            hours = range(1, 501)
            sender.deliver_at(*(now - h * HOUR_US - n * 1000 for h in hours for n in range(2)))

    with Background(send, [whole_or(10, 4)]):
        beside = neighbour.delays(20)
    assert median(beside) < MOST * max(quiet, LEAST_SECONDS), (quiet, beside)
    wait_until(service.is_rolled_up, seconds=60, what="the backlog is drained")


def test_instances_with_hundreds_of_thousands_of_samples_in_a_second(
    service: Service, neighbour: Neighbour, whole_or: Callable
) -> None:
    dense = [same_shard(service, neighbour) for _ in range(whole_or(10, 2))]
    count = whole_or(400_000, 100_000)
    quiet = median(neighbour.delays(20))
    us = neighbour.now_us() // SECOND_US * SECOND_US - 5 * SECOND_US
    for sender in dense:
        since = us / SECOND_US
        service.sql(FILL, (since, count, sender.instance_id))
        service.sql(MARK, (since, since + 0.9, count // 1000, sender.instance_id))
        sender.deliver_at(us + SECOND_US // 2)
    beside = neighbour.delays(20)
    assert median(beside) < MOST * max(quiet, LEAST_SECONDS), (quiet, beside)
    # They wait for the job, which runs once a minute, or it has just run.
    stored = [service.sql(EVENTS, (sender.instance_id,))[0][0] for sender in dense]
    assert set(stored) <= {0, count + 1}
    for sender in dense:
        assert sender.session.delete(sender.path, timeout=10).status_code == 204
    assert service.sql(LARGE) == [(0,)]
