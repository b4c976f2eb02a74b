"""Staff see how the trials of a study were moved, and leave some out: `/studies/{name}/`."""

import csv
import io
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.service import Service
from tests.staff import OpenStaffPage
from tests.test_accessibility import violations
from tests.trials import Seen, add_trials, show_studies

BUSY = {"status": 503, "code": "busy"}
WIDTHS = (360, 375, 800, 1400, 3840)
NAME = 'mt "1"/<b>'
STUDY = Seen(NAME, people=3, each=8, conditions=("congruent", "<i>in</i>congruent"), pointing=True)
PATH = f"/studies/{quote(NAME, safe='')}/"
# At half of the time, as the table shows it.
HALF = """
select avg(path_x[51]), stddev_samp(path_x[51]) / sqrt(count(*)),
       avg(path_y[51]), stddev_samp(path_y[51]) / sqrt(count(*))
from analytics_trial where study = %s and condition = %s
"""
GAP = "select id from analytics_trial where longest_gap > 0.1 and study = %s"


@pytest.fixture(scope="module")
def service(cleared_service: Service) -> Service:
    return cleared_service


@pytest.fixture
def study(service: Service) -> None:
    show_studies(service, [STUDY, Seen("another", people=1, each=1)])


def tile(page: Page, name: str) -> Locator:
    return page.locator(f'[data-tile="{name}"]')


def state(page: Page) -> Locator:
    return page.locator("[data-study-state]")


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.usefixtures("study")
def test_it_shows_who_took_part_the_paths_and_each_measure(
    service: Service, open_page: OpenStaffPage
) -> None:
    page = open_page("/studies/")
    page.get_by_role("link", name=NAME).click()
    page.wait_for_url(f"**{PATH}")
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(tile(page, "instances")).to_have_text("3")
    expect(tile(page, "chosen")).to_have_text("24")
    expect(tile(page, "left_out")).to_have_text("none left out")
    expect(tile(page, "instances_left_out")).to_have_text("distinct instances")
    expect(page.locator(".study-path")).to_have_count(24)
    expect(page.locator(".study-average")).to_have_count(2)
    expect(page.locator(".study-band")).to_have_count(2)
    page.locator("summary", has_text="Show as a table").first.click()
    cells = page.locator("[data-paths-table] tbody tr").nth(5).locator("td")
    # Conditions are sorted as the database sorts them.
    names = page.locator("[data-legend] bdi").all_text_contents()
    assert sorted(names) == sorted(STUDY.conditions)
    for n, name in enumerate(names):
        x, ex, y, ey = service.sql(HALF, (NAME, name))[0]
        expect(cells.nth(n)).to_have_text(f"{x:.1f} ± {ex:.1f}, {y:.1f} ± {ey:.1f}")
    measures = page.locator("[data-measures] [data-measure]")
    expect(measures.first).to_contain_text("rt")
    assert measures.count() == 17
    expect(measures.first.locator(".study-dot")).to_have_count(24)
    people = page.locator("[data-people] tr")
    expect(people).to_have_count(3)
    expect(people.first).to_contain_text("participant 1")
    expect(page.locator("[data-throughput-note]")).to_contain_text("bit/s (n = 3)")
    expect(state(page)).to_have_text("")
    assert violations(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


@pytest.mark.usefixtures("study")
def test_conditions_are_hidden_and_paths_read_by_keyboard(open_page: OpenStaffPage) -> None:
    page = open_page(PATH)
    expect(page.locator(".study-average").first).to_be_visible()
    button = page.get_by_role("button", name="congruent 12", exact=True)
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "false")
    shown = page.locator("[data-paths-drawing] > [data-condition]:visible")
    expect(shown).to_have_count(2)
    slider = page.get_by_role("slider")
    slider.focus()
    for key in ("Home", "ArrowRight", "PageUp", "ArrowLeft"):
        page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuenow", "10")
    text = slider.get_attribute("aria-valuetext")
    assert text.startswith("10 % of the time: ")
    expect(page.locator("[data-paths-reading]")).to_have_text(text)
    page.locator("[data-paths-drawing]").hover()
    expect(page.locator("[data-paths-reading]")).not_to_have_text(text)


@pytest.mark.usefixtures("study")
def test_trials_are_left_out_in_the_address_and_in_the_export(
    service: Service, open_page: OpenStaffPage
) -> None:
    page = open_page(PATH)
    expect(tile(page, "chosen")).to_have_text("24")
    expect(page.locator("[data-rule=slow] [data-rule-count]")).to_have_text("1")
    expect(page.locator("[data-rule=slow] [data-rule-share]")).to_have_text("4.2 %")
    page.get_by_label("Leave out: Under 60 Hz").press("Space")
    expect(tile(page, "chosen")).to_have_text("23")
    expect(tile(page, "left_out")).to_have_text("1 of 24 left out")
    assert query(page) == {"exclude": ["slow"]}
    page.locator(".study-doubts summary").click()
    expect(page.locator("[data-doubts] tr")).to_have_count(2)
    page.get_by_label("Leave out trial 2 of participant 1").check()
    expect(tile(page, "chosen")).to_have_text("22")
    expect(page.locator(".study-path")).to_have_count(22)
    (gap,) = service.sql(GAP, (NAME,))[0]
    assert query(page) == {"exclude": [f"slow,{gap}"]}
    page.get_by_role("combobox", name="Condition").fill("congruent")
    page.keyboard.press("Enter")
    expect(tile(page, "left_out")).to_have_text("1 of 12 left out")
    page.reload()
    expect(tile(page, "chosen")).to_have_text("11")
    expect(page.get_by_label("Leave out: Under 60 Hz")).to_be_checked()
    for kind in ("CSV", "NDJSON", "Parquet"):
        for what, rows in (
            ("These trials", 11),
            ("Their paths", 11 * 101),
            ("Their throughput", 3),
        ):
            link = page.get_by_role("link", name=f"{what} as {kind}")
            answer = page.request.get(service.url + link.get_attribute("href"))
            assert answer.ok
            if kind == "CSV":
                found = list(csv.DictReader(io.StringIO(answer.text())))
                assert len(found) == rows
                assert {row["condition"] for row in found} == {"congruent"}
    copied = page.get_by_role("button", name="Copy link").get_attribute("data-copy")
    assert copied.startswith(service.url + PATH)
    assert parse_qs(urlsplit(copied).query) == {
        "exclude": [f"slow,{gap}"],
        "condition": ["congruent"],
    }
    page.get_by_role("button", name="Clear filters").first.click()
    expect(tile(page, "chosen")).to_have_text("24")
    expect(page.get_by_label("Leave out: Under 60 Hz")).not_to_be_checked()


@pytest.mark.usefixtures("study")
def test_new_trials_appear_by_themselves_and_the_focus_stays(
    service: Service, open_page: OpenStaffPage
) -> None:
    page = open_page(PATH)
    link = page.get_by_role("link", name="participant 2").first
    link.focus()
    add_trials(service, STUDY._replace(each=2, age="1 minute"))
    expect(tile(page, "chosen")).to_have_text("30", timeout=15_000)
    expect(page.locator(".study-path")).to_have_count(30)
    expect(link).to_be_focused()


def test_it_says_that_it_reads_what_failed_and_that_nothing_matches(
    service: Service, staff: BrowserContext, study: None
) -> None:
    page = staff.new_page()
    answers = [lambda route: None, lambda route: route.fulfill(status=503, json=BUSY)]

    def answer(route: Route) -> None:
        answers[0](route)

    page.route("**/study/figures/**", answer)
    page.goto(service.url + PATH)
    expect(state(page)).to_have_text("Reading the trials.")
    answers.pop(0)
    page.reload()
    expect(state(page)).to_have_text("Server error. Report 503 busy if it stays.")
    assert violations(page) == []
    page.unroute("**/study/figures/**")
    expect(tile(page, "chosen")).to_have_text("24", timeout=15_000)
    expect(state(page)).to_have_text("")
    page.goto(f"{service.url}{PATH}?condition=none")
    expect(page.get_by_role("heading", name="No trial matches")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{service.url}{PATH}?exclude=luck")
    expect(state(page)).to_contain_text("The address has a filter")
    page.goto(f"{service.url}/studies/none/")
    expect(page.get_by_role("heading", name="There is no study with this name")).to_be_visible()
    assert violations(page) == []
    page.close()


def test_who_is_logged_out_meanwhile_is_told(
    service: Service, staff: BrowserContext, study: None
) -> None:
    context = staff.browser.new_context(storage_state=staff.storage_state())
    page = context.new_page()
    page.goto(f"{service.url}/study/?study=another")
    expect(tile(page, "chosen")).to_have_text("1")
    context.clear_cookies()
    page.get_by_label("Leave out: Gaps").check()
    expect(state(page)).to_have_text("You have been logged out. Reload to log in.")
    page.reload()
    page.wait_for_url("**/login/?next=/study/%3Fstudy%3Danother%26exclude%3Dgaps")
    context.close()
