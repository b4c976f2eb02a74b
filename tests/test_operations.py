"""What operators read of real processes, well and ill, and what they do to them."""

import contextlib
import json
import os
import re
import secrets
import signal
import time
from collections.abc import Iterator
from uuid import uuid4

import psycopg2
import pytest
import requests

from tests.patience import wait_until
from tests.pointer import Pointer
from tests.service import Service
from tests.simulating import Simulation

# Each answer has a limit, and the tests kill parts of the service.
pytestmark = pytest.mark.timed

LIMIT_SECONDS = 2


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of this module's own, because its parts get killed; two web processes."""
    own = Service(tmp_path_factory.mktemp("operations"), LOG_FORMAT="json")
    own.commands["web"] += ["--workers", "2"]
    with own as running:
        yield running


def readiness(service: Service, query: str = "") -> tuple[int, dict]:
    """Ask /readyz, which must answer in time even if a server hangs."""
    began = time.monotonic()
    answer = requests.get(f"{service.url}/readyz{query}", timeout=10)
    assert time.monotonic() - began < LIMIT_SECONDS
    assert "password" not in answer.text
    assert service.database not in answer.text
    return answer.status_code, answer.json()["checks"]


def metric(service: Service, name: str, **labels: str) -> float:
    """One metric's value, or 0 where it is not there; all web processes answer alike."""
    text = requests.get(f"{service.url}/metrics", timeout=10).text
    total = 0.0
    for line in text.splitlines():
        found = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? (\S+)", line)
        if found and found[1] == name:
            given = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
            if labels.items() <= given.items():
                total += float(found[3])
    return total


def log_lines(service: Service, name: str) -> list[dict]:
    return [json.loads(line) for line in service.log(name).splitlines() if line.startswith("{")]


def becomes_ready(service: Service) -> None:
    wait_until(lambda: readiness(service)[0] == 200, seconds=30, what="it is ready")


def test_a_well_service_is_ready_and_says_each_dependency_with_its_latency(
    service: Service,
) -> None:
    becomes_ready(service)
    status, checks = readiness(service)
    assert status == 200
    assert list(checks) == ["database", "redis", "migrations", "beat", "rollup", "outbox"]
    assert all(facts["ok"] and facts["latency_ms"] >= 0 for facts in checks.values())
    assert checks["migrations"]["unapplied"] == 0
    assert checks["beat"]["age_s"] <= checks["beat"]["limit_s"] == 3.0
    assert checks["rollup"]["lag_s"] < 60
    assert checks["outbox"]["rows"] >= 0


def test_fewer_checks_can_be_asked_and_unknown_ones_are_named(service: Service) -> None:
    assert list(readiness(service, "?only=database,migrations")[1]) == ["database", "migrations"]
    answer = requests.get(f"{service.url}/readyz?only=databse", timeout=10)
    assert (answer.status_code, answer.text.splitlines()[0][:22]) == (400, "no such check: databse")


def test_a_batch_is_counted_once_whichever_process_took_it(service: Service) -> None:
    pointer = Pointer(service)
    results = [
        {"result": "accepted"},
        {"result": "duplicate"},
        {"result": "conflict"},
        {"result": "rejected", "reason": "invalid"},
    ]
    before = [metric(service, "pointerscope_events_total", **labels) for labels in results]
    stored = metric(service, "pointerscope_batches_total", result="stored")
    for n in range(40):
        # A connection of its own each, so that both processes get some.
        pointer.session.close()
        pointer.send(n, n + 1)
    bad = {"events": [{"time": 1, "x": 1, "y": 1}, {"time": 2, "x": 1, "y": 1}]}
    assert pointer.session.post(f"{pointer.url}events/", json=bad, timeout=10).status_code == 400
    after = [metric(service, "pointerscope_events_total", **labels) for labels in results]
    assert [then - now for then, now in zip(after, before, strict=True)] == [41, 39, 0, 2]
    assert metric(service, "pointerscope_batches_total", result="stored") - stored == 40
    route = "api/v1/browsers/<uuid:instance_id>/events/"
    posts = {"route": route, "method": "POST"}
    assert metric(service, "pointerscope_requests_total", **posts, status="202") >= 40
    assert metric(service, "pointerscope_requests_total", **posts, status="400") >= 1
    assert metric(service, "pointerscope_ingest_seconds_count") >= 41
    assert metric(service, "pointerscope_hints_total", result="sent") >= 1
    assert metric(service, "pointerscope_hints_total", result="coalesced") >= 1
    # The worker's numbers are in the same answer.
    wait_until(service.is_rolled_up)
    assert metric(service, "pointerscope_drain_seconds_count", rung="1s") >= 1
    assert metric(service, "pointerscope_drained_marks_total", rung="1s") >= 1


def test_scenes_marks_and_pages_are_counted(service: Service) -> None:
    pointer = Pointer(service)
    names = ("pointerscope_scenes_total", "pointerscope_marks_total")
    results = ({"result": "accepted"}, {"result": "duplicate"}, {"result": "rejected"})

    def read() -> list[list[float]]:
        return [[metric(service, name, **labels) for labels in results] for name in names]

    def send(page: str, at: float) -> int:
        size = {"viewport": [9, 9], "document": [9, 9], "scroll": [0, 0], "pixel_ratio": 1}
        scenes = [{"time": at, "seq": n, **size, "pointer": "pen", "page": page} for n in (1, 2)]
        body = {"events": [], "scenes": scenes, "marks": [{"time": at, "name": "a"}]}
        return pointer.session.post(f"{pointer.url}events/", json=body, timeout=10).status_code

    before, pages = read(), metric(service, "pointerscope_pages")
    page, at = f"/{uuid4().hex[:9]}", time.time() * 1000
    assert [send(page, at), send(page, at), send(page, 1)] == [202, 202, 400]
    (scenes, marks), (scenes_before, marks_before) = read(), before
    assert [now - then for now, then in zip(scenes, scenes_before, strict=True)] == [2, 2, 2]
    assert [now - then for now, then in zip(marks, marks_before, strict=True)] == [1, 1, 1]
    assert metric(service, "pointerscope_pages") == pages + 1
    assert metric(service, "pointerscope_pages_limit") == 10_000
    assert metric(service, "pointerscope_other_visits") == 0


def test_the_database_tells_what_waits_and_for_how_long(service: Service) -> None:
    pointer = Pointer(service)
    service.stop("worker")
    try:
        pointer.send(1, 2)
        assert metric(service, "pointerscope_outbox_rows", rung="1s") == 1
        wait_until(lambda: metric(service, "pointerscope_rollup_lag_seconds", rung="1s") > 0.5)
        assert readiness(service)[1]["outbox"]["rows"] >= 1
        # Nobody sweeps either: the heartbeat grows old, which is an alarm after three intervals.
        wait_until(lambda: readiness(service)[0] == 503, what="the alarm")
        assert not readiness(service)[1]["beat"]["ok"]
        assert readiness(service, "?only=database,migrations")[0] == 200
    finally:
        service.start("worker")
    wait_until(lambda: metric(service, "pointerscope_outbox_rows", rung="1s") == 0, seconds=30)
    becomes_ready(service)


def test_open_streams_are_counted_and_a_killed_process_counts_none(service: Service) -> None:
    pointer = Pointer(service)
    streams = [requests.get(pointer.fresh_stream_url(), stream=True, timeout=10) for _ in range(3)]
    assert metric(service, "pointerscope_stream_clients") == 3
    streams.pop().close()
    wait_until(lambda: metric(service, "pointerscope_stream_clients") == 2, what="one has left")
    service.stop("live", how=signal.SIGKILL)
    assert metric(service, "pointerscope_stream_clients") == 0
    service.start("live")


def test_live_shows_every_few_seconds_that_its_gauge_is_that_of_a_living_process(
    service: Service,
) -> None:
    pid = service.processes["live"].pid
    (gauge,) = (service.folder / "metrics").glob(f"gauge_live*-{pid}.db")
    os.utime(gauge, (0, 0))
    wait_until(lambda: gauge.stat().st_mtime > 0, what="live touches its gauge")


def test_redis_that_hangs_or_is_away_is_told_in_time(service: Service) -> None:
    service.processes["redis"].send_signal(signal.SIGSTOP)
    try:
        status, checks = readiness(service)
        assert (status, checks["redis"]["fault"]) == (503, "TimeoutError")
        assert checks["database"]["ok"]
    finally:
        service.processes["redis"].send_signal(signal.SIGCONT)
    failed = metric(service, "pointerscope_hints_total", result="failed")
    service.stop("redis", how=signal.SIGKILL)
    redis = readiness(service)[1]["redis"]
    assert (redis["ok"], redis["fault"]) == (False, "ConnectionError")
    Pointer(service).send(1)
    assert metric(service, "pointerscope_hints_total", result="failed") > failed
    service.start("redis")
    becomes_ready(service)


def test_a_database_that_hangs_is_told_in_time_again_and_again(service: Service) -> None:
    # Every session that reads migrations or the outbox waits for us.
    with locked(service, "analytics_dirtyrange", "django_migrations"):
        for _ in range(4):
            status, checks = readiness(service)
            assert status == 503
            assert checks["database"]["ok"]
            assert checks["migrations"] == {"ok": False, "fault": "no answer within 1.5 s"}
        assert metric(service, "pointerscope_database_up") == 0
    becomes_ready(service)
    assert metric(service, "pointerscope_database_up") == 1


def locked(service: Service, *tables: str) -> contextlib.closing:
    """Hold the tables against everybody until the block ends."""
    session = psycopg2.connect(service.database_url)
    session.cursor().execute(f"lock table {', '.join(tables)} in access exclusive mode")
    return contextlib.closing(session)


@contextlib.contextmanager
def no_database(service: Service) -> Iterator[None]:
    """End all sessions of the service's database, and let nobody in until the block ends."""
    service.administer(f'alter database "{service.database}" allow_connections false')
    service.administer(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        f" where datname = '{service.database}'"
    )
    try:
        yield
    finally:
        service.administer(f'alter database "{service.database}" allow_connections true')


def test_a_database_that_is_away_is_a_fault_without_its_address(service: Service) -> None:
    with no_database(service):
        status, checks = readiness(service)
        assert (status, checks["database"]["fault"]) == (503, "OperationalError")
        assert checks["redis"]["ok"]
        assert requests.get(f"{service.url}/healthz", timeout=2).status_code == 200
    becomes_ready(service)


def test_made_up_pointers_outlast_a_database_that_is_away(service: Service) -> None:
    simulation = Simulation(service, "--browsers", "3")
    simulation.await_movement()
    refused = service.log("web").count("unavailable in POST")
    with no_database(service):
        wait_until(lambda: service.log("web").count("unavailable in POST") > refused, seconds=60)
    simulation.await_movement()
    simulation.running.send_signal(signal.SIGINT)
    out = simulation.end()
    assert simulation.running.returncode == 0, simulation.err
    assert "3 pointers logged on, 3 off" in out
    assert " times 503" in out
    accepted = int(re.search(r"([\d,]+) accepted", out)[1].replace(",", ""))
    duplicates = int(re.search(r"([\d,]+) duplicates", out)[1].replace(",", ""))
    assert accepted <= simulation.stored() <= accepted + duplicates
    becomes_ready(service)


def test_an_id_goes_from_the_batch_to_the_drain(service: Service) -> None:
    pointer = Pointer(service)
    # No hint of another batch is queued, so that ours is the one that is sent.
    wait_until(lambda: not service.redis().keys("pointerscope:hint:*"), seconds=15)
    pointer.session.headers["X-Request-ID"] = "batch-0123456789"
    assert pointer.send(1, 2).headers["X-Request-ID"] == "batch-0123456789"

    def drains() -> list[dict]:
        lines = log_lines(service, "worker")
        return [line for line in lines if line.get("request_id") == "batch-0123456789"]

    wait_until(drains, what="the drain's line")
    assert drains()[0]["logger"] == "analytics.metrics"
    assert drains()[0]["marks"] == 1
    assert drains()[0]["message"].startswith("drained 1s of shard")


def test_an_id_that_is_none_is_replaced_and_each_request_has_its_own(service: Service) -> None:
    url = f"{service.url}/api/v1/time/"
    ids = [requests.get(url, timeout=5).headers["X-Request-ID"] for _ in range(2)]
    assert ids[0] != ids[1]
    forged = requests.get(url, headers={"X-Request-ID": "x" * 9 + " level=ERROR"}, timeout=5)
    assert re.fullmatch("[0-9a-f]{32}", forged.headers["X-Request-ID"])


def test_each_line_of_live_worker_and_beat_is_an_object(service: Service) -> None:
    for name in ("live", "worker", "beat"):
        lines = log_lines(service, name)
        assert lines, name
        for line in lines:
            assert {"time", "level", "logger", "message", "request_id", "process"} <= set(line)


def test_a_refusal_is_logged_under_its_id(service: Service) -> None:
    headers = {"X-Request-ID": "missing-page"}
    requests.get(f"{service.url}/nowhere/", headers=headers, timeout=5)
    wait_until(
        lambda: [x for x in log_lines(service, "web") if x.get("request_id") == "missing-page"]
    )


def test_a_request_that_succeeds_leaves_no_line_in_the_log(service: Service) -> None:
    pointer = Pointer(service)
    pointer.send(1, 2)
    with requests.get(pointer.stream_url, stream=True, timeout=5) as stream:
        assert stream.status_code == 200
    assert pointer.instance_id not in service.log("web")
    assert f"{pointer.instance_id}/stream/" not in service.log("live")


def restart(service: Service, **settings: str) -> None:
    service.environment |= settings
    service.stop("web", "live")
    service.start("web", "live")


def test_old_tokens_hold_while_the_old_key_is_a_fallback_and_no_longer(service: Service) -> None:
    old, new = service.environment["SECRET_KEY"], secrets.token_urlsafe(50)
    early = Pointer(service)
    restart(service, SECRET_KEY=new, SECRET_KEY_FALLBACKS=old)
    early.send(1, 2)
    late = Pointer(service)
    restart(service, SECRET_KEY_FALLBACKS="")
    late.send(1, 2)
    answer = early.session.post(f"{early.url}events/", json={"events": []}, timeout=10)
    assert answer.status_code == 401
