"""An instance is erased while other calls use it."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
import requests

from tests.faults.traffic import Sender
from tests.service import Service

SPREAD_SECONDS = 0.01
ORPHANS = """
select count(*) from (
    select browser_id from analytics_pointerpositionevent
    union all select browser_id from analytics_pointerscene
    union all select browser_id from analytics_pointermark
    union all select browser_id from dashboard_pagevisit
    union all select browser_id from dashboard_pointerstatus
    union all select browser_id from dashboard_coarsestatus
    union all select browser_id from analytics_dirtyrange
) stored where browser_id not in (select id from dashboard_browser)
"""
# The possible results of each call that meets an erasure.
RIGHT = {
    "erase": {204, 404},
    "erase again": {204, 404},
    "log off": {204, 404},
    "set off": {200, 404},
    "set on": {200, 404},
    "log on again": {200, 404},
    "send": {202, 404},
    "read": {200, 404},
    "export": {200, 404},
    "measure": {200, 404},
    "watch": {200, 404},
}


@pytest.fixture(scope="module", autouse=True)
def without_a_limit_of_log_offs(running: Service) -> Iterator[None]:
    """Let one address log off as many instances as it has: without a header they share a limit."""
    running.start_missing()
    running.special["web"] = {"READS_PER_MINUTE": "1000000"}
    running.stop("web")
    running.start("web")
    yield
    running.special.clear()
    running.stop("web")
    running.start("web")


def test_calls_that_overlap_an_erasure_succeed_or_find_it_gone(
    service: Service, chance: Random, whole_or: Callable
) -> None:
    answers: dict[str, Counter[int]] = {name: Counter() for name in RIGHT}
    with ThreadPoolExecutor(len(RIGHT)) as pool:
        for _ in range(whole_or(500, 40)):
            for name, status in Overlap(service, chance).run(pool).items():
                answers[name][status] += 1
    wrong = {name: seen for name, seen in answers.items() if not seen.keys() <= RIGHT[name]}
    assert not wrong
    assert service.sql(ORPHANS) == [(0,)]


class Overlap:
    """An instance with a batch, and every call on it within a hundredth of a second."""

    def __init__(self, service: Service, chance: Random) -> None:
        self.chance, self.sender = chance, Sender(service, chance)
        self.home = f"{service.url}/api/v1/browsers/"
        self.header = {"Authorization": f"Bearer {self.sender.write_token}"}
        assert self.sender.attempt(self.sender.new_batch(20)).status == 202
        if chance.random() < 0.5:
            assert self.ask("PATCH", json={"is_active": False}) == 200

    def run(self, pool: ThreadPoolExecutor) -> dict[str, int]:
        """Make all calls at once; return each one's status."""
        calls: dict[str, Callable[[], int]] = {
            "erase": lambda: self.ask("DELETE"),
            "erase again": lambda: self.ask("DELETE"),
            "log off": self.log_off,
            "set off": lambda: self.ask("PATCH", json={"is_active": False}),
            "set on": lambda: self.ask("PATCH", json={"is_active": True}),
            "log on again": self.log_on_again,
            "send": lambda: self.sender.attempt(self.sender.new_batch(5)).status or 0,
            "read": lambda: self.ask("GET"),
            "export": lambda: self.ask("GET", "events/?format=csv"),
            "measure": lambda: self.ask("GET", "measures/"),
            "watch": self.watch,
        }
        together = threading.Barrier(len(calls))
        waits = [self.chance.uniform(0, SPREAD_SECONDS) for _ in calls]
        done = [
            pool.submit(self.at, together, wait, call)
            for wait, call in zip(waits, calls.values(), strict=True)
        ]
        statuses = dict(zip(calls, (one.result(30) for one in done), strict=True))
        assert 204 in (statuses["erase"], statuses["erase again"]), statuses
        assert self.ask("GET") == 404
        return statuses

    @staticmethod
    def at(together: threading.Barrier, wait: float, call: Callable[[], int]) -> int:
        together.wait(30)
        time.sleep(wait)
        return call()

    def ask(self, method: str, path: str = "", **more: object) -> int:
        answer = requests.request(
            method, f"{self.sender.path}{path}", headers=self.header, timeout=30, **more
        )
        return answer.status_code

    def log_off(self) -> int:
        body = {"token": self.sender.write_token}
        return requests.post(f"{self.sender.path}log-off/", json=body, timeout=30).status_code

    def log_on_again(self) -> int:
        body = {"instance_id": self.sender.instance_id, "write_token": self.sender.write_token}
        return requests.post(self.home, json=body, timeout=30).status_code

    def watch(self) -> int:
        with requests.get(self.sender.stream_url, stream=True, timeout=30) as answer:
            return answer.status_code
