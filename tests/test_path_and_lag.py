"""What the live page draws of the hand itself, and how long the way from hand to chart takes."""

from playwright.sync_api import Page, expect

from tests.service import Service
from tests.test_live_page import (
    OpenPage,
    chromium,
    console,
    expect_connection,
    open_page,
    wait_for_samples,
    wiggle,
)

__all__ = ["chromium", "console", "open_page"]

INK = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i]) ink += 1;
    return ink;
}"""
LIGHT_LOAD_MS = 500


def ink(page: Page) -> int:
    return page.locator("[data-path]").evaluate(INK)


def test_the_path_is_drawn_and_fades_away(open_page: OpenPage) -> None:
    page = open_page()
    page.locator("[data-path]").scroll_into_view_if_needed()
    assert ink(page) == 0
    wiggle(page, 0.6)
    page.wait_for_timeout(100)
    assert ink(page) > 200
    page.wait_for_timeout(14_000)
    assert ink(page) == 0


def test_from_hand_to_chart_it_takes_less_than_half_a_second(
    service: Service, open_page: OpenPage
) -> None:
    # A neighbour on the machine can only lengthen the way; so the best of three tells of ours.
    lags = [measured_lag(service, open_page()) for _ in range(3)]
    assert 0 < min(lags) < LIGHT_LOAD_MS, lags


def measured_lag(service: Service, page: Page) -> float:
    """Move for some seconds; return what the page shows, the 95th percentile in ms."""
    expect_connection(page, "Live", detail="as the pointer moves")
    expect(page.locator("[data-charts=ready]")).to_be_attached()
    wiggle(page, 4)
    wait_for_samples(service, page)
    page.wait_for_timeout(600)
    lag = float(page.locator("[data-quality=lag]").get_attribute("value"))
    page.close()
    return lag
