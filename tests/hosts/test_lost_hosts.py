"""Hosts fail in several ways, and others take over: nothing is lost or counted twice."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2
import pytest

from tests.faults.holding import HELD_DRAINS
from tests.faults.invariants import check
from tests.faults.traffic import Traffic
from tests.hosts.cluster import SWEEP_SECONDS, WEBS, Cluster, Roamer
from tests.hosts.network import Host
from tests.patience import wait_until

TWO_SWEEPS = 2 * SWEEP_SECONDS
# Twice the time in which an idle worker fetches its work on a machine with two cores.
SLACK_SECONDS = 5
LONGEST_ANSWER = 40
OUTAGE_SECONDS = 20
HELD_BY = HELD_DRAINS.replace("client_port", "host(client_addr)")
OLD_MARKS = "select count(*) from analytics_dirtyrange where id <= %s"
LAST_MARK = "select coalesce(max(id), 0) from analytics_dirtyrange"


@contextmanager
def worker_in_mid_drain(cluster: Cluster) -> Iterator[str]:
    """Yield the name of a worker host whose drain has claimed marks and waits to write."""
    blocker = psycopg2.connect(cluster.database_url)
    try:
        blocker.cursor().execute("lock table dashboard_pointerstatus in exclusive mode")
        held = wait_until(lambda: cluster.sql(HELD_BY), what="a drain is held")
        yield cluster.host_of(held[0][0])
    finally:
        blocker.close()


@pytest.mark.parametrize("lose", [Host.cut_off, Host.kill], ids=["cut off", "killed"])
def test_a_worker_host_lost_in_mid_drain(
    cluster: Cluster, lose: Callable[[Host], None], note: Callable[[str], None]
) -> None:
    with Traffic(cluster, seed=1, senders=4, pause=0.1) as traffic:
        traffic.wait_for_more(20)
        with worker_in_mid_drain(cluster) as name:
            lost = cluster.hosts[name]
            lose(lost)
            began, last = time.monotonic(), cluster.sql(LAST_MARK)[0][0]
        wait_until(
            lambda: cluster.sql(OLD_MARKS, (last,)) == [(0,)],
            seconds=TWO_SWEEPS + SLACK_SECONDS,
            what="the others take over",
        )
        seconds = time.monotonic() - began
        how = "loses its network" if lose is Host.cut_off else "is killed"
        note(f"a worker host {how} in the middle of a drain: others took over in {seconds:.1f} s")
    check(traffic, longest=LONGEST_ANSWER, settle=60)
    lost.kill()
    lost.reconnect()
    cluster.start(name)


def test_the_database_host_cut_off_for_a_while(cluster: Cluster) -> None:
    with Traffic(cluster, seed=4, senders=4) as traffic:
        traffic.wait_for_more(20)
        cluster.hosts["database"].cut_off()
        began = time.monotonic()
        time.sleep(OUTAGE_SECONDS)
        cluster.hosts["database"].reconnect()
        traffic.wait_for_more(20, seconds=60)
    check(traffic, longest=LONGEST_ANSWER, settle=60)
    during = traffic.attempts(since=began, until=began + OUTAGE_SECONDS - 1)
    assert {attempt.status for attempt in during} <= {202, 503}
    assert 503 in {attempt.status for attempt in during}


@pytest.mark.parametrize("lose", [Host.cut_off, Host.kill], ids=["cut off", "killed"])
def test_a_web_host_lost_under_load(cluster: Cluster, lose: Callable[[Host], None]) -> None:
    with Traffic(cluster, seed=2, senders=4, kind=Roamer) as traffic:
        traffic.wait_for_more(20)
        lost = cluster.hosts[WEBS[0]]
        lose(lost)
        traffic.wait_for_more(100, seconds=60)
    check(traffic, longest=LONGEST_ANSWER, may_break=True, settle=60)
    assert any(attempt.status is None for attempt in traffic.attempts()), "nobody lost an answer"
    lost.kill()
    lost.reconnect()
    cluster.start(WEBS[0])
    cluster.wait_for(WEBS[0])
