"""Recordings, replayed through the whole service, become the statuses of the oracle."""

import csv
import math
import random
import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from unittest import TestCase

import pytest

from analytics.tests.oracle import Sample, Status, expected_statuses
from analytics.tests.pointers import assert_same_statuses, float32
from analytics.tests.recorded import ABSENT, FILES
from core.values.times import to_epoch_us
from tests.patience import wait_until
from tests.service import ROOT, Service

STATUSES = f"""
select {", ".join(Status._fields)} from dashboard_pointerstatus s
join dashboard_browser b on b.id = s.browser_id
where b.instance_id = %s and s.interval_ms = 1000 order by time
"""
LAST_EVENT = """
select max(time) from analytics_pointerpositionevent e
join dashboard_browser b on b.id = e.browser_id where b.instance_id = %s
"""


def run_replay(service: Service, *arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "replay", "--url", service.url, *map(str, arguments)],
        cwd=ROOT,
        env=service.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def replay(service: Service, path: Path, *arguments: str) -> str:
    """Replay a file, wait until it is rolled up, and return its instance's id."""
    done = run_replay(service, *arguments, path)
    assert done.returncode == 0, done.stderr
    wait_until(service.is_rolled_up, what="everything is rolled up")
    page = re.search(r"/browsers/([0-9a-f-]{36})/#share=\S+", done.stdout)
    assert page, done.stdout
    return page[1]


def read_samples(path: Path, time_column: str, last_us: int) -> list[Sample]:
    """Read a recording as its README describes: time in seconds, seq is the row's number.

    Rows of the wheel have no position.
    """
    with path.open() as file:
        rows = [
            (round(float(row[time_column]) * 1e6), i, row)
            for i, row in enumerate(csv.DictReader(file))
            if row.get("button") != "Scroll"
        ]
    shift = last_us - max(us for us, _, _ in rows)
    return [
        Sample(us + shift, i, float32(float(row["x"])), float32(float(row["y"])))
        for us, i, row in rows
    ]


def assert_statuses_equal_the_oracle(
    service: Service, instance_id: str, path: Path, time_column: str
) -> None:
    ((last,),) = service.sql(LAST_EVENT, (instance_id,))
    expected = expected_statuses(read_samples(path, time_column, to_epoch_us(last)))
    rows = service.sql(STATUSES, (instance_id,))
    actual = [Status(to_epoch_us(row[0]), *row[1:6], *map(float32, row[6:])) for row in rows]
    assert_same_statuses(TestCase(), actual, expected)


@pytest.mark.skipif(not FILES, reason=ABSENT)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_recording_gives_the_statuses_of_the_oracle(service: Service, path: Path) -> None:
    instance_id = replay(service, path)
    assert_statuses_equal_the_oracle(service, instance_id, path, "client timestamp")


@pytest.mark.parametrize("seed", range(3))
def test_a_generated_trace_gives_the_statuses_of_the_oracle(
    service: Service, tmp_path: Path, seed: int
) -> None:
    path = write_trace(tmp_path / f"trace-{seed}.csv", random.Random(seed))
    instance_id = replay(service, path, "--columns", "time=when")
    assert_statuses_equal_the_oracle(service, instance_id, path, "when")


def write_trace(path: Path, chance: random.Random) -> Path:
    """Write an unevenly sampled pointer that aims, rests, and sometimes repeats a time."""
    seconds, x, y = 0.0, 500.0, 400.0
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["when", "x", "y"])
        for _ in range(3000):
            seconds += chance.choice([0, 0.008, 0.0166, 0.0167, 0.25, chance.expovariate(20)])
            if chance.random() < 0.01:
                seconds += chance.uniform(1, 20)
            angle = chance.uniform(0, 2 * math.pi)
            x, y = x + 30 * math.cos(angle) * chance.random(), y + 30 * math.sin(angle)
            out.writerow([f"{seconds:.6f}", f"{x:.3f}", f"{y:.3f}"])
    return path


def write_rows(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.timed
def test_at_speed_1_a_recording_takes_its_own_length_and_ends_now(
    service: Service, tmp_path: Path
) -> None:
    rows = [f"{i / 20},{i},0" for i in range(31)]
    path = write_rows(tmp_path / "slow.csv", "t,x,y", *rows)
    began = time.monotonic()
    instance_id = replay(service, path, "--speed", "1")
    assert time.monotonic() - began >= 1.5
    ((last,),) = service.sql(LAST_EVENT, (instance_id,))
    assert abs(last.timestamp() - time.time()) < 10
    assert_statuses_equal_the_oracle(service, instance_id, path, "t")


def test_the_columns_of_our_own_export_are_read_without_options(
    service: Service, tmp_path: Path
) -> None:
    path = write_rows(
        tmp_path / "export.csv",
        "time,x,y,seq,enter",
        "2026-01-01T00:00:00.000000Z,1,2,7,true",
        "2026-01-01T00:00:00.250000Z,4,6,8,false",
        "2026-01-01T00:00:00.500000Z,100,6,9,true",
    )
    instance_id = replay(service, path)
    rows = service.sql(
        "select e.seq, e.x, e.y, e.enter, e.time from analytics_pointerpositionevent e"
        " join dashboard_browser b on b.id = e.browser_id where b.instance_id = %s order by seq",
        (instance_id,),
    )
    assert [row[:4] for row in rows] == [(7, 1, 2, True), (8, 4, 6, False), (9, 100, 6, True)]
    gaps = [(b[4] - a[4]).total_seconds() for a, b in pairwise(rows)]
    assert gaps == [0.25, 0.25]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["a,b,c", "1,2,3"], "no column is certain to be time, x and y"),
        (["t,x,y"], "holds no samples"),
        (["t,x,y", "0,1,2", "1,wide,2"], 'line 3, column x: "wide" is no number'),
        (["t,x,y", "noon,1,2"], 'line 2, column t: "noon" is no time'),
        (["t,x,y", "0,nan,2"], "no row is left"),
        (["t,x,y", "0,2000000,2"], "line 2: x is 2,000,000"),
    ],
)
def test_a_bad_recording_is_refused_in_clear_words(
    service: Service, tmp_path: Path, lines: list[str], complaint: str
) -> None:
    done = run_replay(service, write_rows(tmp_path / "bad.csv", *lines))
    assert done.returncode == 1
    assert complaint in done.stderr
    assert "The file is refused" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_file_is_sent_if_another_cannot_be_read(service: Service, tmp_path: Path) -> None:
    before = service.sql("select count(*) from dashboard_browser")
    good = write_rows(tmp_path / "good.csv", "t,x,y", "0,1,2")
    done = run_replay(service, good, tmp_path / "absent.csv")
    assert "absent.csv" in done.stderr
    assert service.sql("select count(*) from dashboard_browser") == before


def test_a_service_that_is_away_is_named(service: Service, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "good.csv", "t,x,y", "0,1,2")
    done = run_replay(service, path, "--url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "http://127.0.0.1:9/api/v1/browsers/ cannot be reached" in done.stderr


def test_a_replay_that_is_stopped_leaves_nothing(service: Service, tmp_path: Path) -> None:
    rows = [f"{i / 20},{i},0" for i in range(2000)]
    path = write_rows(tmp_path / "long.csv", "t,x,y", *rows)
    before = service.sql("select count(*) from dashboard_browser")
    command = [sys.executable, "manage.py", "replay", "--url", service.url, "--speed", "1", path]
    replaying = subprocess.Popen(
        command, cwd=ROOT, env=service.environment, stderr=subprocess.PIPE, text=True
    )
    began = "select b.instance_id from dashboard_browser b join analytics_pointerpositionevent e"
    began += " on e.browser_id = b.id where e.time > now() - interval '5 seconds' and e.y = 0"
    wait_until(lambda: service.sql(began), what="samples are there")
    replaying.send_signal(signal.SIGINT)
    _, told = replaying.communicate(timeout=20)
    assert replaying.returncode == 130
    assert "Stopped. The instance of this command is erased again." in told
    assert service.sql("select count(*) from dashboard_browser") == before
