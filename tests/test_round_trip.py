"""An exported and replayed recording gives the same samples and statuses, to the last bit."""

import csv
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from core.api.file_formats import FORMATS
from tests.patience import wait_until
from tests.service import ROOT, Service
from tests.sharing import open_link

SAMPLES = """
select time, seq, x, y, enter from analytics_pointerpositionevent e
join dashboard_browser b on b.id = e.browser_id where b.instance_id = %s order by time, seq
"""
RUNGS = {"1s": 1000, "10s": 10_000}
PAGE = re.compile("(http.*/browsers/([0-9a-f-]{36})/#share=.+)")

Me = dict[str, str]


def manage(service: Service, *arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT,
        env=service.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def address(service: Service, me: Me) -> str:
    return f"{service.url}/api/v1/browsers/{me['instance_id']}"


def bearer(me: Me) -> dict[str, str]:
    return {"Authorization": f"Bearer {me['write_token']}"}


def send(service: Service, me: Me, events: list[dict[str, Any]]) -> None:
    requests.post(
        f"{address(service, me)}/events/", json={"events": events}, headers=bearer(me), timeout=10
    ).raise_for_status()


def read(service: Service, me: Me, what: str, **query: Any) -> bytes:
    """Read as the holder of the write token, or of the share link that a command printed."""
    reader = open_link(me["shared"]) if "shared" in me else requests.Session()
    headers = bearer(me) if "write_token" in me else {}
    answer = reader.get(
        f"{address(service, me)}/{what}/", params=query, headers=headers, timeout=30
    )
    answer.raise_for_status()
    return answer.content


def everything(service: Service, me: Me) -> dict[str, Any]:
    """Return an instance's stored samples, and its statuses of two rungs."""
    query = {"since": 0, "format": "csv"}
    rungs = {rung: read(service, me, "statuses", interval=rung, **query) for rung in RUNGS}
    return {**rungs, "samples": service.sql(SAMPLES, (me["instance_id"],))}


@pytest.fixture(scope="module")
def awkward(service: Service) -> Me:
    """An instance whose samples share times, enter, have awkward floats, or came late."""
    me = service.log_on()
    start = (time.time() // 60 - 10) * 60_000
    places = (0.1, 131072.375, -0.0, 998_000.03, -1e-7, -524288.03, 1 / 3)
    events = [
        {
            "time": start + i // 2 * 16.667 + (i > 200) * 5000.5,
            "x": places[i % 7] + (i % 3) * i,
            "y": places[(i + 3) % 7],
            "seq": 7 * i % 1000,
            "enter": i % 40 == 0,
        }
        for i in range(400)
    ]
    for part in (events[300:], events[100:200], events[:100], events[200:300]):
        send(service, me, part)
        wait_until(service.is_rolled_up)
    return me


@pytest.fixture(scope="module")
def other(service: Service) -> Me:
    me = service.log_on()
    send(service, me, [{"time": time.time() * 1000 - 60_000, "x": 5, "y": 0.1, "seq": 3}])
    return me


@pytest.fixture(scope="module")
def copies(
    service: Service, awkward: Me, other: Me, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Me]]:
    """The copies of both instances: from exports by the API, and from one file of the command."""
    folder = tmp_path_factory.mktemp("exported")
    both = [word for me in (awkward, other) for word in ("--browser", me["instance_id"])]
    for kind in FORMATS:
        (folder / f"api {kind}").write_bytes(read(service, awkward, "events", format=kind))
        done = manage(service, "export", "events", *both, "--output", folder / f"both.{kind}")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    files = sorted(folder.iterdir())
    done = manage(service, "replay", "--url", service.url, "--keep-times", *files)
    assert done.returncode == 0, done.stderr
    for rung in RUNGS.values():
        wait_until(lambda rung=rung: service.is_rolled_up(rung), what=f"{rung} ms are rolled up")
    pages = iter(PAGE.findall(done.stdout))
    return {
        path.name: [
            dict(zip(("shared", "instance_id"), next(pages), strict=True))
            for _ in range(1 + path.name.startswith("both"))
        ]
        for path in files
    }


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_of_the_api_gives_the_same_again(
    service: Service, awkward: Me, copies: dict[str, list[Me]], kind: str
) -> None:
    original = everything(service, awkward)
    assert len(original["samples"]) == 400
    assert len(original["1s"].splitlines()) == 1 + 5
    (copy,) = copies[f"api {kind}"]
    assert everything(service, copy) == original


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_of_two_instances_becomes_two_new_ones(
    service: Service, awkward: Me, other: Me, copies: dict[str, list[Me]], kind: str
) -> None:
    first, second = copies[f"both.{kind}"]
    assert everything(service, first) == everything(service, awkward)
    assert everything(service, second) == everything(service, other)


SCENES = """
select time, seq, viewport_width, viewport_height, document_width, document_height, scroll_x,
    scroll_y, pixel_ratio, pointer, page from pointer_scenes where instance_id = %s order by 1, 2
"""
MARKS = "select time, seq, name, data from pointer_marks where instance_id = %s order by 1, 2"
JOINED = """
select time, seq, x, y, enter, scroll_y, page from pointer_events_in_scenes
where instance_id = %s order by 1, 2
"""
LABEL = "select label from dashboard_browser where instance_id = %s"


def scenic(service: Service, me: Me) -> list[list[tuple]]:
    """Return an instance's scenes, marks, samples in scenes, and its label."""
    return [service.sql(sql, (me["instance_id"],)) for sql in (SCENES, MARKS, JOINED, LABEL)]


@pytest.fixture(scope="module")
def looking(service: Service) -> list[Me]:
    """Two instances with scenes, marks and labels; some scenes and marks have no sample."""
    both = []
    for label in ("=participant 7", "kiosk, \u201chall 2\u201d"):
        answer = requests.post(f"{service.url}/api/v1/browsers/", json={"label": label}, timeout=10)
        me = answer.json()
        start = (time.time() // 60 - 10) * 60_000
        keys = [{"time": start + i * 16.667, "seq": i} for i in range(250)]
        scene = {"viewport": [1279.3334, 720], "document": [1280, 5200.1], "pointer": "pen"}
        body = {
            "events": [{**key, "x": i / 7, "y": 0.1} for i, key in enumerate(keys[20:220])],
            "scenes": [
                {
                    **scene,
                    **key,
                    "scroll": [0, i / 3],
                    "pixel_ratio": 1.1,
                    **({"page": ("/a", "=b", "/order/*")[i % 3]} if i % 4 else {}),
                }
                for i, key in enumerate(keys[10::3])
            ],
            "marks": [
                {**key, "name": "'=start", "data": {"trial": i, "=é": [None, 0.1]}}
                for i, key in enumerate(keys[::9])
            ],
        }
        requests.post(
            f"{address(service, me)}/events/", json=body, headers=bearer(me), timeout=10
        ).raise_for_status()
        both.append(me)
    return both


def test_scenes_marks_and_labels_are_the_same_again(
    service: Service, looking: list[Me], tmp_path: Path
) -> None:
    chosen = [word for me in looking for word in ("--browser", me["instance_id"])]
    kinds = {"events": "parquet", "scenes": "csv", "marks": "ndjson", "instances": "csv"}
    files = {rows: tmp_path / f"{rows}.{kind}" for rows, kind in kinds.items()}
    for rows, path in files.items():
        done = manage(service, "export", rows, *chosen, "--output", path)
        assert (done.returncode, done.stderr) == (0, "")
    samples, *beside = files.values()
    others = [word for path in beside for word in ("--with", path)]
    done = manage(service, "replay", "--url", service.url, "--keep-times", samples, *others)
    assert done.returncode == 0, done.stderr
    copies = [{"instance_id": name} for _, name in PAGE.findall(done.stdout)]
    originals = [scenic(service, me) for me in looking]
    assert [len(rows) for rows in originals[0]] == [80, 28, 200, 1]
    assert [scenic(service, me) for me in copies] == originals
    assert (
        done.stdout.count("200 events stored, 0 duplicates, 0 conflicts, 80 scenes, 28 marks") == 2
    )


def test_samples_with_their_scenes_are_imported_with_them(
    service: Service, looking: list[Me], tmp_path: Path
) -> None:
    path, query = tmp_path / "samples.csv", {"format": "csv", "with": "scene"}
    path.write_bytes(read(service, looking[0], "events", **query))
    arguments = ("--url", service.url, "--keep-times", "--label", "again", path)
    done = manage(service, "import", *arguments)
    assert done.returncode == 0, done.stderr
    ((shared, name),) = PAGE.findall(done.stdout)
    copy = {"shared": shared, "instance_id": name}
    assert read(service, copy, "events", **query) == path.read_bytes()
    shown = open_link(shared).get(f"{address(service, copy)}/", timeout=10).json()
    assert shown["label"] == "again"


def test_scenes_of_an_instance_without_a_recording_are_refused(
    service: Service, awkward: Me, other: Me, looking: list[Me], tmp_path: Path
) -> None:
    path, scenes = tmp_path / "events.csv", tmp_path / "scenes.csv"
    both = [word for me in (awkward, other) for word in ("--browser", me["instance_id"])]
    manage(service, "export", "events", *both, "--output", path)
    manage(service, "export", "scenes", "--output", scenes)
    done = manage(service, "replay", "--url", service.url, path, "--with", scenes)
    assert done.returncode == 1
    assert "no recording is of the instance" in done.stderr


def test_the_command_exports_the_statuses_that_the_api_gives(
    service: Service, awkward: Me, copies: dict[str, list[Me]]
) -> None:
    name = awkward["instance_id"]
    done = manage(service, "export", "statuses", "--browser", name, "--interval", "10s")
    told = list(csv.reader(done.stdout.splitlines()))
    expected = list(csv.reader(everything(service, awkward)["10s"].decode().splitlines()))
    assert told == [["instance_id", *expected[0]], *([name, *row] for row in expected[1:])]


def test_kept_times_must_be_acceptable_ones(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("time,x,y\n2026-01-01T00:00:00Z,1,2\n")
    done = manage(service, "replay", "--url", service.url, "--keep-times", path)
    assert done.returncode == 1
    assert "line 2: its time 2026-01-01T00:00:00.000000Z must lie from" in done.stderr
    done = manage(service, "replay", "--url", service.url, "--keep-times", "--speed", "1", path)
    assert "--keep-times is as fast as possible" in done.stderr


@pytest.fixture
def many(service: Service) -> Iterator[Me]:
    """An instance with more samples than fit into pipes and sockets."""
    me = service.log_on()
    service.sql(
        "insert into analytics_pointerpositionevent (time, browser_id, x, y, seq, enter)"
        " select now() - interval '1 day' + i * interval '1 ms', b.id, i, 0, i, false"
        " from dashboard_browser b, generate_series(1, 200000) i where instance_id = %s",
        (me["instance_id"],),
    )
    yield me
    requests.delete(f"{address(service, me)}/", headers=bearer(me), timeout=60).raise_for_status()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_truncated_file_is_not_taken_for_a_complete_one(
    service: Service, many: Me, tmp_path: Path, kind: str
) -> None:
    path, url = tmp_path / "torn", f"{address(service, many)}/events/?format={kind}"
    with (
        requests.get(url, headers=bearer(many), stream=True, timeout=30) as answer,
        path.open("wb") as file,
    ):
        chunks = answer.iter_content(1000)
        file.write(next(chunks))
        service.sql("alter table analytics_pointerpositionevent rename seq to away")
        try:
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                file.writelines(chunks)
        finally:
            service.sql("alter table analytics_pointerpositionevent rename away to seq")
    done = manage(service, "replay", "--url", service.url, path)
    assert done.returncode == 1
    complaint = "footer" if kind == "parquet" else "the export broke off here"
    assert complaint in done.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_an_export_that_is_stopped_leaves_nothing(
    service: Service, many: Me, tmp_path: Path, how: signal.Signals
) -> None:
    path = tmp_path / "all.csv"
    path.write_text("what was there before")
    export = subprocess.Popen(
        [sys.executable, "manage.py", "export", "events", "--output", path],
        cwd=ROOT,
        env=service.environment,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: len(list(tmp_path.iterdir())) > 1, what="it writes")
    export.send_signal(how)
    assert export.wait(10) != 0
    assert [p.name for p in tmp_path.iterdir()] == ["all.csv"]
    assert path.read_text() == "what was there before"


def test_a_reader_may_stop_reading(service: Service, many: Me) -> None:
    command = f"{sys.executable} manage.py export events | head -n 3"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=ROOT,
        env=service.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "instance_id,time,x,y,seq,enter"
