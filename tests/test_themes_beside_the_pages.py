"""The admin and the reference of the API have the theme of the pages, chosen or the system's."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.service import Service

GROUND = "getComputedStyle(document.body).backgroundColor"
# Returns the texts that have less contrast to what is behind them.
CONTRAST = """(least) => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      // Where it is nearly transparent, what lies behind it counts.
      const alpha = Number(backgroundColor.match(/rgba.*, ([\\d.]+)\\)/)?.[1] ?? 1);
      if (alpha > 0.2) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest("script, style, svg, option")) continue;
    const pair = [getComputedStyle(element).color, groundOf(element)].map(light);
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    const text = walker.currentNode.data.trim().slice(0, 40);
    if (ratio < least) bad.push(`${ratio.toFixed(1)} ${text}`);
  }
  return bad.slice(0, 20);
}"""
PAGES = {
    "/admin/": "Browsers",
    "/admin/dashboard/browser/": "Charts",
    "/admin/dashboard/apikey/": "API keys",
    "/admin/dashboard/sharelink/": "Share links",
    "/admin/django_celery_beat/periodictask/": "sweep",
    "/api/v1/docs/": "Where pointers are",
    "/api/v1/redoc/": "Where pointers are",
}


@pytest.fixture
def page(staff: BrowserContext) -> Iterator[Page]:
    page = staff.new_page()
    yield page
    page.evaluate("localStorage.clear()")
    page.close()


def test_the_admin_takes_the_theme_that_was_chosen_on_the_pages_and_the_other_way_round(
    service: Service, page: Page
) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{service.url}/browsers/")
    page.get_by_label("Theme").select_option("Dark")
    dark = page.evaluate(GROUND)
    page.goto(f"{service.url}/admin/")
    assert page.evaluate(GROUND) == dark
    page.get_by_label("Theme").select_option("Light")
    light = page.evaluate(GROUND)
    assert light != dark
    page.goto(f"{service.url}/browsers/")
    assert page.evaluate(GROUND) == light


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_every_word_can_be_read_in_the_systems_theme(
    service: Service, page: Page, path: str, theme: str
) -> None:
    service.log_on()
    page.emulate_media(color_scheme=theme)
    page.goto(service.url + path)
    # Redoc takes its time on a busy machine.
    expect(page.get_by_text(PAGES[path]).first).to_be_visible(timeout=20_000)
    is_dark = sum(map(int, page.evaluate(GROUND)[4:-1].split(","))) < 3 * 64
    assert is_dark == (theme == "dark")
    assert page.evaluate(CONTRAST, 4.5) == []
