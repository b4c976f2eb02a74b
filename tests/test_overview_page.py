"""Staff see who is here and what all did together: `/overview/` in Chromium."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser import CDN, answer_as_cdn
from tests.heat import Seen, clear, show_pages
from tests.service import Service
from tests.staff import OpenStaffPage, add_statuses, log_in
from tests.test_accessibility import violations

BUSY = {"status": 503, "code": "busy"}
HOUR = timedelta(hours=1)
# Summer time ends in the four weeks before this, in Europe.
THEN = datetime(2026, 11, 5, 12, 20, tzinfo=UTC)
ADD_HOURS = """
insert into dashboard_coarsestatus (browser_id, interval_ms, time, events, traversed_distance,
    avg_velocity, peak_velocity, moving_time, start_x, start_y, end_x, end_y)
select id, 3600000, time, 9, 900, 0.25, 90, moving, 0, 0, 3, 4
from dashboard_browser, unnest(%s::timestamptz[], %s::float8[]) one (time, moving)
where instance_id = %s
"""


@pytest.fixture(scope="module")
def service(cleared_service: Service) -> Service:
    return cleared_service


@pytest.fixture(autouse=True)
def nobody(service: Service) -> None:
    clear(service)


def part(page: Page, name: str) -> Locator:
    return page.locator(f'[data-part="{name}"]')


def expect_read(page: Page) -> None:
    """Wait until each part has been read and drawn."""
    expect(page.locator('[data-part][data-state="live"]')).to_have_count(5)
    expect(page.locator("[data-overview]")).to_have_attribute("data-charts", "ready")


def test_staff_land_here_and_see_who_moves_and_what_all_did(
    service: Service, staff: BrowserContext
) -> None:
    show_pages(service, [Seen("/pricing", 7500, 7), Seen("/", 60, 1)])
    resting, moving = (service.log_on()["instance_id"] for _ in range(2))
    add_statuses(service, resting, dict.fromkeys(range(600, 700), 500.0))
    context = staff.browser.new_context(viewport={"width": 1400, "height": 900})
    context.route(CDN, answer_as_cdn)
    page = context.new_page()
    log_in(page, service, "correct horse battery")
    page.wait_for_url("**/overview/")
    # An instance counts as moving for ten seconds.
    add_statuses(service, moving, dict.fromkeys(range(300), 700.0))
    page.reload()
    here = part(page, "here").locator("[data-instance]")
    expect(here).to_have_count(2)
    expect(here.nth(0).locator("[data-name=state]")).to_have_text("Moving")
    expect_read(page)
    expect(part(page, "here").locator("[data-here-count]")).to_have_text("2 of 10")
    tile = {name: page.locator(f"[data-tile={name}]") for name in ("instances", "active", "each")}
    expect(tile["instances"]).to_have_text("2")
    # Half of each second was spent moving (tests/staff.py).
    expect(tile["active"]).to_have_text(f"{(300 * 700 + 100 * 500) / (400 / 2):,.0f}")
    pages = part(page, "pages").locator("[data-page-rows] tr")
    expect(pages).to_have_count(2)
    expect(pages.nth(0)).to_contain_text("2 h 5 min")
    expect(part(page, "newest").locator("[data-newest]")).to_have_count(10)
    expect(page.get_by_role("link", name="Overview")).to_have_attribute("aria-current", "page")
    assert violations(page) == []
    page.get_by_role("link", name="7 instances on /pricing").click()
    page.wait_for_url("**/instances/?time=24h")
    page.get_by_role("link", name="/pricing 7").click()
    page.wait_for_url("**/browsers/*/?since=*")
    context.close()


def test_without_any_instance_it_says_how_to_get_one_and_shows_the_first(
    service: Service, open_page: OpenStaffPage
) -> None:
    page = open_page("/overview/")
    expect(page.get_by_role("heading", name="No instance yet")).to_be_visible()
    expect(page.locator("[data-board]")).to_be_hidden()
    assert violations(page) == []
    service.log_on()
    expect(part(page, "here").locator("[data-instance]")).to_have_count(1)
    expect(page.get_by_role("heading", name="No instance yet")).to_be_hidden()
    expect(page.locator("[data-hint]")).to_contain_text("No movement in the last 24 hours")


def test_its_rows_keep_their_places_while_others_come(
    service: Service, open_page: OpenStaffPage
) -> None:
    first = service.log_on()["instance_id"]
    page = open_page("/overview/")
    rows = part(page, "here").locator("[data-instance]")
    expect(rows).to_have_count(1)
    second = service.log_on()["instance_id"]
    add_statuses(service, first, dict.fromkeys(range(5), 300.0))
    new = page.get_by_role("button", name="1 new")
    expect(new).to_be_visible()
    expect(rows).to_have_count(1)
    expect(rows.locator("[data-name=state]")).to_have_text("Moving")
    new.press("Enter")
    expect(rows).to_have_count(2)
    places = "(rows) => rows.map((row) => row.dataset.instance)"
    assert rows.evaluate_all(places) == [first, second]
    expect(rows.nth(0).get_by_role("link")).to_be_focused()


def test_the_newest_have_a_label_or_a_short_id_and_the_whole_id_to_copy(
    service: Service, open_page: OpenStaffPage
) -> None:
    plain, labelled = (service.log_on()["instance_id"] for _ in range(2))
    name = "kiosk hall 2"
    service.sql("update dashboard_browser set label = %s where instance_id = %s", (name, labelled))
    page = open_page("/overview/")
    rows = part(page, "newest").locator("[data-newest]")
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator("th")).to_have_text(name)
    expect(rows.nth(1).locator("th")).to_have_text(plain[:8])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for shown, instance in ((name, labelled), (plain[:8], plain)):
        copy = part(page, "newest").get_by_role("button", name=f"Copy the whole id of {shown}")
        copy.press("Enter")
        expect(copy).to_have_attribute("data-copied", "Copied")
        assert page.evaluate("navigator.clipboard.readText()") == instance


def test_a_part_that_fails_says_so_while_the_others_work_and_recovers(
    service: Service, staff: BrowserContext
) -> None:
    service.log_on()
    page = staff.new_page()
    answers = [lambda route: None, lambda route: route.fulfill(status=503, json=BUSY)]

    def answer(route: Route) -> None:
        answers[0](route)

    page.route("**/api/v1/pages/**", answer)
    page.goto(f"{service.url}/overview/")
    expect(part(page, "here").locator("[data-instance]")).to_have_count(1)
    state = part(page, "pages").locator("[data-part-state]")
    expect(state).to_have_text("Reading.")
    answers.pop(0)
    page.reload()
    expect(state).to_have_text("Server error. Report 503 busy if it stays.")
    expect(page.locator("[data-overview-state]")).to_have_text(
        "Server error. Report 503 busy if it stays."
    )
    expect(part(page, "here").locator("[data-part-state]")).to_have_text("")
    assert violations(page) == []
    page.unroute("**/api/v1/pages/**")
    expect(part(page, "pages").get_by_text("No page in the last 24 hours")).to_be_visible()
    expect(page.locator("[data-overview-state]")).to_have_text("")
    page.close()


def test_who_is_logged_out_meanwhile_is_told(service: Service, staff: BrowserContext) -> None:
    service.log_on()
    context = staff.browser.new_context(storage_state=staff.storage_state())
    page = context.new_page()
    page.goto(f"{service.url}/overview/?range=7d")
    expect(part(page, "here").locator("[data-instance]")).to_have_count(1)
    context.clear_cookies()
    expect(page.locator("[data-overview-state]")).to_have_text(
        "You have been logged out. Reload to log in."
    )
    page.reload()
    page.wait_for_url("**/login/?next=/overview/%3Frange%3D7d")
    context.close()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata"])
def test_the_week_has_each_hour_in_the_viewers_zone(
    service: Service, staff: BrowserContext, zone: str
) -> None:
    instance = service.log_on()["instance_id"]
    until = THEN.replace(minute=0)
    hours = {until - n * HOUR: float(n % 7 * 60) for n in range(1, 20 * 24) if n % 3 or n > 400}
    service.sql(ADD_HOURS, (list(hours), list(hours.values()), instance))
    context = staff.browser.new_context(storage_state=staff.storage_state(), timezone_id=zone)
    context.route(CDN, answer_as_cdn)
    page = context.new_page()
    page.clock.set_fixed_time(THEN)
    page.goto(f"{service.url}/overview/")
    cells = page.get_by_role("gridcell")
    expect(cells).to_have_count(168)
    page.locator("[data-part=week] summary").click()
    shown = page.locator("[data-week-table] tbody tr").evaluate_all(
        "(rows) => rows.map((row) => [...row.cells].slice(1).map((cell) => cell.textContent))"
    )
    means = defaultdict(list)
    for n in range(1, 20 * 24):
        time = until - n * HOUR
        local = time.astimezone(ZoneInfo(zone))
        means[local.hour, local.weekday()].append(hours.get(time, 0.0))
    expected = [
        [f"{sum(found) / len(found):,.1f}" for day in range(7) if (found := means[hour, day])]
        for hour in range(24)
    ]
    assert shown == expected
    context.close()


def test_the_week_is_read_by_keyboard(service: Service, open_page: OpenStaffPage) -> None:
    instance = service.log_on()["instance_id"]
    monday = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=8)
    monday = (monday - timedelta(days=monday.weekday())).replace(hour=9)
    service.sql(ADD_HOURS, ([monday], [720.0], instance))
    page = open_page("/overview/?range=30d")
    expect_read(page)
    cells = page.get_by_role("gridcell")
    cells.first.focus()
    page.keyboard.press("ArrowUp")
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    reading = page.locator("[data-week-reading]")
    expect(reading).to_contain_text("Mon, 09:00 to 10:00: ")
    expect(reading).to_contain_text(" moving, ")
    page.keyboard.press("End")
    expect(reading).to_contain_text("Mon, 23:00 to 24:00")
    page.keyboard.press("ArrowDown")
    expect(reading).to_contain_text("Tue, 23:00 to 24:00")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert reading.text_content() == focused
    # One cell alone is a stop of the tab key.
    assert page.locator(".week-cell[tabindex='0']").count() == 1


def test_no_width_scrolls_sideways(service: Service, open_page: OpenStaffPage) -> None:
    show_pages(service, [Seen("/" + "x" * 150, 7500, 7)])
    add_statuses(service, service.log_on()["instance_id"], dict.fromkeys(range(3, 30), 123456.0))
    page = open_page("/overview/")
    expect_read(page)
    for width in (360, 375, 800, 1400, 3840):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
