"""The stream shows changes at once, and a client never misses a bucket's last value."""

import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit
from uuid import UUID

import psutil
import pytest
import requests

from tests.databases import run_sql
from tests.patience import wait_until
from tests.pointer import Pointer
from tests.service import SWEEP_SECONDS, Service
from tests.sharing import open_link
from tests.watching import Watcher, open_and_never_read

CLIENTS, DEAF = 500, 25
CHANGE_UNTOLD = """
update dashboard_pointerstatus set events = 77
where browser_id = (select id from dashboard_browser where instance_id = %s)
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of this module's own, because its processes are stopped."""
    with Service(tmp_path_factory.mktemp("stream")) as running:
        yield running


@pytest.fixture
def pointer(service: Service) -> Pointer:
    return Pointer(service)


@pytest.fixture
def watcher(pointer: Pointer) -> Iterator[Watcher]:
    watcher = Watcher(pointer.stream_url)
    yield watcher
    watcher.close()


def test_the_recent_window_comes_first_and_then_each_change(
    pointer: Pointer, watcher: Watcher
) -> None:
    assert watcher.response.headers["Content-Type"] == "text/event-stream"
    assert watcher.response.headers["Cache-Control"] == "no-cache"
    assert watcher.response.headers["X-Accel-Buffering"] == "no"
    snapshot = watcher.next("snapshot").data
    assert (snapshot["instance_id"], snapshot["statuses"]) == (pointer.instance_id, [])
    pointer.send(0, 1)
    assert watcher.next("status").data == pointer.series()[0]


def test_a_late_client_gets_earlier_changes_in_its_snapshot(pointer: Pointer) -> None:
    pointer.send(0, 1)
    wait_until(pointer.series)
    watcher = Watcher(pointer.stream_url)
    assert watcher.next("snapshot").data["statuses"] == pointer.series()
    watcher.close()


def test_the_snapshot_contains_accepted_future_samples(pointer: Pointer) -> None:
    event = {"time": (time.time() + 290) * 1000, "x": 1, "y": 1}
    answer = pointer.session.post(f"{pointer.url}events/", json={"events": [event]}, timeout=10)
    assert answer.status_code == 202
    wait_until(lambda: ahead(pointer), what="it is in a snapshot")


def ahead(pointer: Pointer) -> bool:
    watcher = Watcher(pointer.stream_url)
    try:
        return bool(watcher.next("snapshot").data["statuses"])
    finally:
        watcher.close()


@pytest.mark.timed
def test_a_change_without_a_message_arrives_in_a_snapshot_within_a_sweep(
    service: Service, pointer: Pointer, watcher: Watcher
) -> None:
    pointer.send(0, 1)
    watcher.until_events(2)
    watcher.until_nothing_waits()
    # As from a worker that dies between its COMMIT and its message.
    run_sql(service.database_url, CHANGE_UNTOLD, (pointer.instance_id,))
    snapshot = watcher.next("snapshot", seconds=SWEEP_SECONDS + 1)
    assert [status["events"] for status in snapshot.data["statuses"]] == [77]
    # Once, and none if the messages arrive.
    pointer.send(2)
    assert watcher.next("status").data["events"] == 3
    time.sleep(3 * SWEEP_SECONDS)
    assert watcher.events.empty()


@pytest.mark.timed
def test_a_stream_ends_with_the_share_link_or_the_api_key_that_opened_it(
    service: Service, pointer: Pointer, watcher: Watcher
) -> None:
    shared = pointer.session.post(f"{pointer.url}shares/", timeout=10).json()
    reader, program = open_link(shared["url"]), requests.Session()
    service.create_staff("ann", "correct horse battery")
    program.headers["Authorization"] = f"Bearer {service.make_api_key('ann')}"
    urls = [one.get(pointer.url, timeout=10).json()["stream_url"] for one in (reader, program)]
    by_link, by_key = map(Watcher, urls)
    for one in (by_link, by_key):
        one.next("snapshot")
    pointer.session.delete(f"{pointer.url}shares/{shared['share_id']}/", timeout=10)
    assert by_link.ended.wait(SWEEP_SECONDS + 5)
    pointer.send(0, 1)
    by_key.until_events(2)
    service.sql("update auth_user set is_staff = false where username = 'ann'")
    assert by_key.ended.wait(SWEEP_SECONDS + 5)
    # Neither opens again, and a stream by the write token goes on.
    assert [requests.get(url, timeout=10).status_code for url in urls] == [401, 401]
    pointer.send(2)
    watcher.until_events(3)


def test_each_value_of_a_bucket_has_a_higher_id_than_the_one_before(
    pointer: Pointer, watcher: Watcher
) -> None:
    ids = [watcher.next("snapshot").id]
    for n in range(5):
        pointer.send(n)
        ids.append(watcher.until_events(n + 1).id)
    assert ids == sorted(ids)
    assert len(set(ids)) == 6


def test_others_movements_are_not_shown(
    service: Service, pointer: Pointer, watcher: Watcher
) -> None:
    watcher.next("snapshot")
    Pointer(service).send(0, 1)
    pointer.send(0)
    assert watcher.next("status").data["events"] == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda url: url[:-3] + "xxx", 401, "authentication_failed"),
        (lambda url: url.partition("?")[0], 401, "authentication_failed"),
        (lambda url: url.replace("/browsers/", "/nothing/"), 404, "not_found"),
        (lambda url: url.replace(instance_in(url), str(UUID(int=0))), 403, "foreign_instance"),
    ],
)
def test_without_its_ticket_there_is_no_stream(
    pointer: Pointer, change: Callable[[str], str], status: int, code: str
) -> None:
    answer = requests.get(change(pointer.stream_url), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


def instance_in(url: str) -> str:
    return urlsplit(url).path.split("/")[4]


def test_an_erased_instance_has_no_stream(pointer: Pointer) -> None:
    pointer.erase()
    answer = requests.get(pointer.stream_url, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_instance")


@pytest.mark.timed
def test_a_client_that_reconnects_after_a_restart_of_live_has_missed_nothing(
    service: Service, pointer: Pointer, watcher: Watcher
) -> None:
    watcher.next("snapshot")
    began = time.monotonic()
    service.stop("live")
    assert time.monotonic() - began < 5
    assert watcher.ended.wait(5)
    pointer.send(0, 1)
    service.start("live")
    again = Watcher(pointer.fresh_stream_url())
    wait_until(service.is_rolled_up)
    assert again.next("snapshot").data["statuses"] == pointer.series()
    again.close()


def test_after_redis_was_away_everyone_gets_a_fresh_snapshot(
    service: Service, pointer: Pointer, watcher: Watcher
) -> None:
    watcher.next("snapshot")
    service.stop("redis", how=signal.SIGKILL)
    pointer.send(0, 1)
    service.start("redis")
    wait_until(service.is_rolled_up, seconds=30)
    fresh = watcher.next("snapshot").data["statuses"]
    if fresh != pointer.series():
        assert [watcher.next("status").data] == pointer.series()


def test_no_database_connection_is_held_while_streaming(
    service: Service, pointer: Pointer, watcher: Watcher
) -> None:
    watcher.next("snapshot")
    wait_until(lambda: connections_of_live(service) == 0)


def connections_of_live(service: Service) -> int:
    process = psutil.Process(service.processes["live"].pid)
    database = urlsplit(service.database_url).port
    return sum(c.raddr.port == database for c in process.net_connections() if c.raddr)


def test_500_clients_of_which_25_never_read_stay_within_bounded_memory(
    service: Service, pointer: Pointer
) -> None:
    allow_open_files(4 * CLIENTS)
    live = psutil.Process(service.processes["live"].pid)
    reading = Watcher(pointer.stream_url)
    clients = [open_and_never_read(pointer.stream_url) for _ in range(CLIENTS - 1)]
    try:
        # All but those that never read are drained by hand; a thread each would measure Python's
        # threads.
        deaf, hearing = clients[:DEAF], clients[DEAF:]
        for client in hearing:
            client.setblocking(False)
        reading.next("snapshot")
        plateau = flood(pointer, reading, hearing, live)
    finally:
        reading.close()
        for client in clients:
            client.close()
    assert len(deaf) == DEAF
    assert plateau[-1] < plateau[0] + 20 * 2**20, [size >> 20 for size in plateau]


def flood(
    pointer: Pointer, reading: Watcher, hearing: list[socket.socket], live: psutil.Process
) -> list[int]:
    """Move without pause, let the hearing ones hear, and note the memory of live, after a start."""
    sizes = []
    for round_number in range(30):
        pointer.send(*range(round_number * 20, round_number * 20 + 20))
        reading.until_nothing_waits()
        for client in hearing:
            drain(client)
        if round_number >= 5:
            sizes.append(live.memory_info().rss)
    return sizes


def drain(client: socket.socket) -> None:
    try:
        while client.recv(65536):
            pass
    except BlockingIOError:
        return


def allow_open_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, wanted), hard), hard))
