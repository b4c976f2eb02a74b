"""The list of all instances, for staff: it is stable, and says what it does not show."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.service import Service
from tests.staff import OpenStaffPage, add_statuses

# The instance of each row from top to bottom, and the row with the focus.
PLACES = """() => [[...document.querySelectorAll("[data-instance]")].map(
    ({ dataset }) => dataset.instance),
    document.activeElement.closest("[data-instance]")?.dataset.instance]"""


@pytest.fixture
def open_page(service: Service, staff: BrowserContext) -> Iterator[OpenStaffPage]:
    pages = []

    def open_page(path: str) -> Page:
        pages.append(staff.new_page())
        pages[-1].goto(service.url + path, wait_until="domcontentloaded")
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


@pytest.fixture(autouse=True)
def nobody(service: Service) -> None:
    service.sql("delete from dashboard_pointerstatus")
    service.sql("delete from dashboard_sharelink")
    service.sql("delete from dashboard_browser")
    # All viewers of a second see what was first read in it (dashboard/statuses/shared_glimpses.py).
    time.sleep(1 - time.time() % 1)


def log_on(service: Service, count: int) -> list[str]:
    """Log instances on, one after another, and return their ids, the newest first."""
    return [service.log_on()["instance_id"] for _ in range(count)][::-1]


def log_on_many(service: Service, count: int) -> None:
    with ThreadPoolExecutor(8) as callers:
        list(callers.map(lambda _: service.log_on(), range(count)))


def rows(page: Page) -> Locator:
    return page.locator("[data-instance]")


def row(page: Page, instance: str) -> Locator:
    return page.locator(f'[data-instance="{instance}"]')


def instances(page: Page) -> list[str]:
    return page.evaluate(PLACES)[0]


def expect_state(page: Page, instance: str, state: str) -> None:
    cell = row(page, instance).locator("[data-name=state]")
    expect(cell).to_have_text(state, timeout=8000)


@pytest.mark.timed
def test_the_newest_comes_first_and_leads_to_its_page(
    service: Service, open_page: OpenStaffPage
) -> None:
    resting, moving = log_on(service, 2)
    add_statuses(service, moving, dict.fromkeys(range(2, 30), 700.0))
    page = open_page("/browsers/")
    expect_state(page, moving, "Moving")
    expect_state(page, resting, "Resting")
    assert instances(page) == [resting, moving]
    assert page.locator(".sparkline path").last.bounding_box()["height"] > 10
    row(page, moving).get_by_role("link").click()
    page.wait_for_url(f"**/browsers/{moving}/")
    expect(page.locator("[data-connection-name]")).to_have_text("Live")


@pytest.mark.timed
def test_rows_keep_their_places_and_the_focus_while_all_move_and_others_come(
    service: Service, open_page: OpenStaffPage
) -> None:
    listed = log_on(service, 12)
    page = open_page("/browsers/")
    expect(rows(page)).to_have_count(12)
    row(page, listed[4]).get_by_role("link").focus()
    for speed, instance in enumerate((*listed[5:], *listed[:5])):
        add_statuses(service, instance, dict.fromkeys(range(3), 100.0 + speed))
        log_on(service, 1)
        assert page.evaluate(PLACES) == [listed, listed[4]]
        page.wait_for_timeout(300)
    expect_state(page, listed[4], "Moving")
    assert page.evaluate(PLACES) == [listed, listed[4]]


def test_new_ones_are_shown_on_request(service: Service, open_page: OpenStaffPage) -> None:
    listed = log_on(service, 3)
    page = open_page("/browsers/")
    expect(rows(page)).to_have_count(3)
    new = page.locator("[data-new]")
    expect(new).not_to_be_visible()
    added = log_on(service, 2)
    expect(new).to_have_text("2 new")
    assert instances(page) == listed
    new.press("Enter")
    expect(rows(page)).to_have_count(5)
    assert page.evaluate(PLACES) == [[*added, *listed], added[0]]
    expect(new).not_to_be_visible()
    expect(page.locator("[data-totals]")).to_have_text("5 instances, 5 here now")


def test_pages_of_three_hundred_that_move_show_each_once(
    service: Service, open_page: OpenStaffPage
) -> None:
    log_on_many(service, 300)
    ids = [str(found[0]) for found in service.sql("select instance_id from dashboard_browser")]
    page = open_page("/browsers/")
    seen = []
    for number in range(6):
        first = 50 * number + 1
        expect(page.locator("[data-place]")).to_have_text(f"{first} to {first + 49} of 300")
        seen += instances(page)
        for instance in ids[number::6]:
            add_statuses(service, instance, {0: 500.0})
        if number < 5:
            page.get_by_role("link", name="Next page").press("Enter")
    expect(page.get_by_role("link", name="Next page")).to_be_hidden()
    assert sorted(seen) == sorted(ids)
    log_on(service, 1)
    page.get_by_role("button", name="1 new").click()
    page.wait_for_url("**/browsers/")
    expect(page.locator("[data-place]")).to_have_text("1 to 50 of 301")


def test_a_killed_one_is_gone_and_below_the_present_ones(
    service: Service, open_page: OpenStaffPage
) -> None:
    here, killed = log_on(service, 2)[::-1]
    service.sql(
        "update dashboard_browser set logged_on_at = now() - interval '31 minutes'"
        " where instance_id = %s",
        (killed,),
    )
    page = open_page("/browsers/")
    expect_state(page, killed, "Gone")
    assert instances(page) == [here, killed]
    expect(row(page, killed).locator("[data-name=seen]")).to_contain_text(", has not moved")
    expect(page.locator("[data-totals]")).to_have_text("2 instances, 1 here now")


def test_one_that_is_erased_keeps_its_place(service: Service, open_page: OpenStaffPage) -> None:
    listed = log_on(service, 3)
    page = open_page("/browsers/")
    expect(rows(page)).to_have_count(3)
    service.sql("delete from dashboard_browser where instance_id = %s", (listed[1],))
    expect_state(page, listed[1], "Erased")
    assert instances(page) == listed


def test_an_id_is_copied_whole(service: Service, open_page: OpenStaffPage) -> None:
    (instance,) = log_on(service, 1)
    page = open_page("/browsers/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name=f"Copy the whole id of {instance[:8]}")
    button.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()") == instance
    expect(button).to_be_focused()


def test_without_any_instance_it_has_the_tag_to_copy_and_then_shows_the_first(
    service: Service, open_page: OpenStaffPage
) -> None:
    page = open_page("/browsers/")
    expect(page.get_by_text("No instance yet")).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the tag").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    tag = page.evaluate("navigator.clipboard.readText()")
    # The tag works: a page that contains it creates an instance.
    site = page.context.browser.new_page()
    address = f"{service.url}/a-site/"
    site.route(address, lambda route: route.fulfill(body=tag, content_type="text/html"))
    site.goto(address)
    expect(rows(page)).to_have_count(1, timeout=8000)
    expect(page.get_by_text("No instance yet")).to_be_hidden()
    site.close()


def test_a_failure_is_shown_and_recovers(open_page: OpenStaffPage) -> None:
    page = open_page("/healthz")
    problem = {"code": "busy"}
    page.route("**/rows/", lambda route: route.fulfill(status=503, json=problem), times=1)
    page.goto(page.url.replace("healthz", "browsers/"))
    expect(page.locator("[data-list-state]")).to_contain_text("Report 503 busy")
    expect(page.locator("[data-list-state]")).to_have_text("", timeout=8000)
