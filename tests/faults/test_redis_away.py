"""Redis dead, empty or hanging: ingest is not affected, and missed hints are caught up."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.holding import held_drain
from tests.faults.invariants import check
from tests.faults.traffic import Traffic, p99
from tests.patience import wait_until
from tests.service import Service

DRAINS = """
select count(*) from pg_stat_activity where datname = current_database()
and wait_event_type = 'Lock' and (query like '%%with span as (%%' or query like '%%_turn%%')
"""
WAITING = "select count(*) from analytics_dirtyrange where rung = 1000 and id <= %s"


def test_after_redis_returned_empty_the_worker_takes_hints_again(
    service: Service, seed: int, whole_or: Callable
) -> None:
    # Only hints start roll-ups now.
    service.stop("beat")
    # Leftovers of workers that were killed earlier; Celery redelivers them after an hour.
    service.redis().delete("unacked", "unacked_index")
    with Traffic(service, seed, senders=1) as traffic:
        for _ in range(whole_or(10, 1)):
            traffic.wait_for_more(5)
            with held_drain(service):
                # One drain is held and one waits for it, so the next task is received but not
                # acknowledged, while the worker listens for more. In this state it could end when
                # Redis dies.
                wait_until(lambda: service.sql(DRAINS) == [(2,)], what="two drains wait")
                wait_until(lambda: service.redis().hlen("unacked") == 1, what="a task waits")
                service.stop("redis", how=signal.SIGKILL)
                time.sleep(0.5)
            # By then all tasks that it had received are done.
            time.sleep(1)
            service.start("redis")
            newest = service.sql("select max(id) from analytics_dirtyrange")[0]
            assert newest != (None,), "nothing waits for a hint"
            wait_until(
                lambda newest=newest: service.sql(WAITING, newest) == [(0,)],
                seconds=15,
                what="the worker takes a hint",
            )
    service.start("beat")
    check(traffic)


@pytest.mark.whole
def test_while_redis_is_down_ingest_is_about_as_fast(
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


def test_while_redis_hangs_no_request_waits_and_beat_resumes(
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
