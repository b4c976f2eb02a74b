"""The batches in which a recording is sent, in the API's form, with their scenes and marks."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from analytics.recordings.playback.exported import Beside
from analytics.recordings.samples import RecordedSample, Recording

BATCH_EVENTS = 500
# The service accepts as many of each in a batch.
BATCH_SCENES = 100
FLUSH_SECONDS = 0.25


def paced(
    recording: Recording, speed: float | None, shift_us: int
) -> Iterator[list[dict[str, Any]]]:
    """Cut a recording into batches; with a speed, wait until each batch's last sample is due."""
    times = recording.times_us
    began = time.monotonic()
    flush_us = FLUSH_SECONDS * 1e6 * speed if speed else float("inf")
    first = 0
    for i in range(len(times)):
        is_last = i + 1 == len(times)
        is_full = i + 1 - first == BATCH_EVENTS
        if is_last or is_full or times[i + 1] - times[first] >= flush_us:
            if speed:
                due = (times[i] - times[0]) / 1e6 / speed
                time.sleep(max(0.0, due - (time.monotonic() - began)))
            yield [to_event(recording[j], shift_us) for j in range(first, i + 1)]
            first = i + 1


def with_scenes(
    batches: Iterable[list[dict[str, Any]]], beside: Beside, shift_us: int
) -> Iterator[dict[str, Any]]:
    """Yield bodies: each batch with the scenes and marks up to its last sample, the rest last."""
    waiting = {
        "scenes": deque(_to_wire(item, shift_us) for item in beside.scenes),
        "marks": deque(_to_wire(item, shift_us) for item in beside.marks),
    }
    for batch in batches:
        yield {"events": batch, **_take(waiting, batch[-1]["time"])}
        while due := _take(waiting, batch[-1]["time"]):
            yield {"events": [], **due}
    while due := _take(waiting, float("inf")):
        yield {"events": [], **due}


def _take(waiting: dict[str, deque[dict[str, Any]]], until_ms: float) -> dict[str, Any]:
    """Take what a batch may hold of each kind, up to a time."""
    taken: dict[str, Any] = {}
    for kind, items in waiting.items():
        while items and items[0]["time"] <= until_ms and len(taken.get(kind, ())) < BATCH_SCENES:
            taken.setdefault(kind, []).append(items.popleft())
    return taken


def _to_wire(item: dict[str, Any], shift_us: int) -> dict[str, Any]:
    rest = {name: value for name, value in item.items() if name != "us"}
    return {"time": (item["us"] + shift_us) / 1000, **rest}


def to_event(sample: RecordedSample, shift_us: int) -> dict[str, Any]:
    """Return a sample in the API's form, with its time shifted by `shift_us` microseconds."""
    time_ms = (sample.time_us + shift_us) / 1000
    event = {"time": time_ms, "x": sample.x, "y": sample.y, "seq": sample.seq}
    return {**event, "enter": True} if sample.enter else event


def to_end_now(recording: Recording, speed: float | None = None) -> Callable[[int], int]:
    """Return the shift by which a recording's last sample falls on the end of its sending."""

    def shift_us(server_time_us: int) -> int:
        sending_us = round(recording.span_us / speed) if speed else 0
        return server_time_us + sending_us - recording.times_us[-1]

    return shift_us
