"""`make test` and `make slow` run their tests that measure time after the others, alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import ROOT

TESTS = """
import os
from pathlib import Path

import pytest


def note(name):
    beside = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    with Path(__file__).with_name("ran").open("a") as ran:
        ran.write(f"{name} {beside[:2]}\\n")


def test_right():
    note("right")


def test_wrong():
    note("wrong")
    assert False


@pytest.mark.timed
def test_quick():
    note("quick")


@pytest.mark.timed
def test_late():
    note("late")
    assert False


@pytest.mark.slow
def test_long():
    note("long")


@pytest.mark.slow
@pytest.mark.timed
def test_longest():
    note("longest")
    assert False
"""


@pytest.mark.parametrize(
    ("words", "code", "ran"),
    [
        (["-k", "wrong or quick"], 1, ["wrong gw", "quick al"]),
        (["-k", "right or late"], 1, ["right gw", "late al"]),
        (["-k", "right or long"], 0, ["right gw"]),
        (["-k", "quick or longest"], 0, ["quick al"]),
        (["-k", "nothing"], 5, []),
        (["--slow"], 1, ["long gw", "longest al"]),
        (["-k", "wrong or long and not longest", "--slow"], 0, ["long gw"]),
        (["--slow", "-k", "late or longest"], 1, ["longest al"]),
        (["--slow", "-k", "quick"], 5, []),
    ],
)
def test_both_parts_run_and_the_failure_of_either_counts(
    tmp_path: Path, words: list[str], code: int, ran: list[str]
) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  slow\n  timed\n")
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, ROOT / "scripts" / "test", *words]
    command += ["-c", tmp_path / "pytest.ini", "-p", "no:django", "-p", "no:cacheprovider"]
    command += [f"--junit-xml={tmp_path / 'report.xml'}"]
    # This test is itself run by a worker.
    own = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    done = subprocess.run(
        [*command, tmp_path], env=own, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    note = tmp_path / "ran"
    assert (note.read_text().splitlines() if ran else note.exists() or []) == ran
    reports = [(tmp_path / name).read_text() for name in ("report.xml", "report-timed.xml")]
    assert [report.count("<testcase") for report in reports] == [
        sum(line.endswith(how) for line in ran) for how in ("gw", "al")
    ]
