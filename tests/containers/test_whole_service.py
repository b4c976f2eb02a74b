"""The shipped image and Compose file, built and run by a real engine.

Each test leaves the service running and healthy. The last one ends it.
"""

import json
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from urllib.parse import urljoin

import pytest
import requests

from tests.containers.stack import ONCE, Stack, service_of, state
from tests.faults.invariants import check_statuses, check_stored, read_raw
from tests.faults.traffic import Traffic
from tests.patience import wait_until
from tests.pointer import Pointer

STOP_SECONDS = 10
# The job of a higher rung runs every five minutes.
WAITING = """
select count(*) from analytics_dirtyrange d join dashboard_browser b on b.id = d.browser_id
where rung = 1000 and b.instance_id = any(%s::uuid[])
"""


def check(traffic: Traffic) -> None:
    """Assert that each acknowledged sample is stored once, and that all statuses are true."""
    stack, senders = traffic.service, traffic.senders
    assert traffic.acknowledged() > 0
    instances = [sender.instance_id for sender in senders]
    wait_until(
        lambda: stack.sql(WAITING, (instances,)) == [(0,)], seconds=60, what="all is rolled up"
    )
    faults = [fault for one in senders for fault in check_stored(one, read_raw(stack, one))]
    faults += check_statuses(stack, senders)
    assert not faults, "\n".join(faults[:30])


def sending(stack: Stack, seed: int) -> Traffic:
    return Traffic(stack, seed, senders=3, pause=0.2)


def test_everything_becomes_healthy(stack: Stack) -> None:
    assert stack.unhealthy() == {}
    stack.inside("web", "deploy/start", "doctor")


def see_a_batch_in_the_stream(stack: Stack) -> Pointer:
    """Send a batch twice, and return its pointer once the stream has told its status."""
    pointer = Pointer(stack)
    address = urljoin(stack.url, pointer.stream_url)
    with requests.get(address, stream=True, timeout=30) as stream:
        assert stream.status_code == 200
        assert pointer.send(0, 1, 2).json()["accepted"] == 3
        assert pointer.send(0, 1, 2).json()["duplicates"] == 3
        data = (json.loads(line[6:]) for line in stream.iter_lines(1) if line[:6] == b"data: ")
        assert next(one for one in data if one.get("events") == 3)["traversed_distance"] == 10.0
    return pointer


def test_a_batch_over_tls_is_stored_once_rolled_up_and_streamed(stack: Stack) -> None:
    pointer = see_a_batch_in_the_stream(stack)
    assert [status["traversed_distance"] for status in pointer.series()] == [10.0]


def test_a_member_of_staff_logs_in_and_sees_the_pages(stack: Stack) -> None:
    password = secrets.token_hex(8)
    create = [
        "deploy/start",
        "createsuperuser",
        "--noinput",
        "--username=ann",
        "--email=ann@example.org",
    ]
    told = f"DJANGO_SUPERUSER_PASSWORD={password}"
    stack.compose("exec", "--no-TTY", "--env", told, "web", *create)
    with requests.Session() as session:
        form = session.get(f"{stack.url}/login/", timeout=15)
        assert "max-age=31536000" in form.headers["Strict-Transport-Security"]
        (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
        answer = session.post(
            f"{stack.url}/login/",
            {"csrfmiddlewaretoken": token, "username": "ann", "password": password},
            headers={"Referer": f"{stack.url}/login/"},
            timeout=15,
        )
        assert (answer.status_code, "Log out" in answer.text) == (200, True)
        for path in ("/", "/browsers/", "/pages/", "/static/vendor/apexcharts.min.js"):
            assert session.get(f"{stack.url}{path}", timeout=15).status_code == 200, path


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_the_proxy_passes_no_operators_page(stack: Stack, path: str) -> None:
    assert requests.get(f"{stack.url}{path}", timeout=15).status_code == 404


def test_prometheus_scrapes_web_and_no_alarm_fires(stack: Stack) -> None:
    def ask(path: str, **words: str) -> dict:
        address = f"http://127.0.0.1:9090/api/v1/{path}"
        return requests.get(address, words, timeout=15).json()["data"]

    wait_until(
        lambda: [one["health"] for one in ask("targets")["activeTargets"]] == ["up"],
        seconds=60,
        what="a scrape",
    )
    # The first scrape may be before the first sweep, which is an alarm's beginning.
    swept = 'pointerscope_heartbeat_age_seconds{periodic_job="sweep 1s"}'
    wait_until(lambda: ask("query", query=swept)["result"], seconds=60, what="a sweep is seen")
    seen = datetime.now(UTC)
    wait_until(
        lambda: all(evaluated(group) > seen for group in ask("rules")["groups"]),
        seconds=60,
        what="the rules are evaluated after that",
    )
    rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"]: rule["state"] for rule in rules if rule["state"] != "inactive"} == {}


def evaluated(group: dict) -> datetime:
    """Return when Prometheus evaluated a group of rules last."""
    return datetime.fromisoformat(group["lastEvaluation"])


@pytest.mark.parametrize("service", ["web", "database", "redis-app"])
def test_nothing_acknowledged_is_missing_after_a_kill_of(stack: Stack, service: str) -> None:
    with sending(stack, seed=1) as traffic:
        traffic.wait_for_more(20)
        stack.kill(service)
        stack.wait_until_healthy()
        traffic.wait_for_more(20, seconds=60)
    check(traffic)


def ids_by_service(stack: Stack) -> dict[str, set[str]]:
    """Return the containers of each service, without those that end by themselves."""
    ids: dict[str, set[str]] = {}
    for container in stack.containers():
        if service_of(container) not in ONCE:
            ids.setdefault(service_of(container), set()).add(container["Id"])
    return ids


def test_two_webs_four_workers_and_two_lives_share_the_work(stack: Stack) -> None:
    scale = {"web": 2, "worker": 4, "live": 2}
    words = [word for name, count in scale.items() for word in ("--scale", f"{name}={count}")]
    before = ids_by_service(stack)
    stack.compose("up", "--detach", *words)
    stack.wait_until_healthy()
    # More of them: none of those that ran is replaced.
    after = ids_by_service(stack)
    assert {name: gone for name, ids in before.items() if (gone := ids - after[name])} == {}
    assert {name: len(stack.of(name)) for name in scale} == scale
    with sending(stack, seed=2) as traffic:
        traffic.wait_for_more(100, seconds=60)
    check(traffic)
    answering = stack.inside("worker", "celery", "--app", "core", "inspect", "ping")
    assert answering.count("pong") == 4, answering
    for pair in zip(stack.of("web"), stack.of("live"), strict=True):
        ids = [container["Id"] for container in pair]
        stack.engine.docker("stop", *ids)
        see_a_batch_in_the_stream(stack)
        stack.engine.docker("start", *ids)
        stack.wait_until_healthy()


def test_a_backup_is_restored_and_the_service_goes_over_to_it(stack: Stack) -> None:
    with sending(stack, seed=3) as traffic:
        traffic.wait_for_more(20)
    check(traffic)
    stack.inside("backup", "/backup", "once")
    dump = stack.inside("backup", "sh", "-c", "ls /backups").split()[-1]
    stack.inside("database", "/backup", "restore", f"/backups/{dump}", "restored")
    address = stack.folder / "deploy" / "secrets" / "database_url"
    address.write_text(re.sub("/pointerscope$", "/restored", address.read_text(), flags=re.M))
    stack.compose("up", "--detach", "--force-recreate", "web", "live", "worker", "beat")
    stack.wait_until_healthy()
    assert stack.sql("select current_database()::text") == [("restored",)]
    stack.inside("web", "deploy/start", "verify_rollups")
    check(traffic)
    Pointer(stack).send(0)


def test_each_stops_within_ten_seconds_and_down_leaves_no_unnamed_volume(stack: Stack) -> None:
    # Callers first, as `down` does.
    order = ["proxy", "grafana", "prometheus", "flower-app", "backup", "beat", "worker", "live"]
    order += ["web", "redis-app", "database"]
    running = {one["Name"]: one for one in stack.containers() if service_of(one) not in ONCE}
    ended = {}
    for name, one in sorted(running.items(), key=lambda item: order.index(service_of(item[1]))):
        began = time.monotonic()
        stack.engine.docker("stop", one["Id"])
        ended[name] = time.monotonic() - began
    sys.stdout.write("".join(f"{name} stopped in {s:.1f} s\n" for name, s in ended.items()))
    codes = {one["Name"]: state(one) for one in stack.containers()}
    assert set(codes.values()) == {"exited 0"}, codes
    assert max(ended.values()) < STOP_SECONDS, ended
    stack.compose("down")
    volumes = stack.engine.docker("volume", "ls", "--quiet").stdout.split()
    assert [name for name in volumes if not name.startswith("pointerscope_")] == []
