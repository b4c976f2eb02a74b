"""Examples for the OpenAPI description, built from the wire's own types so that they match them."""

from typing import Any
from uuid import UUID

import msgspec
from drf_spectacular.utils import OpenApiExample

from dashboard.wire import LoggedOn, LogOn, Series, Status, TrackerConfig

INSTANCE = UUID("6f2b1d0e-7c1a-4c63-9f1e-0a4d5e1f8b27")
WRITE_TOKEN = "6f2b1d0e7c1a4c639f1e0a4d5e1f8b27.1:dGhpcyBpcyBubyByZWFsIHNpZ25hdHVyZQ"  # noqa: S105


def request_example(name: str, value: msgspec.Struct) -> OpenApiExample:
    return OpenApiExample(name, value=msgspec.to_builtins(value), request_only=True)


def answer_example(name: str, value: msgspec.Struct, *statuses: str) -> OpenApiExample:
    return OpenApiExample(
        name, value=msgspec.to_builtins(value), response_only=True, status_codes=statuses
    )


def _status(second: int, **numbers: Any) -> Status:
    return Status(time=f"2026-11-23T12:00:{second:02}.000000Z", interval_ms=1000, **numbers)


LOG_ON = [
    request_example("a new instance", LogOn()),
    request_example("a new instance with a name for people", LogOn(label="participant 7")),
    request_example("the same again", LogOn(instance_id=INSTANCE, write_token=WRITE_TOKEN)),
    answer_example(
        "logged on",
        LoggedOn(
            instance_id=INSTANCE,
            write_token=WRITE_TOKEN,
            server_time="2026-11-23T12:00:00.000000Z",
            config=TrackerConfig(250, 1000, 48 * 1024, 250, 1000),
            stream_url=f"/api/v1/browsers/{INSTANCE}/stream/?ticket=…",
        ),
        "200",
        "201",
    ),
]
SERIES = [
    answer_example(
        "two seconds",
        Series(
            instance_id=INSTANCE,
            interval_ms=1000,
            since="2026-11-23T12:00:00.000000Z",
            until="2026-11-23T12:00:02.000000Z",
            statuses=[
                _status(
                    0,
                    events=61,
                    traversed_distance=903.4,
                    avg_velocity=903.4,
                    peak_velocity=2210.0,
                    moving_time=0.98,
                    start_x=812.5,
                    start_y=40.0,
                    end_x=1204.0,
                    end_y=388.5,
                ),
                _status(
                    1,
                    events=2,
                    traversed_distance=5.0,
                    avg_velocity=5.0,
                    peak_velocity=50.0,
                    moving_time=0.25,
                    start_x=1204.0,
                    start_y=388.5,
                    end_x=1207.0,
                    end_y=392.5,
                ),
            ],
        ),
        "200",
    )
]
