"""The pointing task in a real Chromium: a made-up hand of known throughput gets that throughput."""

import csv
import io
import json
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator
from random import Random

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, Route, expect

from analytics.studies.pointing import Point, Pointing, measure_sequence
from analytics.tests.oracle_files import ABSENT, ORACLES, PRESENT, read_rows
from tests.browser import open_chromium
from tests.patience import wait_until
from tests.pointing import WATCH, Moved, do_ring, do_run, errors, lit, press, shown, throughput
from tests.service import Service

RINGS = "targets=9&amplitudes=200,260,320&widths=32&practice=no"
# Between two movements of 150 ms the page writes two marks, which takes a slow machine 1 to 2 ms.
CLOSE = 0.02
ONE = "targets=9&amplitudes=320&widths=40&practice=no"
MEASURE_ALL = """async (sequences) => {
  const { measureSequence } = await import("/static/analytics/pointing/throughput.js");
  return sequences.map(measureSequence);
}"""
TRIALS = """
select block, targets, response, correct, rt, label from analytics_trial trial
join dashboard_browser browser on browser.id = browser_id
where study = %s and state = 'ended' order by started_at, start_seq
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1000, "height": 700})
    context.add_init_script(WATCH)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    yield page
    assert faults == []
    context.close()


def open_task(page: Page, service: Service, query: str = "") -> Page:
    page.goto(f"{service.url}/tasks/pointing/?{query}")
    expect(page.locator("[data-plan]")).not_to_be_empty()
    return page


def stored_trials(answer: Response) -> list[int]:
    """Return the numbers of trials in the service's answer for a run; none for other answers."""
    if not re.search(r"/tasks/pointing/[^/]+/\?run=", answer.url):
        return []
    return [ring["trials"] for ring in answer.json()["sequences"]]


def begin(page: Page) -> None:
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate("presses.length = 0")


def rate(page: Page) -> float:
    expect(page.get_by_role("heading", name="Your throughput")).to_be_focused()
    return float(page.locator("[data-result=throughput]").text_content() or "")


def mean_of(rings: list[list[Moved]]) -> float:
    return statistics.mean(throughput(ring) for ring in rings)


def stored_rings(service: Service, study: str, label: str) -> list[list[Moved]]:
    """Return the movements of each ring of a study as its trials are stored."""
    rings = defaultdict(list)
    for block, targets, response, correct, seconds, whose in service.sql(TRIALS, (study,)):
        centres = [(x + w / 2, y + h / 2) for x, y, w, h in (targets["from"], targets["to"])]
        x, y = map(float, response.split())
        moved = Moved(*centres, targets["to"][2], (x, y), seconds)
        assert (correct, whose) == (not errors([moved]), label)
        rings[block].append(moved)
    assert {len(ring) for ring in rings.values()} == {9}
    return list(rings.values())


def test_the_formulas_of_the_page_are_those_of_the_service(service: Service, page: Page) -> None:
    open_task(page, service)
    random = Random(411)
    sequences = []
    for number in range(60):
        count = random.choice((1, 2, 9, 13))
        there, back = (random.uniform(0, 99), 50.0), (random.uniform(400, 900), 300.0)
        spread = 0 if number % 10 == 0 else 20
        sequences.append(
            [
                Moved(
                    *((there, back) if i % 2 else (back, there)),
                    30.0,
                    tuple(value + random.gauss(0, spread) for value in (back if i % 2 else there)),
                    random.uniform(0.2, 2),
                )
                for i in range(count)
            ]
        )
    found = page.evaluate(MEASURE_ALL, [[moved._asdict() for moved in one] for one in sequences])
    undefined = 0
    for numbers, moved in zip(found, sequences, strict=True):
        ours = list(numbers.values())
        movements = [
            Pointing(Point(*a), Point(*b), width, Point(*end), time)
            for a, b, width, end, time in moved
        ]
        theirs = measure_sequence(movements, serial=True)
        undefined += theirs.throughput is None
        assert [one is None for one in ours] == [one is None for one in theirs]
        assert [one or 0 for one in ours] == pytest.approx([one or 0 for one in theirs], rel=1e-9)
    assert 5 < undefined < 40


@pytest.mark.skipif(not PRESENT, reason=ABSENT)
def test_the_page_computes_the_published_throughput(service: Service, page: Page) -> None:
    open_task(page, service)
    sequences = defaultdict(list)
    for row in read_rows("fitts_example.csv"):
        x, y = (
            {name: float(row[f"{name}_{axis}"]) for name in ("from", "to", "select")}
            for axis in "xy"
        )
        places = [(x[name], y[name]) for name in ("from", "to", "select")]
        moved = Moved(*places[:2], float(row["width"]), places[2], float(row["mt_ms"]) / 1000)
        sequences[row["sequence"]].append(moved._asdict())
    found = page.evaluate(MEASURE_ALL, list(sequences.values()))
    expected = json.loads((ORACLES / "fitts_expected.json").read_text())["sequences"]
    published = 0
    for name, numbers in zip(sequences, found, strict=True):
        serial = expected[name]["computed"]["serial"]
        assert numbers["throughput"] == pytest.approx(serial["TP_bps"], abs=1e-6)
        assert numbers["amplitude"] == pytest.approx(serial["Ae"], abs=1e-6)
        assert numbers["width"] == pytest.approx(serial["We"], abs=1e-6)
        assert numbers["trials"] == serial["n"]
        if expected[name]["published"]["variant"] == "serial":
            published += 1
            theirs = expected[name]["published"]["TP_bps"]
            assert numbers["throughput"] == pytest.approx(theirs, abs=1e-6)
    assert published == 2


@pytest.mark.timed
def test_a_run_gives_the_hands_throughput_and_a_second_run_confirms_it(
    service: Service, page: Page
) -> None:
    open_task(page, service, f"{RINGS}&study=known&participant=p 7&condition=mouse")
    begin(page)
    first = do_run(page, 3)
    found = shown(page)
    assert found["throughput"] == pytest.approx(mean_of(first), rel=CLOSE)
    assert found["errors"] == pytest.approx(100 * sum(map(errors, first)) / 27, abs=0.05)
    page.get_by_role("button", name="Run again").click()
    second = do_run(page, 3, shift=4)
    again = shown(page)
    assert again["throughput"] == pytest.approx(mean_of(second), rel=CLOSE)
    low, high = found["interval"]
    assert low < again["throughput"] < high
    agreed = page.locator("[data-stored=agrees]")
    expect(agreed).to_contain_text("bit/s from its 27 stored movements", timeout=60_000)
    said = float((agreed.text_content() or "").split(":")[1].split()[0])
    assert said == pytest.approx(again["throughput"], rel=CLOSE)
    rings = stored_rings(service, "known", "p 7")
    assert len(rings) == 6
    for ours, stored in zip((first, second), (rings[:3], rings[3:]), strict=True):
        assert mean_of(stored) == pytest.approx(mean_of(ours), rel=CLOSE)
        assert sum(map(errors, stored)) == sum(map(errors, ours))


@pytest.mark.timed
def test_a_miss_counts_and_the_second_press_of_a_double_tap_does_not(
    service: Service, page: Page
) -> None:
    open_task(page, service, ONE)
    begin(page)
    x, y, width = lit(page)
    press(page, x + width, y)  # Outside of the first target: nothing begins.
    assert lit(page) == (x, y, width)
    press(page, x, y)
    press(page, x, y)
    press(page, x, y)
    expect(page.locator("[data-progress]")).to_contain_text("1 of 9")
    for _ in range(9):
        page.wait_for_timeout(350)
        x, y, width = lit(page)
        press(page, x + width, y)
    expect(page.get_by_text("9 presses outside the target")).to_be_visible()
    expect(page.get_by_text("2 second presses of a double tap left out.")).to_be_visible()
    expect(page.locator("[data-result=errors]")).to_have_text("100.0")


def test_escape_and_stop_end_the_task_at_any_time(service: Service, page: Page) -> None:
    open_task(page, service, RINGS)
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_text("You stopped before a ring was done")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_focused()
    page.keyboard.press("Enter")
    do_ring(page)
    press(page, *lit(page)[:2])
    page.get_by_role("button", name="Stop").press("Enter")
    expect(page.get_by_text("You stopped after 1 of 3 rings.")).to_be_visible()
    expect(page.get_by_text("an interval needs two rings")).to_be_visible()


@pytest.mark.timed
def test_a_ring_begins_anew_if_the_window_changes(service: Service, page: Page) -> None:
    open_task(page, service, ONE)
    begin(page)
    press(page, *lit(page)[:2])
    press(page, *lit(page)[:2])
    page.set_viewport_size({"width": 900, "height": 600})
    expect(
        page.get_by_text("The window changed its size, so this ring begins anew.")
    ).to_be_visible()
    page.evaluate("presses.length = 0")
    moved = do_ring(page)
    assert rate(page) == pytest.approx(throughput(moved), rel=CLOSE)
    page.get_by_role("button", name="Run again").click()
    page.set_viewport_size({"width": 400, "height": 300})
    expect(page.get_by_text("this window has room for 400 \u00d7 244 px")).to_be_visible()


def test_a_finger_does_the_task(service: Service, chromium: Browser) -> None:
    size = {"width": 360, "height": 640}
    context = chromium.new_context(viewport=size, has_touch=True, is_mobile=True)
    page = open_task(context.new_page(), service, "practice=no&targets=9&study=touched")
    page.get_by_role("button", name="Start").tap()
    for _ in range(4):
        for _ in range(10):
            x, y, _width = lit(page)
            page.touchscreen.tap(round(x) + 3, round(y))
    expect(page.get_by_text("36 movements by touch")).to_be_visible()
    context.close()


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("targets=10", "A ring has 9, 11 or 13 targets"),
        ("amplitudes=20", "Amplitudes are whole numbers of px, from 40 to 4000."),
        ("widths=8,x", "Widths are whole numbers of px"),
        ("widths=8,8", "Widths are one to 4 different numbers"),
        (
            "amplitudes=100&widths=60",
            "11 targets of 60 px would overlap in a ring of 100 px; 28 px",
        ),
        (
            "amplitudes=2000&widths=40",
            "needs 2056 \u00d7 2056 px, and this window has room for 1000",
        ),
        ("amplitudes=80,90,99,70&widths=4,5,6,7&repeats=2", "These are 32 rings; 30 are the most"),
        ("repeats=11", "Each ring is shown 1 to 10 times."),
        (f"study={'x' * 65}", "The study's name has more than 64 characters."),
        ("participant=a%07b", "The participant's label has characters that cannot be printed."),
    ],
)
def test_an_address_that_cannot_be_shown_is_refused_in_words(
    service: Service, page: Page, query: str, fault: str
) -> None:
    open_task(page, service, query)
    expect(page.get_by_role("alert")).to_contain_text(fault)
    expect(page.get_by_role("button", name="Start")).to_be_disabled()


def test_the_form_makes_a_link_for_participants(service: Service, page: Page) -> None:
    open_task(page, service)
    page.get_by_text("Settings, and a link").click()
    page.get_by_label("Study").fill("mt & <1>")
    page.get_by_label("Amplitudes").fill("200 300")
    page.get_by_label("Widths").fill("20")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("[data-plan]")).to_contain_text("then 2 rings of 11 circles")
    link = page.locator("[data-link]").text_content()
    page.goto(link)
    expect(page.locator("[data-plan]")).to_contain_text("then 2 rings of 11 circles")
    expect(page.get_by_text("Settings, and a link")).to_be_hidden()
    begin(page)
    do_ring(page)
    expect(page.locator("[data-progress]")).to_have_text("Ring 1 of 2")


@pytest.mark.timed
def test_the_files_have_every_movement(service: Service, page: Page) -> None:
    open_task(page, service, f'{ONE}&study=files&participant=a,"b"')
    begin(page)
    (ring,) = do_run(page, 1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Movements as CSV").click()
    text = download.value.path().read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 9
    assert {row["participant"] for row in rows} == {'a,"b"'}
    read = [
        Moved(
            (float(row["from_x"]), float(row["from_y"])),
            (float(row["to_x"]), float(row["to_y"])),
            float(row["to_width"]),
            (float(row["selected_x"]), float(row["selected_y"])),
            float(row["time"]),
        )
        for row in rows
    ]
    assert throughput(read) == pytest.approx(throughput(ring), rel=CLOSE)
    with page.expect_download() as download:
        page.get_by_role("button", name="Everything as JSON").click()
    whole = json.loads(download.value.path().read_text())
    assert whole["settings"]["study"] == "files"
    assert whole["sequences"][0]["throughput"] == pytest.approx(throughput(read), rel=1e-9)


@pytest.mark.timed
def test_without_the_service_the_page_still_gives_its_number(service: Service, page: Page) -> None:
    open_task(page, service, f"{ONE}&study=offline")
    page.context.set_offline(True)
    begin(page)
    (ring,) = do_run(page, 1)
    assert rate(page) == pytest.approx(throughput(ring), rel=CLOSE)
    page.context.set_offline(False)
    begun = "select count(*) from analytics_pointermark where data ->> 'study' = 'offline'"
    wait_until(lambda: service.sql(begun) == [(9,)], what="the trials of the ring come later")


def end_run(page: Page, service: Service, study: str) -> Locator:
    """Do a ring; return the line that says what the service has of it."""
    open_task(page, service, f"{ONE}&study={study}")
    begin(page)
    do_run(page, 1)
    expect(page.get_by_role("heading", name="Your throughput")).to_be_focused()
    return page.locator("[data-stored]")


def test_without_the_recorder_it_says_that_nothing_is_stored(service: Service, page: Page) -> None:
    for script in ("tracker", "study"):
        page.route(f"**/analytics/{script}.js", lambda route: route.abort())
        said = end_run(page, service, "missing")
        expect(said).to_have_text(
            "The recorder did not load, so nothing is stored. The files have all movements."
        )
        expect(said).to_have_attribute("data-stored", "missing")
        page.unroute(f"**/analytics/{script}.js")
    begun = "select count(*) from analytics_pointermark where data ->> 'study' = 'missing'"
    assert service.sql(begun) == [(0,)]


def test_a_refused_recorder_says_that_nothing_is_stored(service: Service, page: Page) -> None:
    problem = {"status": 403, "code": "origin_not_allowed", "detail": "Not from here."}
    page.route("**/api/v1/browsers/", lambda route: route.fulfill(status=403, json=problem))
    said = end_run(page, service, "denied")
    expect(said).to_have_attribute("data-stored", "denied", timeout=20_000)
    expect(said).to_have_text(
        "The service did not accept the movements, so they are not stored. The files have them."
    )


def test_a_different_number_of_the_service_is_said(service: Service, page: Page) -> None:
    def change(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        for ring in found["sequences"]:
            # What a movement that is stored with another time would do. One trial has none.
            ring["throughput"] = ring["throughput"] and 1.02 * ring["throughput"]
        route.fulfill(response=answer, json=found)

    page.route("**/tasks/pointing/*/?run=*", change)
    said = end_run(page, service, "differs")
    expect(said).to_have_attribute("data-stored", "differs", timeout=60_000)
    expect(said).to_contain_text("from its 9 stored movements, which differs.")


def test_movements_that_are_not_stored_in_two_minutes_are_said(
    service: Service, page: Page
) -> None:
    def lose_one(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        for ring in found["sequences"]:
            ring["trials"] -= 1
        route.fulfill(response=answer, json=found)

    page.route("**/tasks/pointing/*/?run=*", lose_one)
    said = end_run(page, service, "late")
    # All but one of the ring's nine.
    with page.expect_response(lambda answer: 8 in stored_trials(answer), timeout=60_000):
        pass
    expect(said).to_have_attribute("data-stored", "waiting")
    page.evaluate("{ const now = Date.now; Date.now = () => now() + 120_000; }")
    expect(said).to_have_attribute("data-stored", "late", timeout=20_000)
    expect(said).to_have_text(
        "The service has not stored all movements yet. What waits is sent when it can be reached."
    )


def test_a_pen_does_the_task_and_another_pointer_begins_the_ring_anew(
    service: Service, page: Page
) -> None:
    open_task(page, service, f"{ONE}&study=pen")
    begin(page)
    session = page.context.new_cdp_session(page)

    def tap(x: float, y: float, kind: str = "pen") -> None:
        given = {"x": x, "y": y, "pointerType": kind}
        pressed = {**given, "button": "left", "buttons": 1, "clickCount": 1}
        session.send("Input.dispatchMouseEvent", {"type": "mouseMoved", **given})
        session.send("Input.dispatchMouseEvent", {"type": "mousePressed", **pressed})
        released = {**pressed, "type": "mouseReleased", "buttons": 0}
        session.send("Input.dispatchMouseEvent", released)

    def press_next(kind: str = "pen") -> None:
        x, y, _ = lit(page)
        tap(round(x) + 3, round(y), kind)

    for _ in range(4):
        press_next()
    expect(page.locator("[data-progress]")).to_contain_text("4 of 9")
    press_next("mouse")
    expect(
        page.get_by_text("You changed between mouse, pen and touch, so this ring begins anew.")
    ).to_be_visible()
    for _ in range(10):
        press_next()
    expect(page.get_by_text("9 movements by pen")).to_be_visible()
