"""The lag from a hand's movement to the chart in Chromium, as the live page measures it."""

from playwright.sync_api import Page, Route, expect

from benchmarks.stage import Stage, stage
from benchmarks.table import Row
from tests.browser import open_chromium, sweep
from tests.patience import wait_until
from tests.service import ROOT

LIBRARY = ROOT / "node_modules" / "apexcharts" / "dist" / "apexcharts.min.js"
FLUSH_MS = 250


def measure(*, rounds: int = 3) -> list[Row]:
    """Return the row of the best round, because other load can only add to the lag."""
    with stage() as running, open_chromium() as chromium:
        lags = []
        for _ in range(rounds):
            context = chromium.new_context(viewport={"width": 1280, "height": 900})
            lags.append(lag(running, context.new_page()))
            context.close()
    return [
        Row(
            "hand to chart",
            "movement → chart in Chromium, 95th percentile",
            "the flush interval",
            min(lags) / FLUSH_MS,
            2.0,
            low=True,
            note=f"95th percentile {min(lags):.0f} ms",
        )
    ]


def lag(running: Stage, page: Page) -> float:
    """Move for some seconds on the live page; return the 95th percentile (ms) that it shows."""
    page.route("https://cdn.jsdelivr.net/**", _answer_as_cdn)
    page.goto(running.url)
    expect(page.locator("[data-charts=ready]")).to_be_attached(timeout=30_000)
    shown = page.locator("[data-quality=lag]")
    sweep(page, (100, 100), (700, 500), 4)
    wait_until(lambda: shown.get_attribute("value"), what="the page shows its lag")
    page.wait_for_timeout(1000)
    return float(shown.get_attribute("value"))


def _answer_as_cdn(route: Route) -> None:
    headers = {"Access-Control-Allow-Origin": "*"}
    route.fulfill(path=LIBRARY, content_type="text/javascript", headers=headers)
