"""The host's Chromium, headless, and a simulated hand that moves its mouse."""

import math
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.service import ROOT

LIBRARY = ROOT / "node_modules" / "apexcharts" / "dist" / "apexcharts.min.js"
CDN = "https://cdn.jsdelivr.net/**"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without these flags Chromium contacts its maker's hosts at every start.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
STEP_SECONDS = 0.008


def find_chromium() -> str | None:
    """Return the host's Chromium, or the one that CHROMIUM names; no test tool installs one."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def open_chromium(*, with_cache: bool = False) -> Iterator[Browser]:
    """Run a headless Chromium; its sandbox needs an ordinary user, so it is off for root.

    Users have the back/forward cache, which Playwright disables unless `with_cache` is set.
    """
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=[*QUIET, *sandbox],
            ignore_default_args=["--disable-back-forward-cache"] if with_cache else None,
        )
        yield browser
        browser.close()


@contextmanager
def bare_chromium(url: str, profile: Path) -> Iterator[None]:
    """Show a page in a headless Chromium without a test tool, and end it."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    program = find_chromium()
    assert program, "there is no Chromium"
    process = subprocess.Popen(
        [program, "--headless=new", *QUIET, *sandbox, f"--user-data-dir={profile}", url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def answer_as_cdn(route: Route) -> None:
    """Answer with npm's copy of the chart library."""
    if not LIBRARY.is_file():
        pytest.skip("npm has not fetched ApexCharts into node_modules")
    route.fulfill(path=LIBRARY, headers=cors("text/javascript"))


def cors(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "Access-Control-Allow-Origin": "*"}


def turn(page: Page, *, hidden: bool) -> None:
    """Hide or show the page, which a headless browser never does on its own."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def sweep(page: Page, start: tuple[float, float], end: tuple[float, float], seconds: float) -> None:
    """Move the mouse like a hand: slow, fast, slow, along a slight arc."""
    began = time.monotonic()
    bend = math.dist(start, end) * 0.12
    while (part := (time.monotonic() - began) / seconds) < 1:
        page.mouse.move(*on_arc(start, end, bend, part))
        time.sleep(STEP_SECONDS)
    page.mouse.move(*end)


def on_arc(
    start: tuple[float, float], end: tuple[float, float], bend: float, part: float
) -> tuple[float, float]:
    """Return a hand's position after a share of the time, on a path bent by `bend` px.

    It uses the minimum-jerk profile of reaching movements (Flash and Hogan, 1985).
    """
    way = part**3 * (10 - 15 * part + 6 * part**2)
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy) or 1
    aside = bend * math.sin(math.pi * way)
    return start[0] + dx * way - dy / length * aside, start[1] + dy * way + dx / length * aside
