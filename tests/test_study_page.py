"""Staff see how the trials of a study were moved, and leave some out: `/studies/{name}/`."""

import csv
import io
import statistics
from datetime import datetime, timedelta
from typing import Any
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
DOUBTED = """
select trial.id, instance_id, started_at, ended_at
from analytics_trial trial join dashboard_browser browser on browser.id = browser_id
where study = %s and (longest_gap > 0.1 or sample_rate < 59.5)
"""
FIVE_NUMBERS = ("least", "first_quartile", "median", "third_quartile", "most")
# What the figure of each measure draws, in per cent of its width: for each condition the whiskers'
# ends, the box and the median in the order of FIVE_NUMBERS, and the dots.
DRAWN = """(figures) => figures.map((figure) => [
  figure.dataset.measure,
  [...figure.querySelectorAll("svg > g")].map((group) => {
    const at = (shape, name) => parseFloat(shape.getAttribute(name));
    const [low, high] = group.querySelectorAll(".study-whisker");
    const box = group.querySelector(".study-box");
    const left = at(box, "x");
    const median = at(group.querySelector(".study-median"), "x1");
    return [
      [at(low, "x1"), left, median, left + at(box, "width"), at(high, "x2")],
      [...group.querySelectorAll(".study-dot")].map((dot) => at(dot, "cx")),
    ];
  }),
])"""
CELLS = "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim()))"
# Every number of trials that the page shows from now on.
REMEMBER_TRIALS = """() => {
  window.shown = [];
  const tile = document.querySelector('[data-tile="chosen"]');
  new MutationObserver(() => shown.push(tile.textContent)).observe(tile, { childList: true });
}"""
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


def read_figures(page: Page, service: Service) -> dict[str, Any]:
    answer = page.request.get(f"{service.url}/study/figures/", params={"study": NAME})
    return answer.json()["figures"]


def to_percent(value: float, least: float, most: float) -> float:
    return 4 + 92 * ((value - least) / (most - least) if most > least else 0.5)


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
def test_every_box_dot_and_cell_is_of_its_measure_and_condition(
    service: Service, open_page: OpenStaffPage
) -> None:
    page = open_page(PATH)
    expect(page.locator("[data-people] tr")).to_have_count(3)
    figures = read_figures(page, service)
    conditions = figures["conditions"]
    seen = page.locator("[data-measure]").evaluate_all(DRAWN)
    assert len(seen) == 17
    for measure, groups in seen:
        boxes = [one["measures"][measure] for one in conditions]
        index = figures["measures"].index(measure)
        scale = (min(box["least"] for box in boxes), max(box["most"] for box in boxes))
        for box, condition, (places, dots) in zip(boxes, conditions, groups, strict=True):
            expected = [to_percent(box[name], *scale) for name in FIVE_NUMBERS]
            assert places == pytest.approx(expected, abs=0.0101), measure
            values = [one["values"][index] for one in condition["drawn"]]
            assert dots == pytest.approx(
                [to_percent(value, *scale) for value in values], abs=0.0051
            )
    rows = page.locator("[data-measures-table] tbody tr").evaluate_all(CELLS)
    expected_rows = [
        (name.replace("_", " "), condition["condition"], list(condition["measures"][name].values()))
        for name in figures["measures"]
        for condition in conditions
        if name in condition["measures"]
    ]
    for (measure, condition, *cells), (name, whose, box) in zip(rows, expected_rows, strict=True):
        assert (measure.split(",")[0], condition) == (name, whose)
        numbers = [float(cell.replace(",", "").replace("\N{MINUS SIGN}", "-")) for cell in cells]
        # Three digits, or whole numbers from 100 on.
        assert numbers == pytest.approx(box, rel=0.0051)


@pytest.mark.usefixtures("study")
def test_each_participants_throughput_is_in_the_column_of_its_condition(
    service: Service, open_page: OpenStaffPage
) -> None:
    # The first person has ended no trial of one condition.
    service.sql(
        "update analytics_trial set state = 'abandoned' where study = %s and condition = %s"
        " and browser_id = (select id from dashboard_browser where label = 'participant 1')",
        (NAME, "congruent"),
    )
    page = open_page(PATH)
    expect(page.locator("[data-people] tr")).to_have_count(3)
    names = [one["condition"] for one in read_figures(page, service)["conditions"]]
    answer = page.request.get(f"{service.url}/api/v1/studies/throughput/", params={"study": NAME})
    rates = {(s["label"], s["condition"]): s["throughput"] for s in answer.json()["sequences"]}
    assert len(rates) == 5
    heads = page.locator("[data-people-heads] th").all_text_contents()
    assert heads[2:-1] == [f"Throughput, {name}, bit/s" for name in names]
    for label, chosen, *cells, _ in page.locator("[data-people] tr").evaluate_all(CELLS):
        assert chosen == "8"
        expected = [rates.get((label, name)) for name in names]
        assert cells == ["\N{EN DASH}" if rate is None else f"{rate:.1f}" for rate in expected]
    means = []
    for name in names:
        some = [rate for (_, whose), rate in rates.items() if whose == name]
        means.append(f"{name} {statistics.fmean(some):.1f} bit/s (n = {len(some)})")
    expect(page.locator("[data-throughput-note]")).to_have_text(
        f"Mean throughput of participants, ISO 9241-411: {'; '.join(means)}."
    )


@pytest.mark.usefixtures("study")
def test_a_doubtful_trial_leads_to_its_instance_at_that_time(
    service: Service, open_page: OpenStaffPage
) -> None:
    page = open_page(PATH)
    page.locator(".study-doubts summary").click()
    rows = page.locator("[data-doubts] tr")
    expect(rows).to_have_count(2)
    for trial, instance, start, end in service.sql(DOUBTED, (NAME,)):
        address = urlsplit(page.locator(f"#doubt-{trial}").get_attribute("href"))
        assert address.path == f"/browsers/{instance}/"
        since, until = (parse_qs(address.query)[name][0] for name in ("since", "until"))
        # The page's clock has milliseconds.
        around = timedelta(seconds=2, milliseconds=1)
        assert start - around <= datetime.fromisoformat(since) <= start - timedelta(seconds=2)
        assert end + timedelta(seconds=1.999) <= datetime.fromisoformat(until) <= end + around


@pytest.mark.usefixtures("study")
def test_conditions_are_hidden_and_paths_read_by_keyboard(open_page: OpenStaffPage) -> None:
    page = open_page(PATH)
    expect(page.locator(".study-average").first).to_be_visible()
    button = page.get_by_role("button", name="congruent 12", exact=True)
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "false")
    shown = page.locator("[data-paths-drawing] > [data-condition]:visible")
    expect(shown).to_have_count(2)
    names = page.locator("[data-legend] bdi").all_text_contents()
    hidden, other = (names.index(name) for name in ("congruent", STUDY.conditions[1]))
    assert shown.evaluate_all("all => all.map((one) => one.dataset.condition)") == [f"c{other}"] * 2
    expect(page.locator(f"[data-measures] [data-condition=c{hidden}]:visible")).to_have_count(0)
    slider = page.get_by_role("slider")
    slider.focus()
    for key in ("Home", "ArrowRight", "PageUp", "ArrowLeft"):
        page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuenow", "10")
    text = slider.get_attribute("aria-valuetext")
    # Of the condition that is shown.
    assert text.startswith(f"10 % of the time: {STUDY.conditions[1]} ")
    assert ";" not in text
    expect(page.locator("[data-paths-reading]")).to_have_text(text)
    button.press("Enter")
    expect(page.locator("[data-paths-reading]")).to_contain_text("; ")
    page.locator("[data-paths-drawing]").hover()
    expect(page.locator("[data-paths-reading]")).not_to_contain_text("10 % of the time")


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
    expect(page.locator("[data-rule=slow] [data-rule-share]")).to_have_text("4.2 %")
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


@pytest.mark.usefixtures("study")
def test_an_answer_to_an_earlier_filter_is_not_shown(
    service: Service, open_page: OpenStaffPage
) -> None:
    page = open_page(PATH)
    expect(tile(page, "chosen")).to_have_text("24")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/study/figures/**", hold)
    add_trials(service, STUDY._replace(each=2, age="1 minute"))
    # It reads by itself every five seconds.
    with page.expect_request("**/study/figures/**", timeout=15_000):
        pass
    page.evaluate(REMEMBER_TRIALS)
    page.get_by_role("combobox", name="Condition").fill("congruent")
    page.keyboard.press("Enter")
    page.wait_for_url("**?condition=congruent")
    held[0].continue_()
    expect(tile(page, "chosen")).to_have_text("15")
    assert page.evaluate("shown") == ["15"]


@pytest.mark.usefixtures("study")
def test_a_trial_that_is_made_anew_is_shown_within_a_minute(
    service: Service, open_page: OpenStaffPage
) -> None:
    page = open_page(PATH)
    expect(page.get_by_role("button", name="congruent 12", exact=True)).to_be_visible()
    renamed = "update analytics_trial set condition = 'other' where condition = 'congruent'"
    service.sql(f"{renamed} and study = %s", (NAME,))
    page.evaluate("{ const now = Date.now; Date.now = () => now() + 60_000; }")
    expect(page.get_by_role("button", name="other 12")).to_be_visible(timeout=15_000)


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
