"""docs/studies.md is right: its experiment runs in Chromium, its analysis on what that measured."""

import math
import os
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest
import requests
from playwright.sync_api import BrowserContext, Page

from tests.browser import open_chromium, sweep
from tests.embedding import CLEAR, open_site
from tests.patience import wait_until
from tests.service import ROOT, Service

DOCUMENT = (ROOT / "docs" / "studies.md").read_text()
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
(EXPERIMENT,) = re.findall(r"^```html\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
PEOPLE = ("7", "8")
CORRECT = {"Salmon": "fish", "Dog": "mammal", "Whale": "mammal", "Eel": "fish"}
MARKS = "select count(*) from analytics_pointermark where name like 'trial:%%'"
# As the worker does ten seconds later.
MAKE_TRIALS = """
from datetime import timedelta
from django.utils import timezone
from analytics.studies.trial_drain import make_trials
make_trials(now=timezone.now(), settling=timedelta(0))
"""


@pytest.fixture(scope="module")
def analysed(
    service: Service, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Any], Path]]:
    """Run the experiment for two people and every block; yield the blocks' names and the folder."""
    folder = tmp_path_factory.mktemp("study")
    service.sql(CLEAR)
    with open_site(folder) as site, open_chromium() as chromium:
        html = EXPERIMENT.replace("https://host", service.url)
        (folder / "choice.html").write_text(html)
        for person in PEOPLE:
            context = chromium.new_context(viewport={"width": 1280, "height": 720})
            take_part(context, f"{site.url}/choice.html?p={person}")
            context.close()
    point(service)
    wait_until(lambda: service.sql(MARKS) == [(22,)], what="all marks are stored")
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", MAKE_TRIALS],
        cwd=ROOT, env=service.environment, check=True,
    )  # fmt: skip
    service.create_staff("paper", "x")
    given = {"POINTERSCOPE": service.url, "POINTERSCOPE_KEY": service.make_api_key("paper")}
    names: dict[str, Any] = {}
    with (
        chdir(folder),
        patch.dict(os.environ, given),
        patch.object(sys, "path", [str(ROOT / "clients" / "python"), *sys.path]),
    ):
        for block in PYTHON.findall(DOCUMENT):
            exec(compile(block, "docs/studies.md", "exec"), names)
        yield names, folder


def take_part(context: BrowserContext, url: str) -> None:
    """Do all trials as a participant with a bent path; the last answer is wrong."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(url)
    page.wait_for_function("!!window.pointerscope?.trial")
    for number in range(len(CORRECT)):
        choose(page, is_wrong=number == len(CORRECT) - 1)
    assert page.inner_text("#item") == "Thank you. You may close this page."
    page.wait_for_function("pointerscope.state().queued === 0")
    assert faults == []


def choose(page: Page, *, is_wrong: bool) -> None:
    page.click("#start")
    page.wait_for_function("!document.querySelector('#left').disabled")
    wanted = CORRECT[page.inner_text("#item")]
    is_left = (page.inner_text("#left") == wanted) != is_wrong
    x = 80 if is_left else 1200
    sweep(page, (640, 680), (640 + (x - 640) / 4, 300), 0.1)
    sweep(page, (640 + (x - 640) / 4, 300), (x, 40), 0.1)
    page.click("#left" if is_left else "#right")


def point(service: Service) -> None:
    """Send three trials between two targets, as a tracker does."""
    me = service.log_on()
    start = time.time() * 1000 - 20_000
    events, marks = [], []
    for number, x in enumerate((98.0, 104.0, 103.0)):
        at = start + 2000 * number
        events += [
            {"time": at, "x": 0, "y": 0, "seq": 0},
            {"time": at + 500, "x": x, "y": 0, "seq": 0},
        ]
        targets = {"from": [-10, -10, 20, 20], "to": [90, -10, 20, 20]}
        data = {"study": "two targets", "condition": "near", "targets": targets}
        marks += [
            {"time": at, "seq": 0, "name": "trial:start", "data": data},
            {"time": at + 500, "seq": 0, "name": "trial:end", "data": {}},
        ]
    requests.post(
        f"{service.url}/api/v1/browsers/{me['instance_id']}/events/",
        json={"events": events, "marks": marks},
        headers={"Authorization": f"Bearer {me['write_token']}"},
        timeout=10,
    ).raise_for_status()


def test_the_experiment_has_about_sixty_lines_and_becomes_trials(analysed: Any) -> None:
    assert 50 < len(EXPERIMENT.splitlines()) < 75
    trials = analysed[0]["trials"]
    assert list(trials["label"]) == [f"participant {one}" for one in PEOPLE for _ in CORRECT]
    assert list(trials["correct"]) == [True, True, True, False] * len(PEOPLE)
    assert list(trials["condition"]) == ["typical", "typical", "atypical", "atypical"] * 2
    assert set(trials["state"]) == {"ended"}
    assert [set(one) for one in trials["targets"]] == [{"left", "right"}] * len(trials)


def test_the_rules_exclude_what_they_say(analysed: Any) -> None:
    names, _ = analysed
    assert names["excluded"].sum().to_dict() == {
        "abandoned": 0, "no path": 0, "wrong answer": 2, "slower than 5 s": 0,
        "fewer than 5 samples": 0,
    }  # fmt: skip
    assert len(names["kept"]) == 6


def test_the_figure_and_the_table_have_the_numbers_of_plain_python(
    analysed: Any, service: Service
) -> None:
    names, folder = analysed
    assert (folder / "figure.pdf").stat().st_size > 10_000
    rows = read(service, "trials/", study="animals")["trials"]
    mads = defaultdict(list)
    for row in rows:
        if row["correct"]:
            mads[row["condition"]].append(row["mad"])
    table = names["table"]["mad"]
    for condition, values in mads.items():
        error = statistics.stdev(values) / math.sqrt(len(values))
        for found, expected in zip(
            table.loc[condition], (len(values), statistics.fmean(values), error), strict=True
        ):
            assert found == pytest.approx(expected, rel=1e-12)
    own = defaultdict(list)
    for row in rows:
        if row["correct"] and row["condition"] == "typical":
            steps = read(service, f"trials/{row['id']}/path/")["steps"]
            own[row["label"]].append([x for _, x, _ in steps])
    means = [[statistics.fmean(same) for same in zip(*one, strict=True)] for one in own.values()]
    expected = [statistics.fmean(both) for both in zip(*means, strict=True)]
    assert list(names["average"].loc["typical", "x"]) == pytest.approx(expected, rel=1e-12)


def test_the_services_numbers_are_made_again_from_what_it_exports(
    analysed: Any, service: Service
) -> None:
    names, _ = analysed
    assert len(names["again"]) == 6
    assert (names["again"]["mad"].abs() > 10).all()
    assert (names["difference"] < 1e-6).all()
    assert names["rates"] == {}
    trials = names["client"].trials(study="two targets")
    (found,) = read(service, "studies/throughput/", study="two targets", serial="false")[
        "sequences"
    ]
    assert found["trials"] == 3
    assert names["throughput"](trials) == pytest.approx(found["throughput"], rel=1e-9)


def test_the_file_for_mousetrap_has_its_columns(analysed: Any) -> None:
    table = pq.read_table(analysed[1] / "mousetrap.parquet").to_pandas()
    assert {"mt_id", "timestamps", "xpos", "ypos", "mt_seq"} <= set(table.columns)
    for _, trial in table.groupby("mt_id"):
        assert list(trial["mt_seq"]) == list(range(1, len(trial) + 1))
        assert trial["timestamps"].is_monotonic_increasing
        assert 0 <= trial["timestamps"].iloc[0] < 2000


def read(service: Service, path: str, **query: str) -> dict[str, Any]:
    key = os.environ["POINTERSCOPE_KEY"]
    headers = {"Authorization": f"Bearer {key}"}
    answer = requests.get(f"{service.url}/api/v1/{path}", params=query, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.json()
