"""Hints give speed; the sweep gives the guarantee."""

from random import Random

import pytest

from tests.faults.invariants import check_outbox, check_statuses
from tests.faults.traffic import Sender
from tests.patience import wait_until
from tests.service import SWEEP_SECONDS, Service

TWO_SWEEPS = 2 * SWEEP_SECONDS + 3
FIRST_RUNG = "select count(*) from analytics_dirtyrange where rung = 1000"
STATUSES = """
select count(*) from dashboard_pointerstatus s join dashboard_browser b on b.id = s.browser_id
where b.instance_id = %s
"""


def test_a_hint_brings_the_status_without_a_sweep(service: Service, chance: Random) -> None:
    sender = Sender(service, chance)
    service.stop("beat")
    assert sender.attempt(sender.new_batch(5)).status == 202
    wait_until(lambda: service.sql(STATUSES, (sender.instance_id,)) != [(0,)], seconds=5)
    wait_until(lambda: service.sql(FIRST_RUNG) == [(0,)], seconds=5)
    service.start("beat")


def test_the_sweep_replaces_a_hint_that_was_never_sent(service: Service, chance: Random) -> None:
    sender = Sender(service, chance)
    held_back = {f"pointerscope:hint:{shard}": 1 for shard in range(64)}
    # A hint seems to be queued for every shard, so none is sent.
    service.redis().mset(held_back)
    before = service.log("worker").count("roll_up")
    assert sender.attempt(sender.new_batch(5)).status == 202
    wait_until(lambda: service.sql(FIRST_RUNG) == [(0,)], seconds=TWO_SWEEPS)
    assert service.log("worker").count("roll_up") == before
    service.redis().delete(*held_back)
    assert check_outbox(service, [sender], within=10) == []
    assert check_statuses(service, [sender]) == []


@pytest.mark.whole
def test_a_hint_whose_task_was_lost_delays_others_for_seconds_only(
    service: Service, chance: Random
) -> None:
    sender = Sender(service, chance)
    service.stop("beat", "worker")
    assert sender.attempt(sender.new_batch(5)).status == 202
    wait_until(lambda: service.redis().delete("celery"), what="a hint is queued, and lost")
    service.start("worker")
    wait_until(
        lambda: (
            sender.attempt(sender.new_batch(5))
            and service.sql(STATUSES, (sender.instance_id,)) != [(0,)]
        ),
        seconds=15,
        what="a hint gets through",
    )
    service.start("beat")


def test_the_sweep_leaves_a_heartbeat(service: Service) -> None:
    ((before,),) = service.sql("select beat_at from analytics_heartbeat where job = 'sweep 1s'")
    wait_until(
        lambda: service.sql(
            "select 1 from analytics_heartbeat where job = 'sweep 1s' and beat_at > %s", (before,)
        ),
        seconds=TWO_SWEEPS,
    )
