"""The Python client reads what the service has, whole, and says why it could not."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
import requests

from tests.fuzzing import visit_page
from tests.service import ROOT, Service

sys.path.insert(0, str(ROOT / "clients" / "python"))

from pointerscope import Client, RefusedError, UnreachableError, tables
from pointerscope.transport import Transport

TRIALS = """
insert into analytics_trial (
    browser_id, started_at, start_seq, ended_at, end_seq, state, study, trial, block, condition,
    response, targets, samples, rt, path_x, path_y
)
select id, now() - interval '2 days' + n * interval '2 s', 0, now() - interval '2 days' +
       n * interval '2 s' + interval '1 s', 1, 'ended', 'rings', n::text, '', 'a', '',
       '{"from": [-10, -10, 20, 20], "to": [90, -10, 20, 20]}', 101, 1,
       array(select x + case x when 100 then n %% 3 else 0 end from generate_series(0.0, 100) x),
       array(select 0 from generate_series(0, 100))
from dashboard_browser, generate_series(1, %s) n where instance_id = %s
"""
MANY = 1100


@pytest.fixture(scope="module")
def client(service: Service) -> Client:
    service.create_staff("notebook", "x")
    return Client(service.url, service.make_api_key("notebook"))


@pytest.fixture(scope="module")
def instance(service: Service) -> dict[str, Any]:
    """An instance with 250 samples, a scene, a mark, a map's page and many trials."""
    me = requests.post(
        f"{service.url}/api/v1/browsers/", json={"label": "reader of the client"}, timeout=10
    ).json()
    now = datetime.now(UTC).timestamp() * 1000 - 60_000
    body = {
        "events": [{"time": now + 8 * i, "x": i, "y": 2 * i, "seq": i} for i in range(250)],
        "marks": [{"time": now, "seq": 0, "name": "began", "data": {"n": 1}}],
    }
    headers = {"Authorization": f"Bearer {me['write_token']}"}
    url = f"{service.url}/api/v1/browsers/{me['instance_id']}/events/"
    requests.post(url, json=body, headers=headers, timeout=10).raise_for_status()
    service.sql(f"{TRIALS} returning 1", (MANY, me["instance_id"]))
    return {**me, "page_id": visit_page(service, me)}


def assert_typed(frame: pd.DataFrame, columns: tables.Columns) -> None:
    assert {name: str(frame[name].dtype) for name in columns} == dict(columns)


def test_samples_marks_and_statuses_are_all_rows_with_types(
    client: Client, instance: dict[str, Any]
) -> None:
    samples = client.samples(instance["instance_id"])
    assert_typed(samples, tables.SAMPLES)
    assert list(samples["x"]) == list(range(250))
    assert samples["time"].diff().dropna().eq(pd.Timedelta("8ms")).all()
    half = client.samples(instance["instance_id"], since=samples["time"][125])
    assert list(half["seq"]) == list(range(125, 250))
    marks = client.marks(instance["instance_id"], name="beg*")
    assert marks[["name", "data"]].to_dict("records") == [{"name": "began", "data": {"n": 1}}]
    assert_typed(client.scenes(instance["instance_id"]), tables.SCENES)
    statuses = client.statuses(instance["instance_id"])
    assert_typed(statuses, tables.STATUSES)
    assert statuses["events"].sum() in (0, 250)
    with_scene = client.samples(instance["instance_id"], with_scene=True)
    assert_typed(with_scene, tables.SAMPLES_IN_SCENES)
    assert with_scene["page"].isna().all()


def test_trials_paths_and_throughput_are_those_of_the_study(
    client: Client, instance: dict[str, Any]
) -> None:
    trials = client.trials(study="rings")
    assert_typed(trials, tables.TRIALS)
    assert list(trials["trial"]) == [str(n) for n in range(1, MANY + 1)]
    assert set(trials["label"]) == {"reader of the client"}
    paths = client.paths(trials=trials.head(2), steps=3)
    assert_typed(paths, tables.PATHS)
    assert paths[["trial", "step", "time", "x"]].values.tolist() == [
        ["1", 1, 0.0, 0.0], ["1", 2, 0.5, 50.0], ["1", 3, 1.0, 101.0],
        ["2", 1, 0.0, 0.0], ["2", 2, 0.5, 50.0], ["2", 3, 1.0, 102.0],
    ]  # fmt: skip
    stored = client.paths(trials=trials.iloc[[0, 7]])
    assert_typed(stored, tables.PATHS)
    assert list(stored["trial"].unique()) == ["1", "8"]
    assert list(stored["step"]) == [*range(1, 102)] * 2
    assert stored.loc[[0, 100, 201], "time"].tolist() == [0.0, 1.0, 1.0]
    assert stored.loc[[0, 100, 201], "x"].tolist() == [0.0, 101.0, 102.0]
    assert len(client.paths(study="rings")) == 101 * MANY
    assert len(client.paths(study="rings", condition="none")) == 0
    some = client.trials(study="rings", exclude=f"slow,{trials['id'][0]},{trials['id'][1]}")
    assert list(some["id"]) == list(trials["id"][2:])
    assert client.throughput(study="rings", exclude=f"{trials['id'][0]}")["trials"][0] == MANY - 1
    found = client.throughput(study="rings", serial=False)
    assert_typed(found, tables.THROUGHPUT)
    assert found[["trials", "errors"]].values.tolist() == [[MANY, 0]]
    studies = client.studies().set_index("study")
    assert studies.loc["rings", "trials"] == MANY


def test_pages_maps_and_instances_are_read(
    client: Client, service: Service, instance: dict[str, Any]
) -> None:
    for _ in range(101):
        service.log_on()
    instances = client.instances()
    assert_typed(instances, tables.INSTANCES)
    assert len(instances) > 101
    assert instances["instance_id"].is_unique
    named = client.instances(label="reader of the client")
    assert list(named["instance_id"]) == [instance["instance_id"]]
    pages = client.pages(query="fuzzed")
    assert_typed(pages, tables.PAGES)
    cells = client.map(instance["page_id"], weight="samples")
    assert_typed(cells, tables.CELLS)
    assert cells.attrs["map"]["page"]["name"] == "/fuzzed"
    assert cells["value"].sum() == cells.attrs["map"]["total"]


def test_an_answer_without_rows_has_its_columns(client: Client, service: Service) -> None:
    empty = client.samples(service.log_on()["instance_id"])
    assert len(empty) == 0
    assert_typed(empty, tables.SAMPLES)
    assert_typed(client.trials(study="none"), tables.TRIALS)
    assert_typed(client.throughput(study="none"), tables.THROUGHPUT)
    assert_typed(client.paths(study="none"), tables.PATHS)
    assert_typed(client.paths(trials=client.trials(study="none")), tables.PATHS)


def test_a_refusal_has_the_services_reason(client: Client, service: Service) -> None:
    with pytest.raises(RefusedError, match="404: No browser instance has this id") as refused:
        client.samples(uuid4())
    assert (refused.value.status, refused.value.code) == (404, "no_such_instance")


def test_wrong_arguments_are_named_before_a_request(client: Client) -> None:
    with pytest.raises(ValueError, match="has no zone"):
        client.trials(since=datetime(2026, 11, 23))  # noqa: DTZ001
    for url, key in (("localhost:8000", "ps_a"), ("http://", "ps_a"), ("http://a", "ps\n")):
        with pytest.raises(ValueError, match=r"an (address|API key)"):
            Client(url, key)


Answers = list[tuple[int, dict[str, str], bytes]]


@contextmanager
def answering(answers: Answers) -> Iterator[tuple[str, list[str]]]:
    """Serve these answers in turn, the last one for good; yield the address and the requests."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, headers, body = answers[min(len(asked), len(answers)) - 1]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()


def transport(url: str, slept: list[float]) -> Transport:
    return Transport(url, "ps_a", timeout=5, retries=2, patience=100, sleep=slept.append)


GOOD = (200, {}, b'{"n": 1}\n{"n": 2}\n')


def test_a_busy_service_is_asked_again_when_it_says() -> None:
    busy = [(status, {"Retry-After": "7"}, b"{}") for status in (429, 503, 429, 503)]
    slept: list[float] = []
    with answering([*busy, GOOD]) as (url, asked):
        assert transport(url, slept).rows("trials/", study="a b") == [{"n": 1}, {"n": 2}]
    assert slept == [7.0] * 4
    assert asked == ["/api/v1/trials/?study=a+b&format=ndjson"] * 5


def test_a_wait_beyond_the_patience_is_refused_at_once() -> None:
    slept: list[float] = []
    problem = b'{"detail": "Too many.", "code": "throttled"}'
    with (
        answering([(429, {"Retry-After": "86400"}, problem)]) as (url, asked),
        pytest.raises(RefusedError, match="answered 429: Too many") as refused,
    ):
        transport(url, slept).json("studies/")
    assert (refused.value.code, slept, len(asked)) == ("throttled", [], 1)


@pytest.mark.parametrize(
    "broken",
    [
        (200, {"Content-Length": "99"}, b'{"n": 1}\n'),
        (200, {}, b'{"n": 1}\n{"error": "the export broke off here and is not whole"}\n'),
        (200, {}, b'{"n": 1}\n{"n": '),
        (502, {}, b"<html>"),
    ],
)
def test_what_breaks_off_is_read_again_whole(broken: Any) -> None:
    slept: list[float] = []
    with answering([broken, broken, GOOD]) as (url, _):
        assert transport(url, slept).rows("trials/") == [{"n": 1}, {"n": 2}]
    assert slept == [0.5, 1.0]
    with answering([broken]) as (url, asked), pytest.raises((UnreachableError, RefusedError)):
        transport(url, slept).rows("trials/")
    assert len(asked) == 3


def test_a_service_that_is_away_and_a_redirect_are_named() -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9/api/v1/studies/ cannot be read"):
        transport("http://127.0.0.1:9", []).json("studies/")
    with (
        answering([GOOD]) as (other, asked),
        answering([(302, {"Location": other}, b"")]) as (u, _),
    ):
        with pytest.raises(RefusedError, match="answered 302"):
            transport(u, []).json("studies/")
        assert asked == []


def test_pages_follow_their_cursors() -> None:
    first = (200, {}, b'{"pages": [{"n": 1}], "next_cursor": "a"}')
    last = (200, {}, b'{"pages": [{"n": 2}], "next_cursor": null}')
    with answering([first, last]) as (url, asked):
        assert list(transport(url, []).pages("pages/", "pages")) == [{"n": 1}, {"n": 2}]
    assert asked == ["/api/v1/pages/", "/api/v1/pages/?cursor=a"]
