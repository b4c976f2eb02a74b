"""Marks in the charts of an instance's page: lines, names at the cursor, a filter and a list."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import CDN, answer_as_cdn
from tests.patience import wait_until
from tests.service import Service
from tests.staff import OpenStaffPage, add_statuses

MARKS = """
insert into analytics_pointermark (time, browser_id, seq, name, data)
select now() - (850 - 800.0 * n / %s) * interval '1 second', id, n,
       (array['trial:end', 'trial:start'])[n %% 2 + 1], jsonb_build_object('trial', n)
from dashboard_browser, generate_series(1, %s) n where instance_id = %s
"""
ONE_NOW = """
insert into analytics_pointermark (time, browser_id, seq, name, data)
select now() - interval '3 seconds', id, 1, %s, '{}' from dashboard_browser where instance_id = %s
"""
VELOCITY = "[data-chart=velocity] [data-plot]"
LINES = "[data-chart=velocity] [data-mark-lines] span"
# Where each line should be: the mark's time in the window of the rows, 0 to 1.
SHARES = "lines => lines.map((line) => Number(line.style.getPropertyValue('--share')))"


@pytest.fixture(scope="module")
def instances(service: Service) -> dict[int, str]:
    """Instances with 0, 1, 20 and 300 marks in a quarter of an hour."""
    found = {}
    for count in (0, 1, 20, 300):
        found[count] = service.log_on()["instance_id"]
        add_statuses(service, found[count], dict.fromkeys(range(20, 840), 500.0))
        service.sql(MARKS, (max(count, 1), count, found[count]))
    return found


@pytest.fixture(scope="module")
def stored(instances: dict[int, str]) -> str:
    """The address of the instance with 20 marks, for fixed times: its lines keep their places."""
    until = datetime.now(UTC)
    times = {"since": until - timedelta(minutes=15), "until": until}
    query = urlencode({name: time.strftime("%FT%TZ") for name, time in times.items()})
    return f"/browsers/{instances[20]}/?{query}"


@pytest.fixture
def open_page(open_page: OpenStaffPage) -> OpenStaffPage:
    def open_charts(path: str) -> Page:
        page = open_page(path)
        expect(page.locator("[data-charts=ready]")).to_be_visible(timeout=20_000)
        return page

    return open_charts


@pytest.mark.timed
@pytest.mark.parametrize(
    ("count", "told", "lines"), [(0, "none in this range", 0), (1, "1", 1), (20, "20", 20)]
)
def test_each_mark_is_a_line_at_its_time(
    open_page: OpenStaffPage, instances: dict[int, str], count: int, told: str, lines: int
) -> None:
    page = open_page(f"/browsers/{instances[count]}/?range=15m")
    expect(page.locator("[data-marks-count]")).to_have_text(told)
    expect(page.locator(LINES)).to_have_count(lines)
    shares = page.locator(LINES).evaluate_all(SHARES)
    # The last is 50 s before now; the range ends within a bucket of 5 s, and a page takes seconds.
    for place, share in enumerate(shares, start=1):
        assert share == pytest.approx((50 + 800 * place / count) / 900, abs=0.03)
    expect(page.locator("[data-many]")).to_have_count(0)
    rows = page.locator("[data-marks] tbody tr")
    expect(rows).to_have_count(count)
    if count:
        page.locator("[data-marks] summary").click()
        first = rows.first.locator("th, td").all_inner_texts()
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}|.*, \d\d:\d\d:\d\d\.\d{3}", first[0])
        assert first[1:] == [f"trial:{'start' if count % 2 else 'end'}", f'{{"trial":{count}}}']


def test_many_marks_are_ticks_that_leave_the_curve_visible(
    open_page: OpenStaffPage, instances: dict[int, str]
) -> None:
    page = open_page(f"/browsers/{instances[300]}/?range=15m")
    expect(page.locator("[data-marks-count]")).to_have_text("300")
    expect(page.locator("[data-many]")).to_have_count(3)
    heights = page.locator(LINES).evaluate_all(
        "lines => lines.map(({ clientHeight }) => clientHeight)"
    )
    assert 100 < len(heights) <= 300
    assert max(heights) <= 16
    page.set_viewport_size({"width": 375, "height": 800})
    wait_until(lambda: page.locator(LINES).count() < 130)


def test_a_mouse_and_the_keyboard_name_marks(open_page: OpenStaffPage, stored: str) -> None:
    page = open_page(stored)
    expect(page.locator(LINES)).to_have_count(20)
    plot = page.locator(VELOCITY)
    line, box = page.locator(LINES).nth(7).bounding_box(), plot.bounding_box()
    assert line
    assert box
    notes = page.locator(f"{VELOCITY} [data-cursor-notes]")
    page.mouse.move(line["x"] + 3, box["y"] + 60)
    expect(notes).to_have_text("trial:end")
    page.mouse.move(line["x"] + 15, box["y"] + 60)
    expect(notes).to_have_text("")
    plot.focus()
    told = []
    for _ in range(3):
        plot.press("Shift+ArrowLeft")
        told.append(plot.get_attribute("aria-valuetext") or "")
    # From the mouse's place, just behind the eighth mark.
    names = [text.rpartition(". ")[2] for text in told]
    assert names == ["trial:end", "trial:start", "trial:end"]
    assert len(set(told)) == 3
    plot.press("Shift+ArrowRight")
    assert plot.get_attribute("aria-valuetext") == told[1]
    page.keyboard.press("Escape")
    expect(notes).to_be_hidden()


def test_a_finger_names_marks(service: Service, staff: BrowserContext, stored: str) -> None:
    assert staff.browser
    size = {"width": 375, "height": 800}
    context = staff.browser.new_context(
        storage_state=staff.storage_state(), viewport=size, has_touch=True, is_mobile=True
    )
    context.route(CDN, answer_as_cdn)
    page = context.new_page()
    page.goto(service.url + stored, wait_until="domcontentloaded")
    expect(page.locator("[data-charts=ready]")).to_be_visible(timeout=20_000)
    expect(page.locator(LINES)).to_have_count(20)
    page.locator(VELOCITY).scroll_into_view_if_needed()
    line = page.locator(LINES).nth(7).bounding_box()
    assert line
    page.touchscreen.tap(line["x"] + 1, line["y"] + 60)
    expect(page.locator(f"{VELOCITY} [data-cursor-notes]")).to_have_text(re.compile("trial:end"))
    context.close()


def test_the_filter_selects_by_name_and_stays_in_the_address_and_the_links(
    open_page: OpenStaffPage, instances: dict[int, str]
) -> None:
    page = open_page(f"/browsers/{instances[20]}/?range=15m&marks=trial:s*")
    expect(page.locator("[data-marks-count]")).to_have_text("10")
    expect(page.locator(LINES)).to_have_count(10)
    field = page.get_by_label("Named")
    expect(field).to_have_value("trial:s*")
    field.fill("trial:end")
    page.wait_for_url("**marks=trial%3Aend*")
    expect(page.locator(LINES)).to_have_count(10)
    link = page.get_by_role("link", name="1 h", exact=True).get_attribute("href") or ""
    assert parse_qs(urlsplit(link).query) == {"range": ["1h"], "marks": ["trial:end"]}
    view = page.locator("[data-copy-view]").get_attribute("data-copy") or ""
    assert parse_qs(urlsplit(view).query)["marks"] == ["trial:end"]
    field.fill("nothing")
    expect(page.locator("[data-marks-count]")).to_have_text("none named nothing")
    expect(page.locator(LINES)).to_have_count(0)
    field.fill("")
    expect(page.locator("[data-marks-count]")).to_have_text("20")
    assert "marks=" not in page.url


def test_marks_are_copied_as_lines_of_a_table(
    open_page: OpenStaffPage, instances: dict[int, str]
) -> None:
    page = open_page(f"/browsers/{instances[20]}/?range=15m")
    expect(page.locator("[data-marks-count]")).to_have_text("20")
    lines = (page.locator("[data-marks-copy]").get_attribute("data-copy") or "").split("\n")
    cells = [line.split("\t") for line in lines]
    assert [cell[1:] for cell in cells[:2]] == [
        ["trial:start", '{"trial":1}'],
        ["trial:end", '{"trial":2}'],
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", cell[0]) for cell in cells)


def test_new_marks_come_into_the_live_page(service: Service, open_page: OpenStaffPage) -> None:
    name = service.log_on()["instance_id"]
    page = open_page(f"/browsers/{name}/?range=2m")
    expect(page.locator("[data-marks-count]")).to_have_text("none in this range")
    service.sql(ONE_NOW, ("played", name))
    expect(page.locator("[data-marks-count]")).to_have_text("1")
    expect(page.locator(LINES)).to_have_count(1)
    before = page.locator(LINES).evaluate_all(SHARES)[0]
    # It moves with the window.
    wait_until(lambda: page.locator(LINES).evaluate_all(SHARES)[0] < before)


def test_marks_that_cannot_be_read_are_told_and_read_again(
    open_page: OpenStaffPage, instances: dict[int, str]
) -> None:
    page = open_page(f"/browsers/{instances[0]}/?range=15m")
    page.route("**/marks/*", lambda route: route.fulfill(status=503, json={"code": "busy"}))
    page.goto(page.url.replace(instances[0], instances[1]))
    expect(page.locator("[data-marks-count]")).to_have_text("could not be read")
    page.unroute("**/marks/*")
    expect(page.locator("[data-marks-count]")).to_have_text("1")


def test_a_refusal_is_final(open_page: OpenStaffPage, instances: dict[int, str]) -> None:
    page = open_page(f"/browsers/{instances[0]}/?range=15m")
    expect(page.locator("[data-marks-count]")).to_have_text("none in this range")
    reads = []
    page.on("request", lambda request: "/marks/" in request.url and reads.append(request.url))
    page.get_by_label("Named").evaluate("field => { field.value = 'a\\0'; }")
    page.get_by_label("Named").dispatch_event("input")
    expect(page.locator("[data-marks-count]")).to_have_text("could not be read")
    page.wait_for_timeout(2500)
    assert len(reads) == 1
