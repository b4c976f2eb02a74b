"""Redis dead, empty, or hanging: ingest does not notice, and what it missed is made good."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.invariants import check
from tests.faults.traffic import Traffic, p99
from tests.service import Service, wait_until

HINTED = "Task analytics.tasks.roll_up"


def test_after_redis_came_back_empty_the_worker_takes_hints_again(
    service: Service, seed: int, whole_or: Callable
) -> None:
    with Traffic(service, seed) as traffic:
        for _ in range(whole_or(10, 1)):
            traffic.wait_for_more(5)
            service.stop("redis", how=signal.SIGKILL)
            service.start("redis")
            before = service.log("worker").count(HINTED)
            wait_until(
                lambda before=before: service.log("worker").count(HINTED) > before,
                seconds=15,
                what="the worker takes a hint",
            )
    check(traffic)


@pytest.mark.whole
def test_while_redis_is_down_all_is_stored_about_as_fast(
    service: Service, seed: int, whole_or: Callable
) -> None:
    seconds = whole_or(60, 6)
    with Traffic(service, seed, senders=2) as traffic:
        traffic.wait_for_more(20)
        began = time.monotonic()
        time.sleep(seconds)
        service.stop("redis", how=signal.SIGKILL)
        gone = time.monotonic()
        time.sleep(seconds)
        over = time.monotonic()
        service.start("redis")
    with_redis, without = traffic.attempts(began, gone - 0.5), traffic.attempts(gone, over)
    assert {attempt.status for attempt in without} == {202}
    assert p99(without) < p99(with_redis) + 0.1
    check(traffic, settle=30)


def test_while_redis_hangs_no_request_waits_and_beat_goes_on_by_itself(
    service: Service, seed: int, whole_or: Callable
) -> None:
    with Traffic(service, seed, senders=2) as traffic:
        traffic.wait_for_more(20)
        service.processes["redis"].send_signal(signal.SIGSTOP)
        began = time.monotonic()
        try:
            time.sleep(whole_or(60, 4))
        finally:
            service.processes["redis"].send_signal(signal.SIGCONT)
        hanging = traffic.attempts(began)
        assert {attempt.status for attempt in hanging} == {202}
        assert max(attempt.seconds for attempt in hanging) < 1
        now = service.sql("select now()")[0]
        beats = "select 1 from analytics_heartbeat where job = 'sweep 1s' and beat_at > %s"
        wait_until(lambda: service.sql(beats, now), seconds=20, what="Beat's sweep comes again")
    check(traffic)
