"""How the pointing task looks and sounds: axe in both themes, and every width."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import open_chromium
from tests.pointing import WATCH, do_run
from tests.service import Service
from tests.test_accessibility import violations

WIDTHS = (360, 768, 1280, 3840)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_chromium() as chromium:
        context = chromium.new_context(viewport={"width": 1000, "height": 800})
        context.add_init_script(WATCH)
        yield context.new_page()


def test_every_state_passes_axe_and_fits_every_width(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/tasks/pointing/?targets=9&amplitudes=100&widths=200")
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == [], "an address with faults, and the settings"
    page.goto(f"{service.url}/tasks/pointing/?targets=9&amplitudes=200,240&widths=30&practice=no")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == [], "a ring"
    do_run(page, 2)
    expect(page.locator("[data-stored]")).not_to_be_empty()
    assert violations(page) == [], "results"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
