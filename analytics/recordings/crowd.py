"""A crowd of visitors of the made-up shop, who move through the REST API in real time.

Each visitor is a thread, which mostly waits, so one process can run some hundred of them. The crowd
obeys the service's answers: it resends the same bytes of a batch that may be retried, after the
time in Retry-After.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from threading import Event, Lock, Thread
from typing import Any

import requests

from analytics.recordings import RETRY, TIMEOUT_SECONDS, reason_of
from analytics.recordings.made_up.hand import Happening
from analytics.recordings.made_up.visitors import device_of, label_of, visit
from core.values.times import parse_time, to_epoch_us

FLUSH_US = 250_000
PATIENCE_SECONDS = 8
JSON = {"Content-Type": "application/json"}


class RefusedError(Exception):
    """The service refused for good, or the crowd was stopped; the text says which."""


class Crowd:
    """Pointers that log on one after another, move until they are stopped, and log off.

    `tally` counts `accepted`, `duplicates`, `conflicts`, `scenes`, `marks`, `errors` (failed
    attempts, most of which are retried with success), `unsent` events, and pointers that are `on`
    and `off`. `site` is the host that logs them on.
    """

    def __init__(self, *, url: str, browsers: int, rate: float, seed: int, site: str) -> None:
        self.url, self.rate, self.seed, self.site = url, rate, seed, site
        self.tally: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.most_late = 0.0
        self._stopping, self._one_at_a_time, self._counting = Event(), Lock(), Lock()
        self._threads = [Thread(target=self._live, args=[n], daemon=True) for n in range(browsers)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each pointer send its last batch, log off and end; wait for all of them."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    @property
    def living(self) -> int:
        """The number of pointers that have not ended."""
        return sum(thread.is_alive() for thread in self._threads)

    def _live(self, number: int) -> None:
        with requests.Session() as session:
            try:
                instance, start_us = self._log_on(session, number)
                self._count({"on": 1})
                self._move(session, number, instance, start_us)
                self._post(session, f"{instance}/log-off/", {})
                self._count({"off": 1})
            except RefusedError as why:
                self._count({"refused": 1}, str(why))

    def _log_on(self, session: requests.Session, number: int) -> tuple[str, int]:
        # One logs on at a time: if the service limits log-ons per minute, the others wait here.
        with self._one_at_a_time:
            if self._stopping.is_set():
                raise RefusedError("stopped before it could log on")
            session.headers["Origin"] = f"https://{self.site}"
            me = self._post(session, f"{self.url}/api/v1/browsers/", {"label": label_of(number)})
        session.headers["Authorization"] = f"Bearer {me['write_token']}"
        instance = f"{self.url}/api/v1/browsers/{me['instance_id']}"
        return instance, to_epoch_us(parse_time(me["server_time"]))

    def _move(self, session: requests.Session, number: int, instance: str, start_us: int) -> None:
        began = time.monotonic()
        device, seed = device_of(number), f"{self.seed}/{number}"
        for flush, batch in groupby(visit(seed=seed, rate=self.rate, device=device), key=_flush_of):
            due = began + (flush + 1) * FLUSH_US / 1e6
            if self._stopping.wait(max(0.0, due - time.monotonic())):
                return
            self._send(session, instance, _to_body(batch, start_us))
            late = time.monotonic() - due
            with self._counting:
                self.most_late = max(self.most_late, late)

    def _send(self, session: requests.Session, instance: str, body: dict[str, list]) -> None:
        try:
            self._count(self._post(session, f"{instance}/events/", body))
        except RefusedError:
            self._count({"unsent": len(body["events"])})
            raise

    def _post(self, session: requests.Session, url: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send until it is accepted; RefusedError if it is refused for good, or when stopping."""
        data, tries = json.dumps(body), 0
        while True:
            is_last = self._stopping.is_set()
            try:
                answer = session.post(url, data=data, headers=JSON, timeout=TIMEOUT_SECONDS)
            except requests.RequestException as error:
                fault, why, wait = "not reached", f"not reached: {error}", 0.0
            else:
                if answer.ok:
                    return answer.json() if answer.content else {}
                fault, wait = str(answer.status_code), _asked_to_wait(answer)
                why = f"{fault}: {reason_of(answer)}"
                is_last = is_last or answer.status_code not in RETRY.status_forcelist
            if is_last:
                raise RefusedError(why)
            self._count({"errors": 1}, fault)
            self._stopping.wait(wait or min(0.25 * 2**tries, PATIENCE_SECONDS))
            tries += 1

    def _count(self, counts: dict[str, int], fault: str = "") -> None:
        with self._counting:
            self.tally.update(counts)
            if fault:
                self.faults[fault] += 1


def _flush_of(happening: Happening) -> int:
    return happening.us // FLUSH_US


def _to_body(batch: Iterable[Happening], start_us: int) -> dict[str, list]:
    body: dict[str, list] = {"events": []}
    for kind, us, fields in batch:
        body.setdefault(kind, []).append({"time": (start_us + us) / 1000, **fields})
    return body


def _asked_to_wait(answer: requests.Response) -> float:
    return RETRY.get_retry_after(answer.raw) or 0.0
