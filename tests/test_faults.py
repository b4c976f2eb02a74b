"""Whatever dies, the sweep makes it whole: real processes, really killed."""

import signal
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
import requests

from analytics.tests.oracle import Sample, expected_statuses
from tests.service import SWEEP_SECONDS, Service, wait_until

TWO_SWEEPS = 2 * SWEEP_SECONDS + 3


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of this module's own, because its parts get killed."""
    with Service(tmp_path_factory.mktemp("faults")) as running:
        yield running


class Pointer:
    """A browser instance that sends, and knows what must come of it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        me = service.log_on()
        self.instance_id, self.start_us = me["instance_id"], int(time.time()) * 1_000_000
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {me['write_token']}"
        self.sent: list[Sample] = []

    def send(self, *seconds: float) -> requests.Response:
        """Send a sample for each offset from the start, each 3 px and 4 px further."""
        samples = [
            Sample(self.start_us - 60_000_000 + round(s * 1e6), n, 3.0 * n, 4.0 * n)
            for n, s in enumerate(seconds, len(self.sent))
        ]
        events = [{"time": s.time / 1000, "x": s.x, "y": s.y, "seq": s.seq} for s in samples]
        answer = self.session.post(
            f"{self.service.url}/api/v1/browsers/{self.instance_id}/events/",
            json={"events": events},
            timeout=10,
        )
        if answer.status_code == 202:
            self.sent += samples
        return answer

    def statuses(self) -> list[tuple[Any, ...]]:
        return self.service.sql(
            "select (extract(epoch from s.time) * 1000000)::bigint, s.events, s.traversed_distance"
            " from dashboard_pointerstatus s join dashboard_browser b on b.id = s.browser_id"
            " where b.instance_id = %s order by s.time",
            (self.instance_id,),
        )

    def assert_whole_within(self, seconds: float) -> None:
        wait_until(self.service.is_rolled_up, seconds=seconds, what="all is rolled up")
        expected = [(s.time, s.events, s.traversed_distance) for s in expected_statuses(self.sent)]
        assert self.statuses() == expected


def test_a_hint_brings_the_status_without_waiting_for_a_sweep(service: Service) -> None:
    service.stop("beat")
    pointer = Pointer(service)
    assert pointer.send(0.1, 0.2, 1.3).status_code == 202
    pointer.assert_whole_within(SWEEP_SECONDS / 2)
    service.start("beat")


def test_a_hint_that_was_never_sent_is_made_good_by_the_sweep(service: Service) -> None:
    pointer = Pointer(service)
    held_back = {f"pointerscope:hint:{shard}": 1 for shard in range(64)}
    # A hint seems to be queued for every shard, so none is sent.
    service.redis().mset(held_back)
    before = service.log("worker").count("roll_up")
    assert pointer.send(0.1, 0.2, 1.3).status_code == 202
    pointer.assert_whole_within(TWO_SWEEPS)
    assert service.log("worker").count("roll_up") == before
    service.redis().delete(*held_back)


def test_a_worker_killed_in_the_middle_of_a_drain_loses_nothing(service: Service) -> None:
    pointer = Pointer(service)
    pointer.send(0.1, 0.2, 1.3)
    pointer.assert_whole_within(TWO_SWEEPS)
    blocker = psycopg2.connect(service.database_url)
    blocker.cursor().execute("lock table dashboard_pointerstatus in exclusive mode")
    assert pointer.send(0.4, 1.1, 2.5).status_code == 202
    # The drain has claimed its marks and now waits to write what it computed.
    wait_until(lambda: drains_that_wait(service), what="a drain is held in its middle")
    service.stop("worker", signal.SIGKILL)
    blocker.close()
    wait_until(lambda: not service.is_rolled_up(), what="the claim is undone")
    service.start("worker")
    pointer.assert_whole_within(TWO_SWEEPS + 5)


def drains_that_wait(service: Service) -> int:
    ((count,),) = service.sql(
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and wait_event_type = 'Lock' and query like '%%with claimed as (%%unnest%%'"
    )
    return count


def test_a_worker_child_killed_in_the_middle_of_a_drain_loses_nothing(service: Service) -> None:
    pointer = Pointer(service)
    pointer.send(0.1, 0.2, 1.3)
    pointer.assert_whole_within(TWO_SWEEPS)
    blocker = psycopg2.connect(service.database_url)
    blocker.cursor().execute("lock table dashboard_pointerstatus in exclusive mode")
    pointer.send(0.4, 1.1, 2.5)
    wait_until(lambda: drains_that_wait(service), what="a drain is held in its middle")
    for child in service.children("worker"):
        child.kill()
    blocker.close()
    pointer.assert_whole_within(TWO_SWEEPS + 5)


def test_ingest_goes_on_while_redis_is_stopped_and_all_is_rolled_up_afterwards(
    service: Service,
) -> None:
    pointer = Pointer(service)
    service.stop("redis", signal.SIGKILL)
    took = []
    for n in range(20):
        began = time.monotonic()
        assert pointer.send(n * 0.3).status_code == 202
        took.append(time.monotonic() - began)
    assert max(took) < 1
    assert not service.is_rolled_up()
    service.start("redis")
    pointer.assert_whole_within(30)


def test_ingest_answers_while_redis_hangs(service: Service) -> None:
    pointer = Pointer(service)
    service.processes["redis"].send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        answers = [pointer.send(n * 0.3).status_code for n in range(5)]
        assert answers == [202] * 5
        assert time.monotonic() - began < 2
    finally:
        service.processes["redis"].send_signal(signal.SIGCONT)
    pointer.assert_whole_within(30)


def test_two_beats_do_no_harm(service: Service) -> None:
    pointer = Pointer(service)
    service.start("second beat")
    for n in range(10):
        pointer.send(n * 0.3)
    pointer.assert_whole_within(TWO_SWEEPS)
    service.stop("second beat")


def test_the_sweep_leaves_a_heartbeat(service: Service) -> None:
    ((before,),) = service.sql("select beat_at from analytics_heartbeat where job = 'sweep 1s'")
    wait_until(
        lambda: service.sql(
            "select 1 from analytics_heartbeat where job = 'sweep 1s' and beat_at > %s", (before,)
        ),
        seconds=TWO_SWEEPS,
    )


def test_a_database_that_is_away_is_a_problem_with_retry_after(service: Service) -> None:
    pointer = Pointer(service)
    pointer.send(0.1)
    service.administer(f'alter database "{service.database}" allow_connections false')
    service.administer(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        f" where datname = '{service.database}'"
    )
    try:
        answer = pointer.send(0.2)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"
        assert answer.json()["code"] == "unavailable"
    finally:
        service.administer(f'alter database "{service.database}" allow_connections true')
    wait_until(lambda: pointer.send(0.2).status_code == 202, what="it comes back")
    pointer.assert_whole_within(30)
