"""The number of shards grows while everything runs: two workers count by different numbers."""

from collections.abc import Callable

import pytest

from tests.faults.invariants import check
from tests.faults.traffic import Traffic
from tests.service import Service

DRAINED = "drained 1s of shard"


@pytest.mark.whole
def test_workers_that_count_by_four_and_by_sixteen_shards_at_once(
    service: Service, seed: int, whole_or: Callable
) -> None:
    service.special["second worker"] = {"ROLLUP_SHARDS": "16"}
    service.start("second worker")
    try:
        with Traffic(service, seed, senders=4) as traffic:
            traffic.wait_for_more(whole_or(4000, 150), seconds=300)
        check(traffic)
    finally:
        service.stop("second worker")
        service.special.clear()
    for name in ("worker", "second worker"):
        assert DRAINED in service.log(name), f"the {name} drained nothing"
