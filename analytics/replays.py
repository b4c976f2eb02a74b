"""Sending a recording through the REST API, as a tracker would, as a new browser instance."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import requests
from urllib3.util import Retry

from analytics.recordings import RecordedSample
from core.times import parse_time, to_epoch_us

BATCH_EVENTS = 500
FLUSH_SECONDS = 0.25
TIMEOUT_SECONDS = 10
# What api.md allows to be sent again: identity makes a batch that arrives twice change nothing.
RETRY = Retry(
    total=8,
    backoff_factor=0.25,
    status_forcelist=(408, 429, 500, 502, 503, 504),
    allowed_methods=None,
    raise_on_status=False,
)


class Replayed(NamedTuple):
    """What became of a recording, and where to look at it."""

    instance_id: str
    page_url: str
    accepted: int
    duplicates: int
    conflicts: int


class ReplayError(Exception):
    """The service cannot be reached or refused; the text says which and why."""


def replay(
    samples: Sequence[RecordedSample],
    *,
    url: str,
    speed: float | None,
    on_sent: Callable[[int], object] = lambda _: None,
) -> Replayed:
    """Send samples, ordered by time, as a new instance that logs on before and off after.

    `speed` 1 is real time, 2 twice that; None is as fast as it goes. Times are moved so that the
    recording ends when the sending does; distances in time stay as they are. `on_sent` hears the
    number of samples of each batch. ReplayError where the service is away or refuses.
    """
    with requests.Session() as session:
        me = _post(session, f"{url}/api/v1/browsers/", {})
        session.headers["Authorization"] = f"Bearer {me['write_token']}"
        instance = f"{url}/api/v1/browsers/{me['instance_id']}"
        # Only from here on: a service that is not there at all is said at once.
        session.mount(instance, requests.adapters.HTTPAdapter(max_retries=RETRY))
        start_us = to_epoch_us(parse_time(me["server_time"]))
        counts = [0, 0, 0]
        for batch in _paced(samples, speed, _shift_us(samples, start_us, speed)):
            receipt = _post(session, f"{instance}/events/", {"events": batch})
            for i, name in enumerate(("accepted", "duplicates", "conflicts")):
                counts[i] += receipt[name]
            on_sent(len(batch))
        _post(session, f"{instance}/log-off/", {})
    page = f"{url}/browsers/{me['instance_id']}/#token={me['write_token']}"
    return Replayed(me["instance_id"], page, *counts)


def _shift_us(samples: Sequence[RecordedSample], start_us: int, speed: float | None) -> int:
    """Return what to add to each time, so that the last sample falls on the sending's end."""
    first, last = samples[0].time_us, samples[-1].time_us
    sending_us = round((last - first) / speed) if speed else 0
    return start_us + sending_us - last


def _paced(
    samples: Sequence[RecordedSample], speed: float | None, shift_us: int
) -> Iterator[list[dict[str, Any]]]:
    """Cut samples into batches; with a speed, wait until each batch's last sample is due."""
    began = time.monotonic()
    first_us = samples[0].time_us
    flush_us = FLUSH_SECONDS * 1e6 * speed if speed else float("inf")
    batch: list[RecordedSample] = []
    for i, sample in enumerate(samples):
        batch.append(sample)
        last = i + 1 == len(samples)
        full = len(batch) == BATCH_EVENTS
        if last or full or samples[i + 1].time_us - batch[0].time_us >= flush_us:
            if speed:
                due = (sample.time_us - first_us) / 1e6 / speed
                time.sleep(max(0.0, due - (time.monotonic() - began)))
            yield [to_event(sample, shift_us) for sample in batch]
            batch = []


def to_event(sample: RecordedSample, shift_us: int) -> dict[str, Any]:
    """Return a sample as the API takes it, its time moved by so many microseconds."""
    time_ms = (sample.time_us + shift_us) / 1000
    event = {"time": time_ms, "x": sample.x, "y": sample.y, "seq": sample.seq}
    return {**event, "enter": True} if sample.enter else event


def _post(session: requests.Session, url: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = session.post(url, json=body, timeout=TIMEOUT_SECONDS)
    except requests.RequestException as error:
        raise ReplayError(f"{url} cannot be reached: {error}") from None
    if not answer.ok:
        raise ReplayError(f"{url} answered {answer.status_code}: {reason_of(answer)}")
    return answer.json() if answer.content else {}


def reason_of(answer: requests.Response) -> str:
    """Return why the service refused, in its own words."""
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200]
    faults = [f"{fault['pointer']}: {fault['detail']}" for fault in problem.get("errors", [])]
    return " ".join([problem["detail"], *faults])
