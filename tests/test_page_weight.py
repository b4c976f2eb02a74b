"""The cost of a first visit: bytes, a first paint that waits for nothing, and a stable layout."""

import gzip
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Response, Route, expect

from tests.browser import CDN, answer_as_cdn, sweep
from tests.patience import wait_until
from tests.service import Service
from tests.staff import add_statuses
from tests.visiting import page_id, stay

MAX_BYTES = 40 * 1024
# A "good" score is up to 0.1 (web.dev/cls); our page reserves room for all later content.
MAX_SHIFT = 0.01
WIDTHS = (360, 768, 1280, 3840)
LONG = "/long" * 35
# Each with what it shows once it has been read.
PATHS = {
    "/": "[data-charts=ready]",
    "/overview/": "[data-overview][data-charts=ready]",
    "/browsers/": "[data-instance]",
    "/browsers/{instance}/": "[data-charts=ready]",
    "/browsers/{instance}/?range=15m": "[data-charts=ready]",
    "/browsers/{instance}/path/": "[data-playback]:not([data-state=loading])",
    "/pages/": "[data-listing]:not([data-state=loading])",
    "/pages/{page}/": "[data-map][data-state=shown]",
    "/pages/{page}/instances/": "[data-listing]:not([data-state=loading])",
    "/tasks/pointing/?settings=shown": "[data-plan]:not(:empty)",
    "/access/": "h1",
    "/login/": "h1",
    "/nothing/": "h1",
}
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, sources, hadRecentInput } of list.getEntries()) if (!hadRecentInput)
    shifts.push(`${value}: ${sources.map(({ node, previousRect, currentRect }) =>
      `${node?.parentElement?.className}/${node?.className || node?.nodeName} ` +
      `${previousRect.x},${previousRect.y} to ${currentRect.x},${currentRect.y}`)}`);

}).observe({ type: "layout-shift", buffered: true });
"""

WIDEST = """[...document.body.querySelectorAll("*")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth)
  .map((element) => element.outerHTML.slice(0, 80))"""


@pytest.fixture
def page(staff: BrowserContext) -> Iterator[Page]:
    page = staff.new_page()
    page.add_init_script(WATCH_SHIFTS)
    yield page
    page.close()


def expect_charts(page: Page) -> None:
    expect(page.locator("[data-live]")).to_have_attribute("data-charts", "ready")


def test_without_the_chart_library_the_page_is_under_forty_kib_gzipped(
    service: Service, page: Page
) -> None:
    bodies: dict[str, bytes] = {}

    def keep(response: Response) -> None:
        kind = response.request.resource_type
        if "vendor" not in response.url and kind in ("document", "script", "stylesheet", "image"):
            bodies[urlsplit(response.url).path] = response.body()

    page.route(CDN, lambda route: route.abort())
    page.route("**/vendor/*", lambda route: route.abort())
    page.on("response", keep)
    page.goto(service.url)
    expect(page.locator("[data-charts=missing][data-connection=live]")).to_be_visible()
    assert {"/", "/static/dashboard/css/base.css", "/static/dashboard/live.js"} <= set(bodies)
    sizes = {path: len(gzip.compress(body)) for path, body in bodies.items()}
    assert sum(sizes.values()) <= MAX_BYTES, sizes


def test_first_paint_and_the_numbers_do_not_wait_for_the_chart_library(
    service: Service, page: Page
) -> None:
    waiting: list[Route] = []
    page.route(CDN, lambda route: waiting.append(route))
    page.goto(service.url, wait_until="domcontentloaded")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    expect(page.locator("[data-connection=live][data-charts=loading]").first).to_be_visible()
    sweep(page, (200, 300), (900, 600), 0.5)
    expect(page.locator("[data-empty]")).to_have_count(0)
    assert len(waiting) == 1
    answer_as_cdn(waiting[0])
    expect_charts(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_layout_is_stable_while_the_page_loads(
    service: Service, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(service.url)
    expect(page.locator("[data-connection=live]").first).to_be_visible()
    expect_charts(page)
    sweep(page, (30, 300), (300, 600), 1)
    expect(page.locator("[data-empty]")).to_have_count(0)
    page.wait_for_timeout(500)
    shifts = page.evaluate("shifts")
    assert sum(float(shift.partition(":")[0]) for shift in shifts) <= MAX_SHIFT, "\n".join(shifts)


def test_from_a_phone_to_4k_no_page_scrolls_sideways(service: Service, page: Page) -> None:
    instance = stay(service, LONG, [(9 * n, 5 * n, 0.2) for n in range(99)])
    add_statuses(service, instance, dict.fromkeys(range(2, 30), 123456.0))
    known = {"instance": instance, "page": page_id(service, LONG)}
    too_wide = []
    for path, shown in PATHS.items():
        page.goto(service.url + path.format(**known))
        expect(page.locator(shown).first).to_be_visible()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                too_wide.append((path, width, page.evaluate(WIDEST)))
    assert too_wide == []


def test_the_charts_labels_grow_with_the_window(service: Service, page: Page) -> None:
    page.goto(service.url)
    expect_charts(page)
    page.set_viewport_size({"width": 3840, "height": 2160})
    labels = page.locator(".apexcharts-yaxis-label")
    wait_until(lambda: not any("..." in text for text in labels.all_text_contents()))
    wait_until(lambda: cursor_place(page) == pytest.approx(grid_place(page), abs=12))


def cursor_place(page: Page) -> list[float]:
    """Return the left edge and the width of the cursor's area within the first plot, in px."""
    return page.locator("[data-plot]").first.evaluate(
        "({ style }) => ['--left', '--width'].map((n) => parseFloat(style.getPropertyValue(n)))"
    )


def grid_place(page: Page) -> list[float]:
    """Return the same for the drawn grid; empty while it is redrawn."""
    return page.locator("[data-plot]").first.evaluate(
        """(plot) => {
          const grid = plot.querySelector(".apexcharts-grid")?.getBoundingClientRect();
          return grid ? [grid.x - plot.getBoundingClientRect().x, grid.width] : [];
        }"""
    )
