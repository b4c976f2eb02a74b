"""Staff find a study, and without one how to start: `/studies/` in Chromium."""

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.heat import clear
from tests.service import Service
from tests.staff import OpenStaffPage
from tests.test_accessibility import violations
from tests.test_pages_list import query, rows, state
from tests.trials import Seen, show_studies

BUSY = {"status": 503, "code": "busy"}
WIDTHS = (360, 375, 800, 1400, 3840)
LONG = "x" * 150
STUDIES = [
    Seen("stroop", people=2, each=6, age="1 hour"),
    Seen("mt-1", people=5, each=2, age="2 hours", abandoned=2),
    Seen('<b>"a/b"</b>', people=1, each=1, age="3 hours", conditions=("<i>one</i>",)),
    Seen("", people=1, each=3, age="4 hours", conditions=("",)),
    Seen("ניסוי", people=1, each=1, age="5 hours", conditions=("א", "ב", "ג", "ד", "ה", "ש")),
    Seen(LONG, people=1, each=1, age="6 hours"),
]


@pytest.fixture(scope="module")
def service(cleared_service: Service) -> Service:
    return cleared_service


def names(page: Page) -> list[str]:
    return rows(page).evaluate_all("(rows) => rows.map((row) => row.dataset.study)")


def test_studies_are_listed_by_their_last_trial_found_and_sorted(
    service: Service, open_page: OpenStaffPage
) -> None:
    show_studies(service, STUDIES)
    page = open_page("/studies/")
    expect(rows(page)).to_have_count(6)
    assert names(page) == [one.study for one in STUDIES]
    texts = [
        "stroop",
        "mt-1",
        '<b>"a/b"</b>',
        "Trials without a study",
        "ניסוי",
        LONG,
    ]
    assert page.locator("[data-rows] th [dir=auto]").all_text_contents() == texts
    second = rows(page).nth(1)
    expect(second.locator("[data-name=conditions]")).to_have_text("congruent, incongruent")
    expect(second.locator("[data-name=participants]")).to_have_text("5")
    expect(second.locator("[data-name=trials]")).to_have_text("5 abandoned 10")
    expect(page.get_by_role("link", name="Studies")).to_have_attribute("aria-current", "page")
    expect(state(page)).to_have_text("")
    assert violations(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_label("Search").focus()
    page.keyboard.type("MT")
    expect(rows(page)).to_have_count(1)
    assert query(page) == {"q": ["MT"]}
    page.get_by_role("button", name="Clear filters").press("Enter")
    expect(rows(page)).to_have_count(6)
    page.get_by_label("Sort by").focus()
    page.keyboard.type("Par")
    head = page.get_by_role("columnheader", name="Participants")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert query(page) == {"sort": ["instances"]}
    assert names(page)[:2] == ["mt-1", "stroop"]
    page.get_by_label("Sort by").select_option("Name")
    head = page.get_by_role("columnheader", name="Study")
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert names(page)[0] == ""
    page.go_back()
    expect(head).not_to_have_attribute("aria-sort", "ascending")
    page.get_by_label("Search").fill("nothing like this")
    expect(page.get_by_role("heading", name="No study matches")).to_be_visible()
    assert violations(page) == []


def test_without_any_trial_it_says_how_to_start(service: Service, open_page: OpenStaffPage) -> None:
    clear(service)
    page = open_page("/studies/")
    expect(page.get_by_role("heading", name="No trial yet")).to_be_visible()
    tags = page.get_by_role("region", name="The script tags").inner_text()
    assert f'src="{service.url}/static/analytics/study.js"' in tags
    assert "/static/analytics/tracker.js" in tags
    address = page.get_by_role("link", name="study.js").get_attribute("href")
    assert page.request.get(service.url + address).ok
    assert violations(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


def test_a_list_of_many_is_cut_into_pages(service: Service, open_page: OpenStaffPage) -> None:
    many = [Seen(f"study {n:02}", people=1, each=1, age=f"{n + 1} hours") for n in range(61)]
    show_studies(service, many)
    page = open_page("/studies/?q=study")
    expect(rows(page)).to_have_count(50)
    page.get_by_role("link", name="Next page").press("Enter")
    page.wait_for_url("**before=50")
    expect(rows(page)).to_have_count(11)
    assert names(page) == [f"study {n}" for n in range(50, 61)]
    expect(page.get_by_role("link", name="Next page")).to_be_hidden()
    page.get_by_role("link", name="First page").click()
    page.wait_for_url("**/studies/?q=study")


def test_it_says_that_it_reads_what_failed_and_recovers(
    service: Service, staff: BrowserContext
) -> None:
    show_studies(service, STUDIES[:1])
    page = staff.new_page()
    answers = [lambda route: None, lambda route: route.fulfill(status=503, json=BUSY)]

    def answer(route: Route) -> None:
        answers[0](route)

    page.route("**/study/list/**", answer)
    page.goto(f"{service.url}/studies/")
    expect(state(page)).to_have_text("Reading the list.")
    answers.pop(0)
    page.reload()
    expect(state(page)).to_have_text("Server error. Report 503 busy if it stays.")
    assert violations(page) == []
    page.unroute("**/study/list/**")
    expect(rows(page)).to_have_count(1)
    expect(state(page)).to_have_text("")
    page.goto(f"{service.url}/studies/?sort=luck")
    expect(state(page)).to_contain_text("The address has a filter or a page that does not exist.")
    page.close()


def test_who_is_logged_out_meanwhile_is_told(service: Service, staff: BrowserContext) -> None:
    show_studies(service, STUDIES[:1])
    context = staff.browser.new_context(storage_state=staff.storage_state())
    page = context.new_page()
    page.goto(f"{service.url}/studies/")
    expect(rows(page)).to_have_count(1)
    context.clear_cookies()
    page.get_by_label("Search").fill("stroop")
    expect(state(page)).to_have_text("You have been logged out. Reload to log in.")
    page.reload()
    page.wait_for_url("**/login/?next=/studies/%3Fq%3Dstroop")
    context.close()
