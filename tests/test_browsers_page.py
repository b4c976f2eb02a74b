"""The list of all instances, as staff see it."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.service import Service
from tests.staff import OpenStaffPage, add_statuses


@pytest.fixture(scope="module")
def open_page(service: Service, staff: BrowserContext) -> OpenStaffPage:
    def open_page(path: str) -> Page:
        page = staff.new_page()
        page.goto(service.url + path, wait_until="domcontentloaded")
        return page

    return open_page


@pytest.fixture(autouse=True)
def nobody(service: Service) -> None:
    service.sql("delete from dashboard_pointerstatus")
    service.sql("delete from dashboard_browser")


def test_who_moves_comes_first_and_leads_to_its_page(
    service: Service, open_page: OpenStaffPage
) -> None:
    resting, moving = (service.log_on()["instance_id"] for _ in range(2))
    add_statuses(service, moving, dict.fromkeys(range(2, 30), 700.0))
    add_statuses(service, resting, {900: 700.0})
    page = open_page("/browsers/")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(moving)
    expect(rows.first).to_contain_text("Moving")
    expect(rows.last).to_contain_text("Resting")
    assert page.locator(".sparkline path").first.bounding_box()["height"] > 10
    # What moves later climbs by itself.
    add_statuses(service, resting, {0: 700.0})
    expect(rows.first).to_contain_text(resting, timeout=8000)
    rows.first.get_by_role("link").click()
    page.wait_for_url(f"**/browsers/{resting}/")
    expect(page.locator("[data-connection-name]")).to_have_text("Live")


def test_the_next_page_is_a_link(service: Service, open_page: OpenStaffPage) -> None:
    for _ in range(27):
        service.log_on()
    page = open_page("/browsers/")
    expect(page.locator("tbody tr")).to_have_count(25)
    page.get_by_role("link", name="Next page").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.get_by_role("link", name="First page")).to_be_visible()


def test_without_any_instance_it_says_how_to_get_one(open_page: OpenStaffPage) -> None:
    expect(open_page("/browsers/").get_by_text("No instance yet")).to_be_visible()


def test_a_failure_is_said_and_ends_by_itself(open_page: OpenStaffPage) -> None:
    page = open_page("/healthz")
    problem = {"code": "busy"}
    page.route("**/rows/", lambda route: route.fulfill(status=503, json=problem), times=1)
    page.goto(page.url.replace("healthz", "browsers/"))
    expect(page.locator("[data-list-state]")).to_contain_text("Report 503 busy")
    expect(page.locator("[data-list-state]")).to_have_text("", timeout=8000)
