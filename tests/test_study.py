"""study.js marks trials with the rectangles of their targets, in a real Chromium."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.as_of import read_stored
from tests.browser import open_chromium
from tests.embedding import CLEAR, WATCH, live, move, open_site, tag, wait_for_stored
from tests.patience import wait_until
from tests.service import ROOT, Service

STUDY = ROOT / "analytics" / "static" / "analytics" / "study.js"
BODY = """
<style>
    button { position: absolute; width: 120px; height: 45.5px; margin: 0; }
    #left { left: 10.25px; top: 8px }
    #right { left: 700px; top: 8px }
    #go { left: 350px; top: 500px }
</style>
<button id="left">Left</button><button id="right">Right</button><button id="go">Start</button>
"""
BEGIN = """() => {
    const of = (id) => document.getElementById(id)
    window.trial = pointerscope.trial({
        study: "mt-1", trial: 12, block: 2, condition: "incongruent",
        start: of("go"), targets: { left: of("left"), right: of("right") },
    })
}"""


@pytest.fixture
def page(service: Service, tmp_path: Path) -> Iterator[Page]:
    service.sql(CLEAR)
    study = f'<script src="{service.url}/static/analytics/study.js" defer></script>'
    with open_site(tmp_path) as site, open_chromium(with_cache=True) as chromium:
        site.write("page.html", BODY + tag(service, "defer") + study)
        context = chromium.new_context()
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(f"{site.url}/page.html")
        page.wait_for_function("!!window.pointerscope?.trial")
        yield page


def marks_of(service: Service, page: Page, count: int) -> list[dict]:
    name = page.evaluate("pointerscope.start()")["instanceId"]
    found = wait_until(
        lambda: len(marks := read_stored(service).marks[name]) == count and marks,
        what=f"{count} marks are stored",
    )
    return [mark for _, mark in sorted(found.items())]


def test_the_file_is_small() -> None:
    assert len(gzip.compress(STUDY.read_bytes(), 9)) <= 2048


def test_a_trial_is_marked_with_its_rectangles_and_its_answer(service: Service, page: Page) -> None:
    live(page)
    page.evaluate(BEGIN)
    count = move(page)
    # The second start abandons the first trial, whose end then says nothing.
    page.evaluate("() => { window.next = pointerscope.trial({ study: 'mt-1', trial: 13 }) }")
    page.evaluate("trial.end({ response: 'left' })")
    page.evaluate("next.end({ response: 'right', correct: false })")
    page.evaluate("next.end({ response: 'left', correct: true })")
    wait_for_stored(service, count)
    assert marks_of(service, page, 3) == [
        {
            "name": "trial:start",
            "data": {
                "study": "mt-1",
                "trial": 12,
                "block": 2,
                "condition": "incongruent",
                "start": [350, 500, 120, 45.5],
                "targets": {"left": [10.25, 8, 120, 45.5], "right": [700, 8, 120, 45.5]},
            },
        },
        {"name": "trial:start", "data": {"study": "mt-1", "trial": 13, "targets": {}}},
        {"name": "trial:end", "data": {"response": "right", "correct": False}},
    ]
