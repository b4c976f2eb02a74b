"""Staff see where on a page pointers were, in a real Chromium."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.service import Service
from tests.staff import OpenStaffPage
from tests.test_accessibility import violations
from tests.visiting import page_id, stay

SUMMARY, OF_B = (f"[data-side={side}] [data-summary]" for side in "ab")
# The mean [red, green, blue] of a cell of the picture, drawn over white.
CELL_COLOUR = """([column, row]) => {
  const canvas = document.querySelector("[data-picture]");
  const side = (16 * canvas.width) / (16 * Number(canvas.dataset.columns));
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [1, 1];
  const context = copy.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, 1, 1);
  context.drawImage(canvas, column * side, row * side, side, side, 0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""
# The cell in the middle of the darkest pixels.
DARKEST = """() => {
  const canvas = document.querySelector("[data-picture]");
  const { width, height, dataset } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let [best, x, y, n] = [Infinity, 0, 0, 0];
  for (let i = 0; i < data.length / 4; i++) {
    const [r, g, b, alpha] = data.subarray(4 * i, 4 * i + 4);
    const light = 765 + ((r + g + b - 765) * alpha) / 255;
    if (light < best) [best, x, y, n] = [light, 0, 0, 0];
    if (light === best) [x, y, n] = [x + (i % width), y + Math.floor(i / width), n + 1];
  }
  return [(x / n + 0.5) * dataset.columns / width, (y / n + 0.5) * dataset.rows / height]
    .map(Math.floor);
}"""

NEUTRAL = """() => {
  const canvas = document.querySelector("[data-picture]");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.every((byte) => byte === 0);
}"""


@pytest.fixture(scope="module")
def path(service: Service) -> str:
    """A page with 4 s in the cell (30, 60), one second in the cell (10, 5), and little between."""
    between = [(160 + 8 * n, 80 + 16 * n, 0.02) for n in range(1, 40)]
    places = [(168, 88, 1.0), *between, (488, 328, 4.0)]
    stay(service, "/a", places[:-1], label="one")
    stay(service, "/a", places[-1:], scroll=(0, 640), label="two")
    for n in range(3):
        stay(service, "/a", [(40 + n, 40, 0.1)], pointer="touch", viewport=(390, 800))
    return f"/pages/{page_id(service, '/a')}/"


def expect_shown(page: Page) -> None:
    expect(page.locator("[data-map]")).to_have_attribute("data-state", "shown")


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_the_pixels_under_the_longest_dwell_are_the_hottest(
    open_page: OpenStaffPage, path: str
) -> None:
    page = open_page(f"{path}?smoothing=0&opacity=100")
    expect_shown(page)
    assert page.evaluate(DARKEST) == [30, 60]
    long, short, never = (
        sum(page.evaluate(CELL_COLOUR, cell)) for cell in ([30, 60], [10, 5], [60, 20])
    )
    assert long < short < never == 765
    # Smoothed, the hottest place is the same, and its surroundings are warm.
    page.get_by_label("Smoothing").fill("24")
    expect(page).to_have_url(re.compile(r"\?opacity=100$"))
    expect(page.locator("[data-smoothing-words]")).to_have_text("24 px")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert page.evaluate(DARKEST) == [30, 60]
    near, far = (sum(page.evaluate(CELL_COLOUR, cell)) for cell in ([32, 60], [60, 20]))
    assert near < far == 765


def test_it_says_what_it_is_of_and_what_is_left_out(open_page: OpenStaffPage, path: str) -> None:
    page = open_page(path)
    expect_shown(page)
    summary = page.locator(SUMMARY)
    expect(summary).to_contain_text("2 instances · 43 samples · 5.8 s of dwell")
    expect(summary).to_contain_text("windows 1024 to 1439 px · all pointers · ")
    expect(page.get_by_text("Only 2 instances: this shows what single people did")).to_be_visible()
    left_out = page.locator("[data-left-out]").first
    expect(left_out).to_contain_text("samples that name no page; 3 instances with windows of other")
    expect(left_out).to_contain_text("Included: what is stored but not rolled up yet.")
    rows = page.locator("[data-cells] tr")
    page.get_by_text("Show as a table").click()
    assert rows.first.locator("th, td").all_text_contents() == ["480", "960", "4.0 s", "69.2 %"]
    # The document is 2,000 px high, deeper than anything that was touched.
    assert page.evaluate("() => document.querySelector('[data-picture]').dataset.rows") == "125"
    expect(page.locator("[data-depths]").first).to_contain_text("half of it lies above 976 px")


def test_the_table_of_cells_is_sorted_by_its_heads(open_page: OpenStaffPage, path: str) -> None:
    page = open_page(path)
    expect_shown(page)
    page.get_by_text("Show as a table").click()
    table = page.locator("table", has=page.locator("[data-cells]"))

    def columns() -> list[list[float]]:
        rows = table.locator("tbody tr").evaluate_all(
            "(rows) => rows.map((row) => [...row.cells].map((cell) => Number(cell.dataset.value)))"
        )
        return [list(column) for column in zip(*rows, strict=True)]

    whole = columns()
    assert whole[2] == sorted(whole[2], reverse=True)
    dwell, y = (table.get_by_role("columnheader", name=name) for name in ("Dwell", "y, px"))
    expect(dwell).to_have_attribute("aria-sort", "descending")
    y.get_by_role("button").press("Enter")
    expect(y).to_have_attribute("aria-sort", "descending")
    expect(dwell).not_to_have_attribute("aria-sort", "descending")
    assert columns()[1] == sorted(whole[1], reverse=True)
    page.keyboard.press("Enter")
    expect(y).to_have_attribute("aria-sort", "ascending")
    assert columns()[1] == sorted(whole[1])
    assert sorted(zip(*columns(), strict=True)) == sorted(zip(*whole, strict=True))
    assert violations(page) == []
    dwell.get_by_role("button").click()
    assert columns()[2] == whole[2]


def test_the_dwell_over_time_is_bars_and_a_table(open_page: OpenStaffPage, path: str) -> None:
    page = open_page(f"{path}?range=24h")
    hours = page.locator("[data-hours]")
    expect(hours.get_by_role("heading", name="Dwell by hour")).to_be_visible()
    assert 1 <= hours.locator("rect").count() <= 2
    a_time = "[0-9]+ [A-Z][a-z]+, [0-9]{2}:00"
    words = re.compile(f"^{a_time} to {a_time} [^ ]+; most from {a_time}: [0-9.]+ s\\.$")
    expect(hours.locator("[data-hours-words]")).to_have_text(words)
    hours.get_by_text("Show the times as a table").click()
    assert violations(page) == []
    page.get_by_role("link", name="30 d").click()
    expect(page.get_by_role("heading", name="Dwell by day")).to_be_visible()
    rows = page.locator("[data-hours-rows] tr")
    expect(rows).to_have_count(1)
    expect(rows.locator("td")).to_have_text("5.8 s")
    page.get_by_label("Label begins with").fill("two")
    expect(page.locator(SUMMARY)).to_contain_text("1 instance")
    expect(rows.locator("td")).to_have_text("4.0 s")


def test_tabs_have_the_number_of_instances_and_each_width_its_own_map(
    open_page: OpenStaffPage, path: str
) -> None:
    page = open_page(path)
    expect_shown(page)
    widths = page.locator("[data-width]")
    assert widths.locator("[data-n]").all_text_contents() == ["3", "0", "0", "2", "0", "0"]
    expect(widths.nth(3)).to_have_attribute("aria-current", "page")
    widths.first.press("Enter")
    expect(page.locator(SUMMARY)).to_contain_text("3 instances · 6 samples")
    assert query(page) == {"width": ["0"]}
    page.get_by_label("Pointer").select_option("Mouse")
    expect(page.get_by_text("Pointers were here with windows of other widths")).to_be_visible()
    page.go_back()
    expect(page.locator(SUMMARY)).to_contain_text("3 instances")
    expect(page.get_by_label("Pointer")).to_have_value("")
    page.go_back()
    expect(page.locator(SUMMARY)).to_contain_text("2 instances")


def test_the_link_is_the_view(open_page: OpenStaffPage, path: str) -> None:
    page = open_page(path)
    expect_shown(page)
    page.get_by_label("Shows").select_option("Samples")
    page.get_by_label("Label begins with").fill("tw")
    expect(page.locator(SUMMARY)).to_contain_text("1 instance · 2 samples")
    expect(page.locator(SUMMARY)).to_contain_text("labels that begin with “tw”")
    page.get_by_role("link", name="24 h").click()
    page.get_by_label("Smoothing").fill("0")
    expect_shown(page)
    asked = {"range": ["24h"], "weight": ["samples"], "label": ["tw"], "smoothing": ["0"]}
    assert query(page) == asked
    again = open_page(page.url.removeprefix(page.evaluate("location.origin")))
    expect_shown(again)
    expect(again.get_by_label("Shows")).to_have_value("samples")
    expect(again.locator(SUMMARY)).to_contain_text("1 instance · 2 samples")
    again.keyboard.press("Tab")
    copied = again.locator("[data-copy-view]").get_attribute("data-copy")
    assert {"since", "until", "width"} < parse_qs(urlsplit(copied).query).keys()


def test_a_cell_is_read_out_by_mouse_by_tap_and_by_keyboard(
    open_page: OpenStaffPage, path: str
) -> None:
    page = open_page(path)
    expect_shown(page)
    read, spoken = page.locator("[data-readout]"), page.locator("[data-spoken]")
    picture = page.get_by_role("application", name="Map of the page")
    side = picture.bounding_box()["width"] / 80
    picture.hover(position={"x": 10.5 * side, "y": 5.5 * side})
    expect(read).to_have_text("x 160 to 175, y 80 to 95 px: 1.0 s of dwell, 17.3 %")
    expect(spoken).to_have_text("")
    page.mouse.move(0, 0)
    expect(read).to_have_text("Point at the map to read a cell.")
    picture.click(position={"x": 9.5 * side, "y": 5.5 * side})
    expect(spoken).to_have_text("x 144 to 159, y 80 to 95 px: nothing")
    page.keyboard.press("ArrowRight")
    expect(spoken).to_contain_text("1.0 s of dwell")
    page.keyboard.press("Home")
    expect(read).to_have_text("x 480 to 495, y 960 to 975 px: 4.0 s of dwell, 69.2 %")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(spoken).to_contain_text("x 464 to 479, y 800 to 815 px")
    page.keyboard.press("Escape")
    expect(page.locator("[data-cell-mark]")).to_be_hidden()


def test_a_backdrop_stays_in_the_browser_and_is_in_the_saved_picture(
    open_page: OpenStaffPage, path: str
) -> None:
    page = open_page(path)
    expect_shown(page)
    picture = page.screenshot()
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    before = page.evaluate(CELL_COLOUR, [60, 20])
    chosen = {"name": "page.png", "mimeType": "image/png", "buffer": picture}
    page.get_by_label("Backdrop").set_input_files(chosen)
    expect(page.get_by_role("button", name="Remove")).to_be_visible()
    assert page.evaluate(CELL_COLOUR, [70, 3]) != before
    with page.expect_download() as download:
        page.get_by_role("button", name="Save picture").click()
    assert download.value.suggested_filename.endswith("-map.png")
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    page.get_by_label("Smoothing").fill("8")
    # The picture is saved from an address inside of the browser.
    assert [url for url in sent if not url.startswith("blob:")] == []
    page.get_by_role("button", name="Remove").press("Enter")
    assert page.evaluate(CELL_COLOUR, [70, 3]) == before
    page.get_by_label("Backdrop").set_input_files({**chosen, "buffer": b"not a picture"})
    expect(page.get_by_text("This file is no picture")).to_be_visible()


def test_states_without_a_map_say_what_to_do(
    service: Service, open_page: OpenStaffPage, path: str
) -> None:
    page = open_page(f"{path}?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z")
    expect(page.get_by_role("heading", name="No pointer was here")).to_be_visible()
    for wrong in ("weight=luck", "range=8d"):
        page = open_page(f"{path}?{wrong}")
        expect(page.get_by_text("Report 400 invalid if it stays.")).to_be_visible()
    page.get_by_role("link", name="7 d").click()
    page.goto(service.url + path)
    page.route("**/map/?**", lambda route: route.fulfill(status=503, json={"code": "busy"}))
    page.get_by_role("link", name="7 d").click()
    expect(page.get_by_text("Report 503 busy if it stays.")).to_be_visible()
    page.unroute("**/map/?**")
    page.get_by_role("button", name="Try again").press("Enter")
    expect_shown(page)
    page.route("**/map/?**", lambda route: route.fulfill(status=403, json={"code": "denied"}))
    page.get_by_role("link", name="24 h").click()
    panel = page.locator("[data-panel=denied]")
    expect(panel.get_by_role("heading", name="Log in to see this map")).to_be_visible()
    back = parse_qs(urlsplit(panel.get_by_role("link", name="Log in").get_attribute("href")).query)
    assert back == {"next": [f"{path}?range=24h"]}


def test_every_state_is_accessible_in_both_themes(open_page: OpenStaffPage, path: str) -> None:
    page = open_page(path)
    expect_shown(page)
    page.get_by_text("Show as a table").click()
    page.get_by_role("application").press("Home")
    assert violations(page) == []
    for state in ("loading", "empty", "error", "denied"):
        page.evaluate(f"document.querySelector('[data-map]').dataset.state = '{state}'")
        assert violations(page) == [], state


@pytest.mark.parametrize("width", [360, 1400, 2560])
def test_nothing_is_wider_than_the_window(
    service: Service, open_page: OpenStaffPage, path: str, width: int
) -> None:
    page = open_page("/healthz")
    page.set_viewport_size({"width": width, "height": 800})
    for query_of in ("", "?compare=label&label=one&b_label=two"):
        page.goto(f"{service.url}{path}{query_of}")
        expect_shown(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture = page.locator("[data-picture]").bounding_box()
        assert picture["x"] + picture["width"] <= width
        assert picture["height"] == pytest.approx(picture["width"] * 125 / 80, rel=0.01)


def test_a_map_compared_with_itself_is_neutral_everywhere(
    open_page: OpenStaffPage, path: str
) -> None:
    since, until = "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"
    times = f"since={since}&until={until}"
    for other in (f"compare=range&b_since={since}&b_until={until}", "compare=label&b_label="):
        page = open_page(f"{path}?{times}&{other}")
        expect_shown(page)
        expect(page.locator(OF_B)).to_contain_text("2 instances")
        assert page.evaluate("document.querySelector('[data-picture]').dataset.rows") == "125"
        assert page.evaluate(NEUTRAL), other
        page.get_by_role("application").press("Home")
        expect(page.locator("[data-spoken]")).to_contain_text("no difference")


def test_two_labels_are_compared_by_their_shares(open_page: OpenStaffPage, path: str) -> None:
    page = open_page(f"{path}?opacity=100&smoothing=0&label=two")
    expect_shown(page)
    page.get_by_label("Compare with").select_option("Other labels")
    page.get_by_label("B's labels begin with").fill("one")
    expect(page.locator(OF_B)).to_contain_text("1 instance · 41 samples")
    expect(page.locator(SUMMARY)).to_contain_text("1 instance · 2 samples")
    asked = {"label": ["two"], "compare": ["label"], "b_label": ["one"]}
    assert query(page).items() >= asked.items()
    red, _, blue = page.evaluate(CELL_COLOUR, [30, 60])
    assert red < blue, "more in A is blue"
    red, _, blue = page.evaluate(CELL_COLOUR, [10, 5])
    assert red > blue, "more in B is orange"
    assert page.evaluate(CELL_COLOUR, [60, 20]) == [255, 255, 255]
    page.get_by_role("application").press("Home")
    expect(page.locator("[data-readout]")).to_have_text(
        "x 480 to 495, y 960 to 975 px: A 100.0 %, B 0 %, A has 100.0 points more"
    )
    page.get_by_text("Show as a table").click()
    rows = page.locator("[data-cells] tr")
    assert rows.first.locator("th, td").all_text_contents() == [
        *("480", "960", "100.0 %", "0 %", "+100.0 %")
    ]
    assert rows.nth(1).locator("td").last.text_content() == "\u221256.2 %"
    assert violations(page) == []


def test_two_sites_and_the_time_before_are_compared(
    service: Service, open_page: OpenStaffPage, path: str
) -> None:
    stay(service, "/a", [(600, 600, 1.0)], site="docs.example", label="three")
    page = open_page(f"{path}?range=24h")
    expect_shown(page)
    page.get_by_label("Compare with").select_option("Another site")
    # Until B is chosen, A is shown alone.
    expect_shown(page)
    page.get_by_label("B's site").select_option("docs.example")
    expect(page.locator(OF_B)).to_contain_text("1 instance · 2 samples")
    assert query(page)["b_page"] == [str(page_id(service, "/a", "docs.example"))]
    page.get_by_label("Compare with").select_option("Another time")
    expect(page.get_by_text("B has nothing at this width.")).to_be_visible()
    stay(service, "/a", [(600, 600, 1.0)], label="four", ago=timedelta(hours=40))
    page.reload()
    expect(page.locator(OF_B)).to_contain_text("1 instance · 2 samples")
