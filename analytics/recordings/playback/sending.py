"""Sends recordings through the REST API as a tracker would: all of them, or none."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import requests
from urllib3.util import Retry

from analytics.recordings.playback.batches import paced, with_scenes
from analytics.recordings.playback.exported import Beside
from analytics.recordings.samples import Recording
from core.values.times import parse_time, to_epoch_us

TIMEOUT_SECONDS = 10
# A sender over the service's limits waits for the next minute, a limited number of times.
MOST_WAITS, LONGEST_WAIT_SECONDS = 240, 60.0
# api.md allows these to be resent: a batch that arrives twice changes nothing.
RETRY = Retry(
    total=8,
    backoff_factor=0.25,
    status_forcelist=(408, 429, 500, 502, 503, 504),
    allowed_methods=None,
    raise_on_status=False,
)


@dataclass
class Sent:
    """A new instance, the counts of its receipts, and the address of its page."""

    instance_id: str
    write_token: str
    page_url: str
    server_time_us: int
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    scenes: int = 0
    marks: int = 0


class SendingError(Exception):
    """The service cannot be reached or refused; the text says which and why."""


NOTHING = Beside()


class Sender:
    """Sends recordings as new instances; `begun` lists those to erase after a failure.

    With a `site` they log on as from a page of this host.
    """

    def __init__(self, url: str, *, site: str = "") -> None:
        self.url, self._origin = url, {"Origin": f"https://{site}"} if site else {}
        self.begun: list[Sent] = []
        self._browsers = f"{url}/api/v1/browsers/"
        self._session, self._logging_on = requests.Session(), requests.Session()
        self._session.mount(self._browsers, requests.adapters.HTTPAdapter(max_retries=RETRY))

    def send(
        self,
        recording: Recording,
        *,
        shift_us: Callable[[int], int],
        speed: float | None = None,
        on_sent: Callable[[int], object] = lambda _: None,
        on_begun: Callable[[Sent], object] = lambda _: None,
        beside: Beside = NOTHING,
        shares: bool = True,
    ) -> Sent:
        """Log on, send all samples and what goes beside them, log off, and make a share link.

        SendingError if the service does not accept it. `shift_us` takes the server's time in epoch
        microseconds, and returns the microseconds added to each time. With `speed` 1 sending takes
        as long as the recording, with None it is as fast as possible. `on_sent` is called with the
        number of samples of each batch, `on_begun` before the first; it may raise SendingError.
        """
        me = self._log_on(beside.label)
        on_begun(me)
        headers = {"Authorization": f"Bearer {me.write_token}"}
        instance = f"{self._browsers}{me.instance_id}/"
        shift = shift_us(me.server_time_us)
        for body in with_scenes(paced(recording, speed, shift), beside, shift):
            receipt = self._post(f"{instance}events/", body, headers)
            me.accepted += receipt["accepted"]
            me.duplicates += receipt["duplicates"]
            me.conflicts += receipt["conflicts"]
            me.scenes += receipt.get("scenes", 0)
            me.marks += receipt.get("marks", 0)
            on_sent(len(body["events"]))
        self._post(f"{instance}log-off/", {}, headers)
        if shares:
            me.page_url = self._post(f"{instance}shares/", {}, headers)["url"]
        return me

    def erase(self) -> list[Sent]:
        """Erase every instance that was begun; return those that could not be erased."""
        left = []
        for me in self.begun:
            try:
                answer = self._session.delete(
                    f"{self._browsers}{me.instance_id}/",
                    headers={"Authorization": f"Bearer {me.write_token}"},
                    timeout=TIMEOUT_SECONDS,
                )
                is_gone = answer.status_code in (204, 404)
            except requests.RequestException:
                is_gone = False
            if not is_gone:
                left.append(me)
        self.begun = left
        return left

    def _log_on(self, label: str) -> Sent:
        # A signal between the service's answer and this record would leave an instance behind.
        with signals_held():
            # Not retried: a second log-on would create a second instance.
            body = {"label": label} if label else {}
            me = self._post(self._browsers, body, self._origin, session=self._logging_on)
            sent = Sent(
                instance_id=me["instance_id"],
                write_token=me["write_token"],
                page_url=f"{self.url}/browsers/{me['instance_id']}/",
                server_time_us=to_epoch_us(parse_time(me["server_time"])),
            )
            self.begun.append(sent)
        return sent

    def _post(
        self,
        url: str,
        body: dict[str, Any],
        headers: dict[str, str] | None = None,
        session: requests.Session | None = None,
    ) -> dict[str, Any]:
        try:
            for _ in range(MOST_WAITS):
                answer = (session or self._session).post(
                    url, json=body, headers=headers, timeout=TIMEOUT_SECONDS
                )
                if answer.status_code != 429:
                    break
                time.sleep(min(RETRY.get_retry_after(answer.raw) or 1.0, LONGEST_WAIT_SECONDS))
        except requests.RequestException as error:
            raise SendingError(f"{url} cannot be reached: {error}") from None
        if not answer.ok:
            raise SendingError(f"{url} answered {answer.status_code}: {reason_of(answer)}")
        return answer.json() if answer.content else {}


@contextmanager
def signals_held() -> Iterator[None]:
    """Delay Ctrl-C and SIGTERM until the block is done."""
    caught: list[tuple[int, FrameType | None]] = []
    before = {
        number: signal.signal(number, lambda *one: caught.append(one))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for which, frame in caught[:1]:
            handler = before[signal.Signals(which)]
            if callable(handler):
                handler(which, frame)


def reason_of(answer: requests.Response) -> str:
    """Return the service's reason for a refusal."""
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200]
    faults = [f"{fault['pointer']}: {fault['detail']}" for fault in problem.get("errors", [])]
    return " ".join([problem["detail"], *faults])
