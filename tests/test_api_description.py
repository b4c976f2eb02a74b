"""The OpenAPI description is valid, complete, and agrees with the service."""

import io
import json
import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from msgspec.structs import fields

from analytics.ingest.batch import Batch, Event, decode_batch
from analytics.ingest.scenes import Mark, Scene
from analytics.wire import EventPage, MarkPage, Measures, Receipt, ScenePage
from core.api.problems import Invalid, ProblemDetails
from dashboard.wire import LoggedOn, LogOn, Series
from tests.service import ROOT

DOCUMENT = (ROOT / "docs" / "api.md").read_text()
METHODS = {"get", "post", "put", "patch", "delete"}
PROBLEM = "application/problem+json"
EVENT = {"time": 1795435200000, "x": 0, "y": 0}

Operation = dict[str, Any]


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """The output of `manage.py spectacular --validate --fail-on-warn`; a warning raises."""
    printed = io.StringIO()
    options = {"validate": True, "fail_on_warn": True, "format": "openapi-json"}
    call_command("spectacular", stdout=printed, **options)
    return json.loads(printed.getvalue())


def operations(description: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, methods in description["paths"].items():
        for method in METHODS & methods.keys():
            yield f"{method} {path}", methods[method]


def test_every_call_has_a_summary_a_tag_and_its_permissions(
    description: dict[str, Any],
) -> None:
    tags = {tag["name"] for tag in description["tags"]}
    schemes = description["components"]["securitySchemes"]
    for name, call in operations(description):
        assert call["summary"], name
        assert call["description"], name
        assert call["tags"], name
        assert set(call["tags"]) <= tags, name
        assert all(set(way) <= schemes.keys() for way in call["security"]), name


def test_every_way_to_authenticate_is_explained(description: dict[str, Any]) -> None:
    schemes = description["components"]["securitySchemes"]
    assert set(schemes) == {"apiKey", "writeToken", "sharedSession", "staffSession"}
    assert all(scheme["description"] for scheme in schemes.values())


def test_an_api_key_is_a_way_to_read_and_to_do_nothing_else(description: dict[str, Any]) -> None:
    for name, call in operations(description):
        takes_keys = {"apiKey": []} in call["security"]
        # Log on is not described as reading, and the clock asks for nothing.
        assert takes_keys == (name.startswith("get ") and name != "get /api/v1/time/"), name


def test_a_share_link_is_a_way_to_read_an_instance_or_a_map_and_to_do_nothing_else(
    description: dict[str, Any],
) -> None:
    of_pages = {f"get /api/v1/pages/{{page_id}}/{call}/" for call in ("map", "statuses")}
    for name, call in operations(description):
        takes_links = {"sharedSession": []} in call["security"]
        is_of_instance = name.startswith("get /api/v1/browsers/{instance_id}/")
        assert takes_links == (is_of_instance or name in of_pages), name


def test_every_call_lists_its_problems_in_their_one_shape(description: dict[str, Any]) -> None:
    for name, call in operations(description):
        problems = {status: body for status, body in call["responses"].items() if status >= "4"}
        assert {"406", "429", "500", "503"} <= problems.keys(), name
        for status, body in problems.items():
            assert list(body["content"]) == [PROBLEM], name
            example = msgspec.convert(body["content"][PROBLEM]["example"], ProblemDetails)
            assert str(example.status) == status


@pytest.mark.parametrize(
    ("call", "place", "kind"),
    [
        ("post /api/v1/browsers/", "request", LogOn),
        ("post /api/v1/browsers/", "201", LoggedOn),
        ("post /api/v1/browsers/{instance_id}/events/", "202", Receipt),
        ("get /api/v1/browsers/{instance_id}/events/", "200", EventPage),
        ("get /api/v1/browsers/{instance_id}/scenes/", "200", ScenePage),
        ("get /api/v1/browsers/{instance_id}/marks/", "200", MarkPage),
        ("get /api/v1/browsers/{instance_id}/measures/", "200", Measures),
        ("get /api/v1/browsers/{instance_id}/statuses/", "200", Series),
    ],
)
def test_the_main_calls_have_examples_that_fit(
    description: dict[str, Any], call: str, place: str, kind: type
) -> None:
    found = list(examples(dict(operations(description))[call], place))
    assert found
    for example in found:
        msgspec.convert(example, kind, strict=True)


def test_the_example_of_a_batch_is_a_batch(description: dict[str, Any]) -> None:
    call = dict(operations(description))["post /api/v1/browsers/{instance_id}/events/"]
    batches = [decode_batch(json.dumps(one).encode()) for one in examples(call, "request")]
    sizes = [(len(b.events), len(b.scenes or ()), len(b.marks or ())) for b in batches]
    assert sizes == [(2, 0, 0), (1, 1, 1)]


def examples(call: Operation, place: str) -> Iterator[Any]:
    body = call["requestBody"] if place == "request" else call["responses"][place]
    for example in body["content"]["application/json"]["examples"].values():
        yield example["value"]


@pytest.mark.parametrize("name", ["x", "y", "seq"])
def test_the_limits_of_an_event_are_those_of_the_decoder(
    description: dict[str, Any], name: str
) -> None:
    low, high = limits(description["components"]["schemas"]["Event"]["properties"][name])
    for value in (low, high):
        assert takes(EVENT | {name: value})
    step = 1 if name == "seq" else math.ulp(high)
    for value in (low - step, high + step):
        assert not takes(EVENT | {name: value})


def test_the_limits_of_a_batch_are_those_of_the_decoder(description: dict[str, Any]) -> None:
    events = description["components"]["schemas"]["Batch"]["properties"]["events"]
    assert events["maxItems"] == 1000
    assert takes(*[EVENT] * events["maxItems"])
    assert not takes(*[EVENT] * (events["maxItems"] + 1))
    assert not takes()


@pytest.mark.parametrize("kind", [Batch, Event, Scene, Mark])
def test_a_batch_is_described_by_the_types_that_decode_it(
    description: dict[str, Any], kind: type
) -> None:
    described = description["components"]["schemas"][kind.__name__]
    assert described["additionalProperties"] is False
    assert described["properties"].keys() == {field.name for field in fields(kind)}


def test_a_batch_has_one_thing_at_least(description: dict[str, Any]) -> None:
    batch = description["components"]["schemas"]["Batch"]
    assert batch["not"] == {
        "properties": {name: {"maxItems": 0} for name in ("events", "scenes", "marks")}
    }
    assert "events" in batch["required"]


def test_the_table_of_calls_in_the_document_has_every_call(description: dict[str, Any]) -> None:
    # The live process answers this call, and describes nothing.
    stream = "get /api/v1/browsers/{instance_id}/stream/"
    told = re.findall(r"^\| `([A-Z]+) ([a-z-{}_/]+)` \|", DOCUMENT, re.MULTILINE)
    described = {name for name, _ in operations(description)}
    assert {f"{method.lower()} /api/v1/{path}" for method, path in told} == {*described, stream}


def limits(schema: dict[str, Any]) -> tuple[float, float]:
    (bounded,) = [kind for kind in (schema, *schema.get("anyOf", ())) if "minimum" in kind]
    return bounded["minimum"], bounded["maximum"]


def takes(*events: dict[str, Any]) -> bool:
    try:
        decode_batch(json.dumps({"events": events}).encode())
    except Invalid:
        return False
    return True
