"""A page that is watched for long does not grow in memory, and a hidden one does no work.

SOAK_SECONDS=600 (make soak) moves the pointer for ten minutes. Without it, the redraws of two
minutes run within half a minute.
"""

import os
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, expect

from tests.browser import sweep, turn
from tests.patience import wait_until
from tests.pointer import Pointer
from tests.service import Service

SOAK_SECONDS = float(os.environ.get("SOAK_SECONDS", "0"))
# The 95th percentile of the lag keeps a minute of samples; the charts' data do not grow.
MAX_GROWTH = 2 * 2**20
# Redraws at the charts' full speed, through the legend's own button.
REDRAW = """async ([seconds, least]) => {
  const button = document.querySelector("[data-series=peak]");
  let [drawn, last] = [0, null];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || drawn < least) {
    button.click();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const inner = document.querySelector("[data-chart=velocity] .apexcharts-inner");
    if (inner !== last) drawn += 1;
    last = inner;
  }
}"""
WATCH_WORK = """
window.work = { mutations: 0, frames: 0 };
window.streams = [];
window.EventSource = class extends EventSource {
  constructor(url) { super(url); streams.push(this); }
};
const { requestAnimationFrame: next } = window;
window.requestAnimationFrame = (act) => { work.frames += 1; return next(act); };
addEventListener("DOMContentLoaded", () => {
  new MutationObserver((found) => { work.mutations += found.length; }).observe(document.body,
    { attributes: true, childList: true, characterData: true, subtree: true });
});
"""
AT_REST = """async () => {
  const { mutations } = work;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return work.mutations === mutations;
}"""


@pytest.fixture
def page(staff: BrowserContext) -> Iterator[Page]:
    page = staff.new_page()
    page.add_init_script(WATCH_WORK)
    yield page
    page.close()


def expect_live(page: Page) -> None:
    expect(page.locator("[data-live][data-charts=ready][data-connection=live]")).to_be_visible()


@pytest.mark.slow
def test_minutes_of_live_charts_do_not_grow_the_heap(
    service: Service, page: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    devtools = page.context.new_cdp_session(page)
    page.goto(service.url)
    expect_live(page)
    page.evaluate(REDRAW, [1, 25])
    move(page, 5 if not SOAK_SECONDS else 60)
    before = measure(devtools)
    if SOAK_SECONDS:
        move(page, SOAK_SECONDS)
    else:
        move(page, 3)
        page.evaluate(REDRAW, [10, 100])
    after = measure(devtools)
    with capsys.disabled():
        sys.stdout.write(f"heap, nodes, listeners: {before} before, {after} after\n")
    expect_live(page)
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] + MAX_GROWTH
    # A redrawn chart may hold a few more or fewer, but never one set per redraw.
    assert after["Nodes"] < before["Nodes"] * 1.2
    assert after["JSEventListeners"] < before["JSEventListeners"] * 1.2


def move(page: Page, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sweep(page, (200, 300), (1000, 500), 1.2)
        sweep(page, (1000, 500), (200, 300), 1.2)
        time.sleep(0.4)


def measure(devtools: CDPSession) -> dict[str, int]:
    """Return the bytes of heap, DOM nodes and listeners that remain after garbage collection."""
    devtools.send("Performance.enable")
    for _ in range(3):
        devtools.send("HeapProfiler.collectGarbage")
    wanted = ("JSHeapUsedSize", "Nodes", "JSEventListeners")
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return {line["name"]: int(line["value"]) for line in metrics if line["name"] in wanted}


@pytest.mark.parametrize("path", ["/", "/browsers/{}/", "/browsers/"])
def test_a_hidden_tab_requests_nothing_and_draws_nothing(
    service: Service, page: Page, path: str
) -> None:
    pointer = Pointer(service)
    page.goto(service.url + path.format(pointer.instance_id))
    if path == "/browsers/":
        expect(page.locator("tbody tr").first).to_be_visible()
    else:
        expect_live(page)
    page.mouse.move(300, 300)
    page.mouse.move(600, 500)
    turn(page, hidden=True)
    page.wait_for_function(AT_REST, timeout=15_000)  # Current work ends.
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("work = { mutations: 0, frames: 0 }")
    pointer.send(0, 1)
    page.wait_for_timeout(3000)
    assert page.evaluate("work") == {"mutations": 0, "frames": 0}
    assert asked == []
    assert page.evaluate("streams.every(({ readyState }) => readyState === EventSource.CLOSED)")


def test_a_tab_that_becomes_visible_shows_the_movement_meanwhile(
    service: Service, page: Page
) -> None:
    pointer = Pointer(service)
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/")
    expect_live(page)
    turn(page, hidden=True)
    pointer.send(*range(7))
    wait_until(service.is_rolled_up)
    # Two tickets of the same second are equal.
    time.sleep(1)
    turn(page, hidden=False)
    expect(page.locator("[data-tile=events]")).to_have_attribute("value", "7")
    expect_live(page)
    # The first stream's ticket may have expired, so the second stream has its own.
    first, *_, second = page.evaluate("streams.map(({ url }) => url)")
    assert first != second
