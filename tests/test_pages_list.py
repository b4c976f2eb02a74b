"""Staff find the page that holds people longest, and who was on it: `/pages/` in Chromium."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.heat import Seen, clear, show_pages
from tests.service import Service
from tests.staff import OpenStaffPage
from tests.test_accessibility import violations

BUSY = {"status": 503, "code": "busy"}
WIDTHS = (360, 375, 800, 1400, 3840)
PAGES = [
    Seen("/pricing", 7500, 7),
    Seen("/", 3600, 3),
    Seen("/docs/install", 90, 1, "docs.example"),
    Seen("/מחירון", 60, 1),
    Seen("/" + "x" * 150, 30, 1),
]


@pytest.fixture(scope="module")
def service(cleared_service: Service) -> Service:
    return cleared_service


@pytest.fixture
def five(service: Service) -> None:
    show_pages(service, PAGES)


def rows(page: Page) -> Locator:
    return page.locator("[data-rows] tr")


def names(page: Page) -> list[str]:
    return page.locator("[data-rows] th a").all_text_contents()


def state(page: Page) -> Locator:
    return page.locator("[data-list-state]")


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.usefixtures("five")
def test_the_page_with_the_most_dwell_comes_first_and_few_instances_are_named_so(
    open_page: OpenStaffPage,
) -> None:
    page = open_page("/pages/")
    expect(rows(page)).to_have_count(5)
    assert names(page) == [one.name for one in PAGES]
    expect(rows(page).nth(0)).to_contain_text("shop.example ·/pricing")
    expect(rows(page).nth(0).locator("[data-name=dwell]")).to_have_text("2 h 5 min")
    expect(rows(page).nth(0).locator("[data-name=instances]")).to_have_text(" 7")
    expect(rows(page).nth(1).locator("[data-name=instances]")).to_have_text("fewer than five 3")
    expect(state(page)).to_have_text("")
    assert violations(page) == []


@pytest.mark.usefixtures("five")
def test_in_three_clicks_from_the_list_to_what_the_longest_visitor_did(
    service: Service, open_page: OpenStaffPage
) -> None:
    page = open_page("/pages/?time=7d")
    page.get_by_role("link", name="7 instances on /pricing").click()
    page.wait_for_url("**/instances/?time=7d")
    expect(page.get_by_role("heading", level=1)).to_have_text("Instances on /pricing")
    expect(rows(page)).to_have_count(7)
    assert names(page)[0] == "/pricing 7"
    assert violations(page) == []
    page.get_by_label("Search").fill("pricing 3")
    expect(rows(page)).to_have_count(1)
    assert names(page) == ["/pricing 3"]
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_label("Sort by").select_option("Latest")
    expect(page.get_by_role("columnheader", name="On it between")).to_have_attribute(
        "aria-sort", "descending"
    )
    assert query(page) == {"sort": ["latest"]}
    expect(rows(page)).to_have_count(7)
    page.get_by_role("link", name="/pricing 7").click()
    page.wait_for_url("**/browsers/*/?since=*")
    expect(page.get_by_role("heading", level=1)).to_have_text("/pricing 7")
    expect(page.locator("nav [aria-current]")).to_have_text(["Instances", "Custom"][:1])


@pytest.mark.usefixtures("five")
def test_the_whole_id_of_a_page_s_instance_is_copied(
    service: Service, open_page: OpenStaffPage
) -> None:
    page = open_page("/pages/")
    page.get_by_role("link", name="3 instances on /", exact=True).click()
    expect(rows(page)).to_have_count(3)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copy = rows(page).nth(0).get_by_role("button", name="Copy the whole id of / 3")
    copy.press("Enter")
    expect(copy).to_have_attribute("data-copied", "Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert service.sql("select label from dashboard_browser where instance_id = %s", (copied,)) == [
        ("/ 3",)
    ]


@pytest.mark.usefixtures("five")
def test_filters_and_order_by_keyboard_are_in_the_address(open_page: OpenStaffPage) -> None:
    page = open_page("/pages/")
    expect(rows(page)).to_have_count(5)
    page.get_by_label("Search").focus()
    page.keyboard.type("PRIC")
    expect(rows(page)).to_have_count(1)
    assert query(page) == {"q": ["PRIC"]}
    page.get_by_role("button", name="Clear filters").press("Enter")
    expect(rows(page)).to_have_count(5)
    expect(page.get_by_label("Search")).to_be_focused()
    page.get_by_label("Sort by").focus()
    page.keyboard.type("Ins")
    expect(page.get_by_role("columnheader", name="Instances")).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(page.get_by_role("columnheader", name="Dwell")).not_to_have_attribute(
        "aria-sort", "descending"
    )
    assert query(page) == {"sort": ["instances"]}
    page.get_by_label("Site").fill("docs.example")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(1)
    page.reload()
    assert query(page) == {"site": ["docs.example"], "sort": ["instances"]}
    expect(rows(page)).to_have_count(1)
    page.go_back()
    expect(rows(page)).to_have_count(5)


def test_a_list_of_many_is_cut_into_pages(service: Service, open_page: OpenStaffPage) -> None:
    show_pages(service, [Seen(f"/{n:03}", 1000 - n, 0) for n in range(120)])
    page = open_page("/pages/?time=24h")
    for first, count in ((1, 50), (51, 50), (101, 20)):
        expect(rows(page)).to_have_count(count)
        expect(page.locator("[data-place]")).to_have_text(f"{first} to {first + count - 1}")
        assert names(page)[0] == f"/{first - 1:03}"
        if count == 50:
            page.get_by_role("link", name="Next page").press("Enter")
            page.wait_for_url(f"**before={first + 49}")
    expect(page.get_by_role("link", name="Next page")).to_be_hidden()
    page.get_by_role("link", name="First page").click()
    page.wait_for_url("**/pages/?time=24h")


def test_without_any_page_it_says_when_one_appears(
    service: Service, open_page: OpenStaffPage
) -> None:
    clear(service)
    page = open_page("/pages/")
    expect(page.get_by_role("heading", name="No page in the last 30 days")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{service.url}/pages/?q=nothing")
    expect(page.get_by_role("heading", name="No page matches")).to_be_visible()
    page.locator("[data-clear-all]").click()
    expect(page.get_by_role("heading", name="No page in the last 30 days")).to_be_visible()


@pytest.mark.usefixtures("five")
def test_it_says_that_it_reads_that_it_failed_and_recovers(
    service: Service, staff: BrowserContext
) -> None:
    page = staff.new_page()
    answers = [lambda route: None, lambda route: route.fulfill(status=503, json=BUSY)]
    page.route("**/api/v1/pages/**", lambda route: answers[0](route))
    page.goto(f"{service.url}/pages/")
    expect(state(page)).to_have_text("Reading the list.")
    answers.pop(0)
    page.get_by_label("Sort by").select_option("Samples")
    expect(state(page)).to_have_text("Server error. Report 503 busy if it stays.")
    assert violations(page) == []
    page.unroute("**/api/v1/pages/**")
    expect(rows(page)).to_have_count(5)
    expect(state(page)).to_have_text("")
    for wrong in ("since=yesterday", "time=8d"):
        page.goto(f"{service.url}/pages/?{wrong}")
        expect(state(page)).to_contain_text("Clear the filters.")
    expect(page.locator("[name=time]")).to_have_value("")
    page.get_by_role("button", name="Clear filters").click()
    expect(rows(page)).to_have_count(5)
    page.close()


@pytest.mark.usefixtures("five")
def test_who_is_logged_out_meanwhile_is_told(service: Service, staff: BrowserContext) -> None:
    context = staff.browser.new_context(storage_state=staff.storage_state())
    page = context.new_page()
    page.goto(f"{service.url}/pages/")
    expect(rows(page)).to_have_count(5)
    context.clear_cookies()
    page.get_by_label("Sort by").select_option("Samples")
    expect(state(page)).to_have_text("You have been logged out. Reload to log in.")
    page.reload()
    page.wait_for_url("**/login/?next=/pages/%3Fsort%3Dsamples")
    context.close()


@pytest.mark.usefixtures("five")
def test_no_width_scrolls_sideways(open_page: OpenStaffPage) -> None:
    page = open_page("/pages/")
    for path in ("", "instances/"):
        expect(rows(page).first).to_be_visible()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            assert page.locator("[data-list]").evaluate("(list) => list.scrollWidth") <= width
        if not path:
            page.get_by_role("link", name="7 instances on /pricing").click()
            page.wait_for_url("**/instances/")
