"""The number of shards grows in operation: two workers use different numbers."""

from collections.abc import Callable

import pytest

from analytics.rollups.shards import SLOTS
from tests.faults.conftest import SETTINGS
from tests.faults.holding import overtake
from tests.faults.invariants import check
from tests.faults.traffic import Sender, Traffic
from tests.service import Service

DRAINED = "drained 1s of shard"
FEW, MANY = int(SETTINGS["ROLLUP_SHARDS"]), 16
ID = "select id from dashboard_browser where instance_id = %s"


@pytest.mark.whole
def test_workers_that_count_by_four_and_by_sixteen_shards_at_once(
    service: Service, seed: int, whole_or: Callable
) -> None:
    service.special["second worker"] = {"ROLLUP_SHARDS": str(MANY)}
    service.start("second worker")
    try:
        # Of five in sequence at least one is counted differently by sixteen.
        with Traffic(service, seed, senders=FEW + 1) as traffic:
            traffic.wait_for_more(whole_or(4000, 150), seconds=300)
            moved = next(s for s in traffic.senders if is_counted_differently(service, s))
        for _ in range(whole_or(5, 1)):
            overtake(service, moved)
        check(traffic)
    finally:
        service.stop("second worker")
        service.special.clear()
    for name in ("worker", "second worker"):
        assert DRAINED in service.log(name), f"the {name} drained nothing"


def is_counted_differently(service: Service, sender: Sender) -> bool:
    slot = service.sql(ID, (sender.instance_id,))[0][0] % SLOTS
    return slot % FEW != slot % MANY
