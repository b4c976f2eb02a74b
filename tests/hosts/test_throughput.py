"""More worker hosts roll up more in the same time, until the database is the limit."""

import platform
import time
from collections.abc import Callable

from celery import Celery

from tests.hosts.cluster import SHARDS, WORKERS, Cluster
from tests.patience import wait_until

BROWSERS, SECONDS, HZ = 32, 150, 60
ROUNDS = 3
FILL = """
with browser as (
    insert into dashboard_browser (instance_id, is_active, logged_on_at, token_version)
    select gen_random_uuid(), true, now(), 1 from generate_series(1, %s) returning id
), event as (
    insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
    select id, date_trunc('hour', now()) - interval '2 hours' + n * interval '1 second' / %s,
           960 + 800 * sin(n / 37.0 + id), 540 + 500 * cos(n / 23.0 + id), n, false
    from browser, generate_series(1, %s) n
)
select array_agg(id) from browser
"""
# A mark per quarter second, as trackers cause them.
MARK = """
insert into analytics_dirtyrange (browser_id, since, until, rung, events)
select browser_id, min(time), max(time), 1000, count(*) from analytics_pointerpositionevent
where browser_id = any(%s) group by browser_id, seq / 15 order by min(time)
"""
CLEAR = "delete from dashboard_pointerstatus where browser_id = any(%s)"
WAITING = "select count(*) from analytics_dirtyrange where rung = 1000"


def test_more_worker_hosts_drain_a_backlog_sooner(
    cluster: Cluster, note: Callable[[str], None]
) -> None:
    browsers = cluster.sql(FILL, (BROWSERS, HZ, SECONDS * HZ))[0][0]
    cluster.hosts["live"].kill()
    # The first round creates chunks and warms caches; the best of the others counts.
    best = dict.fromkeys(range(1, len(WORKERS) + 1), 0.0)
    for number in range(1 + ROUNDS):
        for workers in best:
            rate = BROWSERS * SECONDS * HZ / seconds_to_drain(cluster, browsers, workers)
            if number:
                best[workers] = max(best[workers], rate)
    note("| worker hosts | samples/s | of one |")
    note("|---|---|---|")
    for workers, rate in best.items():
        ratio = rate / best[1]
        note(f"| {workers} | {round(rate, -3):,.0f} | {ratio:.1f} `{'█' * round(10 * ratio)}` |")
    assert max(best[2], best[3]) > 1.1 * best[1], best
    for name in ("live", "beat"):
        cluster.start(name)


def seconds_to_drain(cluster: Cluster, browsers: list[int], workers: int) -> float:
    """Drain the same samples with this number of worker hosts."""
    cluster.sql(CLEAR, (browsers,))
    queue = Celery(broker=cluster.redis_url)
    idle = [f"{name}@{platform.node()}" for name in WORKERS[workers:]]
    if idle:
        queue.control.cancel_consumer("celery", destination=idle, reply=True, timeout=5)
        # A worker that waits for a task from Redis gives up within a second.
        time.sleep(2)
    cluster.sql(MARK, (browsers,))
    began = time.perf_counter()
    for shard in range(SHARDS):
        queue.send_task("analytics.tasks.roll_up", args=[shard])
    wait_until(lambda: cluster.sql(WAITING) == [(0,)], seconds=120, what="the backlog is drained")
    seconds = time.perf_counter() - began
    if idle:
        queue.control.add_consumer("celery", destination=idle, reply=True, timeout=5)
    return seconds
