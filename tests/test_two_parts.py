"""`make test` runs the tests that measure time after the others, alone."""

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
def test_slow():
    note("slow")
    assert False
"""


@pytest.mark.parametrize(
    ("selected", "code", "ran"),
    [
        ("wrong or quick", 1, ["wrong gw", "quick al"]),
        ("right or slow", 1, ["right gw", "slow al"]),
        ("right", 0, ["right gw"]),
        ("quick", 0, ["quick al"]),
        ("nothing", 5, []),
    ],
)
def test_both_parts_run_and_the_failure_of_either_counts(
    tmp_path: Path, selected: str, code: int, ran: list[str]
) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = timed\n")
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, ROOT / "scripts" / "test", "-k", selected]
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
