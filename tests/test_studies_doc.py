"""docs/studies.md is right: its experiment runs in Chromium, its analysis on what that measured."""

import csv
import math
import os
import re
import shutil
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

import pandas as pd
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
(RECIPE,) = re.findall(r"^```r\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
LEFT_OUT = "abandoned,wrong"
# Of the page's average path, and the names of the recipe that has each.
AXES = {
    "x": "average_path",
    "y": "average_path",
    "x_error": "standard_error",
    "y_error": "standard_error",
}
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
    """Send three trials to and fro between two targets, as a tracker does."""
    me = service.log_on()
    start = time.time() * 1000 - 20_000
    events, marks = [], []
    ends = {"there": [90, -10, 20, 20], "back": [-10, -10, 20, 20]}
    for number, (way, x) in enumerate((("there", 98.0), ("back", -4.0), ("there", 103.0))):
        at = start + 2000 * number
        source, target = (ends["back"], ends["there"]) if way == "there" else ends.values()
        events += [
            {"time": at, "x": source[0] + 10, "y": 0, "seq": 0},
            {"time": at + 500, "x": x, "y": 0, "seq": 0},
        ]
        targets = {"from": source, "to": target}
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
    rates = []
    for serial in (True, False):
        query = {"study": "two targets", "serial": str(serial).lower()}
        (found,) = read(service, "studies/throughput/", **query)["sequences"]
        assert found["trials"] == 3
        rates.append(found["throughput"])
        again = names["throughput"](trials, serial=serial)
        assert again == pytest.approx(found["throughput"], rel=1e-9)
    assert rates[0] != pytest.approx(rates[1], rel=1e-3)


def test_the_studys_pages_numbers_are_made_again(analysed: Any, service: Service) -> None:
    names, _ = analysed
    page = read_page(service)
    assert (names["participants"], names["number"]) == (2, 6)
    assert (page["chosen_instances"], page["chosen"]) == (2, 6)
    assert names["quality"].to_dict() == page["figures"]["rules"]
    for condition in page["figures"]["conditions"]:
        name = condition["condition"]
        row = names["boxes"].loc[name]
        boxes = {one: list(row[one]) for one in row.index.levels[0] if row[one]["count"]}
        assert_boxes(boxes, condition["measures"])
        average = {
            axis: list(names[table].loc[name, axis.removesuffix("_error")])
            for axis, table in AXES.items()
        }
        assert_average(average, condition["average"])


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed (r-base-core)")
def test_r_makes_the_same_numbers_from_the_files_of_the_page(
    analysed: Any, service: Service
) -> None:
    _, folder = analysed
    for file, path in (("trials.csv", "trials/"), ("paths.csv", "trials/paths/")):
        answer = ask(service, f"api/v1/{path}", study="animals", exclude=LEFT_OUT, format="csv")
        (folder / file).write_bytes(answer.content)
    (folder / "recipe.R").write_text(RECIPE)
    done = subprocess.run(
        ["Rscript", "--vanilla", "recipe.R"],
        cwd=folder, env={**os.environ, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "figure_r.pdf").stat().st_size > 2000
    boxes = read_table(folder / "boxes.csv")
    average = read_table(folder / "average.csv")
    for condition in read_page(service)["figures"]["conditions"]:
        name = condition["condition"]
        found = {
            row["measure"]: list(map(number, list(row.values())[2:]))
            for row in boxes
            if row["condition"] == name
        }
        assert_boxes(found, condition["measures"])
        steps = [row for row in average if row["condition"] == name]
        assert_average(
            {axis: [number(row[axis]) for row in steps] for axis in AXES}, condition["average"]
        )


def assert_boxes(found: dict[str, list[float]], expected: dict[str, dict[str, float]]) -> None:
    """Compare n, mean, SD, least, quartiles and most of each measure with the page's."""
    assert found.keys() == expected.keys()
    assert len(found) > 15
    for name, box in expected.items():
        # Of a single trial there is no SD.
        numbers = [math.nan if one is None else one for one in box.values()]
        assert found[name] == pytest.approx(numbers, rel=1e-9, abs=1e-9, nan_ok=True), name


def assert_average(found: dict[str, list[float]], expected: dict[str, list[float]]) -> None:
    """Compare all steps with the page's, which are rounded to hundredths."""
    for axis in AXES:
        assert len(found[axis]) == 101
        assert found[axis] == pytest.approx(expected[axis], abs=0.00501), axis


def test_the_file_for_mousetrap_has_its_columns(analysed: Any) -> None:
    table = pd.read_parquet(analysed[1] / "mousetrap.parquet")
    assert {"mt_id", "timestamps", "xpos", "ypos", "mt_seq"} <= set(table.columns)
    for _, trial in table.groupby("mt_id"):
        assert list(trial["mt_seq"]) == list(range(1, len(trial) + 1))
        assert trial["timestamps"].is_monotonic_increasing
        assert 0 <= trial["timestamps"].iloc[0] < 2000


def read(service: Service, path: str, **query: str) -> dict[str, Any]:
    return ask(service, f"api/v1/{path}", **query).json()


def read_page(service: Service) -> dict[str, Any]:
    """Return what the study's page draws."""
    return ask(service, "study/figures/", study="animals", exclude=LEFT_OUT).json()


def ask(service: Service, path: str, **query: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {os.environ['POINTERSCOPE_KEY']}"}
    answer = requests.get(f"{service.url}/{path}", params=query, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer


def read_table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def number(cell: str) -> float:
    return math.nan if cell == "NA" else float(cell)
