"""An upgrade under load, process by process: nothing is lost, nobody is refused."""

from tests.faults.invariants import check
from tests.faults.traffic import Traffic
from tests.hosts.cluster import WEBS, WORKERS, Cluster, Roamer

LONGEST_ANSWER = 40


def test_each_process_is_restarted_in_turn_under_load(cluster: Cluster) -> None:
    with Traffic(cluster, seed=3, senders=4, pause=0.1, kind=Roamer) as traffic:
        for name in (*WEBS, *WORKERS, "live", "beat"):
            cluster.restart(name)
            traffic.wait_for_more(20)
    check(traffic, longest=LONGEST_ANSWER, may_break=True, settle=60)
    for batch in traffic.batches():
        assert batch.acknowledged, batch
