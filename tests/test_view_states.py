"""The staff's views while they load, are empty, fail, are live, recover, or are denied.

The states of `/` are in test_live_page.py.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.pointer import Pointer
from tests.service import Service
from tests.staff import PASSWORD, add_statuses

BUSY = {"status": 503, "code": "busy"}


@pytest.fixture
def page(staff: BrowserContext) -> Iterator[Page]:
    """A page in a separate context, which may go offline or lose its login."""
    context = staff.browser.new_context(storage_state=staff.storage_state())
    yield context.new_page()
    context.close()


@pytest.fixture
def pointer(service: Service) -> Pointer:
    return Pointer(service)


def hang(route: Route) -> None:
    """Accept the request and never answer."""


def fail(route: Route) -> None:
    route.fulfill(status=503, json=BUSY)


def expect_connection(page: Page, name: str, detail: str = "") -> None:
    expect(page.locator("[data-connection-name]")).to_have_text(name, timeout=15_000)
    expect(page.locator("[data-connection-detail]")).to_contain_text(detail, timeout=15_000)


def list_state(page: Page) -> Locator:
    return page.locator("[data-list-state]")


def test_the_list_says_that_it_is_being_read(service: Service, page: Page) -> None:
    page.route("**/rows/", hang)
    page.goto(f"{service.url}/browsers/")
    expect(list_state(page)).to_have_text("Reading the list.")


@pytest.mark.timed
def test_a_row_of_the_list_is_live(service: Service, page: Page, pointer: Pointer) -> None:
    page.goto(f"{service.url}/browsers/")
    row = page.locator(f"[data-instance='{pointer.instance_id}']")
    expect(row.locator("[data-name=state]")).to_have_text("Resting")
    line = row.locator(".sparkline-line")
    before = line.get_attribute("d")
    add_statuses(service, pointer.instance_id, dict.fromkeys(range(4), 900.0))
    expect(row.locator("[data-name=state]")).to_have_text("Moving")
    expect(row.locator("[data-name=now]")).to_have_text("900")
    moved = line.get_attribute("d")
    assert moved != before
    # Time passes: the movement slides to the left.
    expect(line).not_to_have_attribute("d", moved)


def test_the_list_without_network_keeps_its_rows_and_recovers(
    service: Service, page: Page, pointer: Pointer
) -> None:
    page.goto(f"{service.url}/browsers/")
    rows = page.locator(f"[data-instance='{pointer.instance_id}']")
    expect(rows).to_have_count(1)
    page.context.set_offline(True)
    expect(list_state(page)).to_have_text("The service does not answer. Trying again.")
    expect(rows).to_have_count(1)
    page.context.set_offline(False)
    expect(list_state(page)).to_have_text("")


def test_the_list_says_that_its_user_was_logged_out(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/browsers/")
    expect(list_state(page)).to_have_text("")
    page.context.clear_cookies()
    expect(list_state(page)).to_have_text("You have been logged out. Reload to log in.")
    page.reload()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_an_instance_says_that_it_is_being_loaded(
    service: Service, page: Page, pointer: Pointer
) -> None:
    page.route("**/api/v1/**", hang)
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/")
    expect_connection(page, "Connecting", "Asking the service.")


def test_an_instance_that_has_not_moved_says_so_and_then_moves(
    service: Service, page: Page, pointer: Pointer
) -> None:
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/")
    hint = page.get_by_text("No movement in the last two minutes")
    expect(hint).to_be_visible()
    pointer.send(0, 1)
    expect(hint).to_be_hidden()
    expect(page.locator("[data-tile=distance]")).to_have_attribute("value", "5")


def test_an_instance_whose_service_fails_shows_the_code_and_recovers(
    service: Service, page: Page, pointer: Pointer
) -> None:
    page.route("**/api/v1/browsers/**", fail)
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/")
    expect_connection(page, "Server error", "Report 503 busy if it stays.")
    page.unroute("**/api/v1/browsers/**")
    expect_connection(page, "Live")


def test_an_instance_without_network_recovers_with_another_ticket(
    service: Service, page: Page, pointer: Pointer
) -> None:
    tickets = []
    page.on("request", lambda request: "/stream/" in request.url and tickets.append(request.url))
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/")
    expect_connection(page, "Live", "as the pointer moves")
    service.stop("live")
    page.context.set_offline(True)
    expect_connection(page, "Offline", "The service does not answer.")
    service.start("live")
    page.context.set_offline(False)
    expect_connection(page, "Live", "as the pointer moves")
    assert len(set(tickets)) >= 2


def test_an_instance_whose_stream_comes_before_the_next_read_is_live(
    service: Service, page: Page, pointer: Pointer
) -> None:
    page.route("**/statuses/**", lambda route: route.abort())
    page.route("**/stream/**", lambda route: route.abort(), times=1)
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/")
    expect_connection(page, "Offline", "The service does not answer.")
    expect_connection(page, "Live", "as the pointer moves")


def test_an_instance_that_logs_off_while_watched_is_not_called_live(
    service: Service, page: Page, pointer: Pointer
) -> None:
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/")
    expect_connection(page, "Live")
    expect(page.locator("[data-instance-state]")).to_contain_text("Resting, last seen")
    pointer.session.post(f"{pointer.url}log-off/", timeout=10)
    expect_connection(page, "Logged off", "Last seen")


def test_an_instance_that_is_erased_while_watched_is_shown_as_missing(
    service: Service, page: Page, pointer: Pointer
) -> None:
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/")
    expect_connection(page, "Live")
    page.route("**/stream/**", lambda route: route.abort())
    pointer.erase()
    service.stop("live")
    expect(page.locator("[data-panel=missing]")).to_be_visible(timeout=15_000)
    service.start("live")
    page.reload()
    expect(page.get_by_role("heading", name="There is no instance with this id")).to_be_visible()


def test_a_gone_instance_says_when_it_was_seen(
    service: Service, page: Page, pointer: Pointer
) -> None:
    service.sql(
        "update dashboard_browser set logged_on_at = now() - interval '50 hours'"
        " where instance_id = %s",
        (pointer.instance_id,),
    )
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/?range=2m")
    expect_connection(page, "Gone", "Last seen")
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/")
    expect_connection(page, "Stored")
    expect(page.locator("[data-instance-state]")).to_contain_text("Gone, last seen")
    expect(page.get_by_text("No movement in its whole time")).to_be_visible()


def test_a_link_opened_without_a_login_leads_to_it_and_back_to_the_view(
    service: Service, page: Page, pointer: Pointer
) -> None:
    page.context.clear_cookies()
    path = f"/browsers/{pointer.instance_id}/?range=1h&interval=1m"
    page.goto(service.url + path)
    page.locator("[data-panel=denied]").get_by_role("link", name="Log in").click()
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(service.url + path)
    expect(page.locator("[data-interval]")).to_contain_text("1 min buckets")


@pytest.mark.parametrize("query", ["", "?range=1h"])
def test_an_instance_is_not_shown_to_others(
    service: Service, page: Page, pointer: Pointer, query: str
) -> None:
    page.goto(f"{service.url}/login/")
    page.context.clear_cookies()
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/{query}")
    expect(page.locator("[data-panel=denied]")).to_be_visible()
    link = pointer.session.post(f"{pointer.url}shares/", timeout=10).json()["url"]
    path, _, ticket = link.partition("#")
    page.goto("about:blank")
    page.goto(f"{path}{query}#{ticket}")
    expect_connection(page, "Stored" if query else "Live")
    assert page.url.startswith(path)
    assert "#" not in page.url


def test_a_range_says_that_it_is_being_read(service: Service, page: Page, pointer: Pointer) -> None:
    page.route("**/statuses/*", hang)
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/?range=15m")
    expect_connection(page, "Connecting", "Reading what is stored.")


def test_a_range_that_could_not_be_read_is_read_again(
    service: Service, page: Page, pointer: Pointer
) -> None:
    page.route("**/statuses/*", lambda route: route.abort())
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/?range=15m")
    expect_connection(page, "Offline", "The service does not answer.")
    page.unroute("**/statuses/*")
    expect_connection(page, "Stored")


def test_a_range_is_denied_to_a_user_who_was_logged_out(
    service: Service, page: Page, pointer: Pointer
) -> None:
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/?range=15m")
    expect_connection(page, "Stored")
    page.route("**/time/", lambda route: (page.context.clear_cookies(), route.continue_()))
    page.reload()
    expect(page.locator("[data-panel=denied]")).to_be_visible()
