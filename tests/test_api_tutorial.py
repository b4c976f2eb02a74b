"""docs/api.md is right: its tutorial runs, and its table of errors is complete."""

import json
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rest_framework import exceptions

from core.api import problems
from tests.service import ROOT, Service

DOCUMENT = (ROOT / "docs" / "api.md").read_text()
BLOCK = re.compile(r"^```(sh|json|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STAFF = {"STAFF_NAME": "tutor", "STAFF_PASSWORD": secrets.token_urlsafe()}
END = "\x1e"


class Step(NamedTuple):
    """A block of the tutorial, and the part of its output that is printed below it."""

    command: str
    kind: str
    output: str


def steps() -> Iterator[Step]:
    blocks = [*BLOCK.findall(DOCUMENT), ("sh", "")]
    for (kind, text), (next_kind, output) in pairwise(blocks):
        if kind == "sh":
            yield Step(text, next_kind, output) if next_kind != "sh" else Step(text, "", "")


@pytest.fixture(scope="module")
def staff(service: Service) -> dict[str, str]:
    service.create_staff(STAFF["STAFF_NAME"], STAFF["STAFF_PASSWORD"])
    return STAFF


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is missing here: apt-get install curl")
def test_the_tutorial_does_what_it_says(
    service: Service, staff: dict[str, str], tmp_path: Path
) -> None:
    service.log_on()  # One more instance, so that the list has a second page.
    told = list(steps())
    script = "set -euo pipefail\n" + "".join(f"{s.command}\nprintf '{END}'\n" for s in told)
    done = subprocess.run(
        ["bash"],
        input=script,
        cwd=tmp_path,
        env={**os.environ, **staff, "POINTERSCOPE": service.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    printed = done.stdout.split(END)
    for step, output in zip(told, printed, strict=False):
        compare(step, output)
    assert done.returncode == 0, f"{told[len(printed) - 1].command}\n{done.stderr}"
    assert done.stderr == ""


def compare(step: Step, output: str) -> None:
    if step.kind == "json":
        assert alike(json.loads(step.output), json.loads(output)), f"{step.command}\n{output}"
    elif step.kind == "text":
        told, printed = step.output.splitlines(), output.splitlines()
        assert alike(told, printed), f"{step.command}\n{output}"


def alike(told: Any, found: Any) -> bool:
    """Compare two values; … in the expected text matches anything."""
    if isinstance(told, dict) and isinstance(found, dict):
        return told.keys() == found.keys() and all(alike(told[k], found[k]) for k in told)
    if isinstance(told, list) and isinstance(found, list):
        return len(told) == len(found) and all(map(alike, told, found))
    if isinstance(told, str) and "…" in told:
        return isinstance(found, str) and fnmatchcase(found, told.replace("…", "*"))
    return told == found and type(told) is type(found)


def test_the_table_of_errors_has_every_code() -> None:
    told = set(re.findall(r"^\| (\d{3}) \| `(\w+)` \|", DOCUMENT, re.MULTILINE))
    ours = {(str(int(p.status_code)), p.default_code) for p in problems.Problem.__subclasses__()}
    theirs = {
        (str(error.status_code), error.default_code)
        for error in vars(exceptions).values()
        if isinstance(error, type) and issubclass(error, exceptions.APIException)
    }
    # These reach no caller: our handler answers with our own codes for them.
    theirs -= {("500", "error"), ("400", "invalid"), ("400", "parse_error")}
    assert told == ours | {("500", "internal_error")} | theirs
