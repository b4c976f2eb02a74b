"""One instance's page in any range, as staff see it."""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser import CDN, answer_as_cdn
from tests.patience import wait_until
from tests.service import Service
from tests.staff import OpenStaffPage, add_statuses

AGES = (*range(120, 140), *range(600, 640))


@pytest.fixture(scope="module")
def open_page(service: Service, staff: BrowserContext) -> OpenStaffPage:
    def open_page(path: str) -> Page:
        page = staff.new_page()
        page.goto(service.url + path, wait_until="domcontentloaded")
        return page

    return open_page


@pytest.fixture(scope="module")
def instance(service: Service) -> str:
    """An instance that moved ten minutes ago and, after a gap of eight minutes, just now."""
    instance = service.log_on()["instance_id"]
    add_statuses(service, instance, {ago: 500 + ago for ago in AGES})
    # An hour is shown in buckets of the second rung.
    wait_until(lambda: service.is_rolled_up(10_000), what="the second rung is rolled up")
    return instance


def expect_stored(page: Page) -> None:
    expect(page.locator("[data-connection-name]")).to_have_text("Stored")
    expect(page.locator("[data-live]")).to_have_attribute("data-charts", "ready")


def cells(page: Page, name: str) -> list[str]:
    return page.locator(f"[data-chart] td[data-name={name}]").evaluate_all(
        "cells => cells.map(cell => cell.dataset.value)"
    )


def test_a_range_is_read_once_in_fitting_buckets(open_page: OpenStaffPage, instance: str) -> None:
    page = open_page("/healthz")
    reads = []
    page.on("request", lambda request: "/statuses/" in request.url and reads.append(request.url))
    page.goto(page.url.replace("healthz", f"browsers/{instance}/?range=15m"))
    expect_stored(page)
    expect(page.locator("[data-interval]")).to_contain_text("5 s buckets")
    assert len(reads) == 1
    assert "interval=auto" in reads[0]
    expected = sum(500 + ago for ago in AGES)
    assert sum(float(value or 0) for value in cells(page, "distance")) == pytest.approx(expected)
    expect(page.locator("[data-tile=distance]")).to_have_attribute("value", str(expected))


def test_one_that_moved_yesterday_and_logged_off_opens_on_its_own_time(
    service: Service, open_page: OpenStaffPage
) -> None:
    me = service.log_on()
    day = 86_400
    add_statuses(service, me["instance_id"], dict.fromkeys(range(day, day + 300), 500.0))
    service.sql(
        "update dashboard_browser"
        " set is_active = false, logged_off_at = now() - interval '23 hours'"
        " where instance_id = %s",
        (me["instance_id"],),
    )
    page = open_page(f"/browsers/{me['instance_id']}/")
    expect_stored(page)
    page.wait_for_url("**/?range=all&interval=1s")
    known = [float(value or 0) for value in cells(page, "distance")]
    assert (len(known), sum(known)) == (300, 300 * 500)
    expect(page.locator("[data-instance-state]")).to_contain_text("Logged off, last seen")


def test_a_link_shows_the_same_curve_on_a_screen_of_another_width(
    open_page: OpenStaffPage, instance: str
) -> None:
    page = open_page(f"/browsers/{instance}/?range=15m")
    expect_stored(page)
    page.wait_for_url("**range=15m&interval=5s")
    narrow = open_page("/healthz")
    narrow.set_viewport_size({"width": 360, "height": 700})
    narrow.goto(page.url)
    expect_stored(narrow)
    expect(narrow.locator("[data-interval]")).to_contain_text("5 s buckets")
    # Without the address's interval, this screen would have other buckets.
    narrow.goto(page.url.partition("&interval")[0])
    expect_stored(narrow)
    expect(narrow.locator("[data-interval]")).to_contain_text("10 s buckets")


def test_unknown_times_are_a_gap(open_page: OpenStaffPage, instance: str) -> None:
    page = open_page(f"/browsers/{instance}/?range=15m")
    expect_stored(page)
    values = cells(page, "average")
    known = [i for i, value in enumerate(values) if value]
    holes = sum(b - a > 1 for a, b in pairwise(known))
    assert holes == 1
    line = page.locator("[data-chart=velocity] .apexcharts-line-series path").first
    assert line.get_attribute("d").count("M") >= 2


def test_dragging_across_a_chart_zooms_in(open_page: OpenStaffPage, instance: str) -> None:
    page = open_page(f"/browsers/{instance}/?range=15m")
    expect_stored(page)
    box = page.locator("[data-chart=velocity] [data-plot]").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + 60, steps=4)
    expect(page.locator("[data-chart=velocity] [data-selection]")).to_be_visible()
    page.mouse.up()
    page.wait_for_url("**since=*")
    expect_stored(page)
    expect(page.locator("[data-interval]")).to_contain_text("1 s buckets")
    assert sum(bool(float(value or 0)) for value in cells(page, "distance")) == 20


def test_a_custom_range_is_chosen_by_keyboard_alone(
    open_page: OpenStaffPage, instance: str
) -> None:
    page = open_page(f"/browsers/{instance}/?range=1h")
    expect_stored(page)
    page.locator("summary", has_text="Custom").press("Enter")
    expect(page.get_by_label("From")).not_to_have_value("")
    page.get_by_label("Until").press("Enter")
    page.wait_for_url("**since=*")
    expect_stored(page)
    assert float(page.locator("[data-tile=events]").get_attribute("value")) == 60 * 60


def test_the_headline_does_not_count_absence(open_page: OpenStaffPage, instance: str) -> None:
    page = open_page(f"/browsers/{instance}/?range=1h")
    expect_stored(page)
    moving, distance = 0.5 * len(AGES), sum(500 + ago for ago in AGES)
    velocity = float(page.locator("[data-tile=velocity]").get_attribute("value"))
    assert velocity == pytest.approx(distance / moving)
    expect(page.locator("[data-tile=moving]")).to_have_text("30.0 s")
    expect(page.locator("[data-tile=share]")).to_have_text("1")
    expect(page.locator("[data-tile=length]")).to_have_text(re.compile(r"^\d+\.\d m$"))


def test_an_export_link_is_that_of_the_range_before_it_is_clicked(
    open_page: OpenStaffPage, instance: str
) -> None:
    page = open_page(f"/browsers/{instance}/?range=15m")
    expect_stored(page)
    first = exported(page, "Statuses as CSV")
    assert first["interval"] == ["5s"]
    since, until = (datetime.fromisoformat(first[name][0]) for name in ("since", "until"))
    assert (until - since).total_seconds() == 900
    # The live range slides, and its links with it.
    page.goto(page.url.partition("?")[0] + "?range=2m")
    expect(page.locator("[data-connection-name]")).to_have_text("Live")
    wait_until(lambda: "since" in exported(page, "Samples as CSV"))
    shown = exported(page, "Samples as CSV")
    wait_until(lambda: exported(page, "Samples as CSV")["until"] > shown["until"])


def exported(page: Page, name: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.get_by_role("link", name=name).get_attribute("href")).query)


def test_a_copied_link_shows_the_same_times_later(open_page: OpenStaffPage, instance: str) -> None:
    page = open_page(f"/browsers/{instance}/?range=15m")
    expect_stored(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    shown = cells(page, "distance")
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    expect_stored(page)
    assert cells(page, "distance") == shown


def test_the_read_out_stays_in_one_line_within_its_chart(
    open_page: OpenStaffPage, instance: str
) -> None:
    page = open_page(f"/browsers/{instance}/?range=24h")
    page.set_viewport_size({"width": 360, "height": 700})
    expect_stored(page)
    plot = page.locator("[data-chart=velocity] [data-plot]")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    for part in (0.25, 0.6, 0.97):
        page.mouse.move(box["x"] + box["width"] * part, box["y"] + 60)
        for name in ("[data-cursor-time]", "[data-cursor-values]"):
            pill = plot.locator(name).bounding_box()
            assert pill["height"] < 28
            assert box["x"] <= pill["x"]
            assert pill["x"] + pill["width"] <= box["x"] + box["width"] + 1
    expect(plot.locator("[data-cursor-time]")).to_have_text(
        re.compile(r"^\d+ \w+, \d\d:\d\d$"), use_inner_text=True
    )


@pytest.fixture
def phone(staff: BrowserContext) -> Iterator[BrowserContext]:
    context = staff.browser.new_context(
        storage_state=staff.storage_state(),
        viewport={"width": 375, "height": 800},
        has_touch=True,
        is_mobile=True,
    )
    context.route(CDN, answer_as_cdn)
    yield context
    context.close()


def place_of_movement(page: Page, plot: Locator) -> tuple[float, float]:
    """Return the place of the newest bucket with movement on a plot."""
    values = cells(page, "average")  # The newest first.
    age = next(i for i, value in enumerate(values) if float(value or 0))
    left, width = plot.evaluate(
        "({ style }) => ['--left', '--width'].map((n) => parseFloat(style.getPropertyValue(n)))"
    )
    box = plot.bounding_box()
    return box["x"] + left + width * (1 - (age + 0.5) / len(values)), box["y"] + 60


def drag_finger(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Put a finger down, move it and lift it, through the browser's input events."""
    touch = page.context.new_cdp_session(page)
    for step in range(6):
        x, y = (a + (b - a) * step / 5 for a, b in zip(start, end, strict=True))
        kind = "touchMove" if step else "touchStart"
        points = [{"x": x, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_reads_by_a_tap_and_zooms_by_a_drag(
    service: Service, phone: BrowserContext, instance: str
) -> None:
    page = phone.new_page()
    page.goto(f"{service.url}/browsers/{instance}/?range=15m", wait_until="domcontentloaded")
    expect_stored(page)
    plot = page.locator("[data-chart=velocity] [data-plot]")
    plot.scroll_into_view_if_needed()
    x, y = place_of_movement(page, plot)
    address = page.url
    page.touchscreen.tap(x, y)
    values = plot.locator("[data-cursor-values]")
    expect(values).to_be_visible()
    expect(values).to_have_text(re.compile(r"^Average [\d,]+ · Peak [\d,]+ px/s$"))
    # The tap stays after the finger is lifted, in all charts, and a wobble is not a drag.
    page.wait_for_timeout(700)
    expect(page.locator("[data-chart=distance] [data-cursor-values]")).to_be_visible()
    drag_finger(page, (x, y), (x - 5, y))
    page.wait_for_timeout(300)
    assert page.url == address
    page.locator("[data-chart=velocity] h2").tap()
    expect(values).to_be_hidden()
    drag_finger(page, (x - 60, y), (x, y))
    page.wait_for_url("**since=*")
    expect_stored(page)


SMALL = """(least) => [...document.querySelectorAll(
    "a:not(.skip), button, select, summary, input, [tabindex='0']")].filter((element) => {
  const { width, height } = element.getBoundingClientRect();
  return element.checkVisibility() && width && (width < least || height < least);
}).map(({ outerHTML }) => outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("path", ["/", "/browsers/", "/browsers/{}/?range=15m", "/browsers/{}/"])
def test_everything_that_a_finger_aims_at_is_large_enough(
    service: Service, phone: BrowserContext, instance: str, path: str
) -> None:
    page = phone.new_page()
    page.goto(service.url + path.format(instance), wait_until="domcontentloaded")
    expect(page.locator("[data-charts=ready], [data-state=live]").first).to_be_visible()
    assert page.evaluate(SMALL, 24) == []


TICKS = """async ([since, until, most]) => {
  const { roundTicks } = await import("/static/dashboard/ticks.js");
  return roundTicks(Date.parse(since), Date.parse(until), most).map(({ text }) => text);
}"""


@pytest.mark.parametrize(
    ("since", "until", "most", "texts"),
    [
        ("2026-11-23T14:17:03Z", "2026-11-23T14:32:03Z", 8, "15:18 15:20 15:22 … 15:32"),
        ("2026-11-23T14:17:03Z", "2026-11-23T14:32:03Z", 4, "15:20 15:25 15:30"),
        ("2026-11-23T14:17:03Z", "2026-11-23T14:17:20Z", 4, "15:17:05 15:17:10 15:17:15 15:17:20"),
        ("2026-11-22T21:10:00Z", "2026-11-23T21:10:00Z", 5, "23 Nov 06:00 12:00 18:00"),
        # Monday by Monday, months, years.
        ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", 5, "2 Nov 9 Nov 16 Nov 23 Nov 30 Nov"),
        ("2026-01-10T00:00:00Z", "2026-07-10T00:00:00Z", 4, "Mar 2026 May 2026 Jul 2026"),
        ("2020-06-01T00:00:00Z", "2023-06-01T00:00:00Z", 4, "Jan 2021 Jan 2022 Jan 2023"),
        # Summer time begins at two and ends at three.
        ("2026-03-28T23:00:00Z", "2026-03-29T06:00:00Z", 4, "29 Mar 03:00 04:00 06:00 08:00"),
        ("2026-10-24T22:00:00Z", "2026-10-25T06:00:00Z", 5, "25 Oct 02:00 04:00 06:00"),
    ],
)
def test_the_ticks_of_the_time_axis_are_round(
    service: Service, staff: BrowserContext, since: str, until: str, most: int, texts: str
) -> None:
    context = staff.browser.new_context(timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto(f"{service.url}/login/")
    found = " ".join(page.evaluate(TICKS, [since, until, most]))
    first, _, last = texts.partition(" … ")
    assert found.startswith(first)
    assert found.endswith(last or first)
    context.close()


WRITTEN = """async () => {
  const write = await import("/static/dashboard/numerals.js");
  const flat = (parts) => parts.flat().join(" ");
  return {
    spans: [0, 59.94, 59.96, 95, 1199.9, 3599.6, 3725, 86399, 90000].map(
        (seconds) => flat(write.partsOfSpan(seconds))),
    distances: [0, 96, 3779, 3780, 224966.6, 37795276].map(
        (px) => flat(write.partsOfDistance(px))),
    wholes: [75000, 100000, -1234567.8, 0].map(write.writeWhole),
  };
}"""


def test_numbers_are_written_in_one_way(service: Service, open_page: OpenStaffPage) -> None:
    written = open_page("/login/").evaluate(WRITTEN)
    assert written == {
        "spans": [
            *("0.0 s", "59.9 s", "1 min", "1 min 35 s", "20 min"),
            *("1 h", "1 h 2 min", "1 d", "1 d 1 h"),
        ],
        "distances": ["0.0 cm", "2.5 cm", "1.0 m", "1.0 m", "59.5 m", "10.0 km"],
        "wholes": ["75,000", "100,000", "\u22121,234,568", "0"],
    }


@pytest.mark.parametrize(
    ("name", "events"),
    [("Samples as CSV", 0), ("Statuses as CSV", 60 * 60), ("Statuses as Parquet", 60 * 60)],
)
def test_the_export_is_of_the_range_that_is_shown(
    open_page: OpenStaffPage, instance: str, name: str, events: int
) -> None:
    page = open_page(f"/browsers/{instance}/?range=1h")
    expect_stored(page)
    expect(page.locator("[data-interval]")).to_contain_text("10 s buckets")
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    assert "since=" in download.value.url
    assert instance in download.value.suggested_filename
    assert re.search(r"-\d{8}T\d{6}Z-\d{8}T\d{6}Z\.", download.value.suggested_filename)
    path = download.value.path()
    if "Parquet" in name:
        rows = pq.read_table(path).to_pylist()
    else:
        rows = list(csv.DictReader(path.open()))
    assert sum(int(row["events"]) for row in rows) == events
    assert {int(row["interval_ms"]) for row in rows} <= {10_000}


SCENE = """
insert into analytics_pointerscene (time, browser_id, seq, viewport_width, viewport_height,
    document_width, document_height, scroll_x, scroll_y, pixel_ratio, pointer)
select now() - age * interval '1 minute', id, 1, 1280, 720, 1280, 5200, 0, 640, 2, 'mouse'
from dashboard_browser, unnest(array[1, 30]) age where instance_id = %s
"""
MARK = """
insert into analytics_pointermark (time, browser_id, seq, name, data)
select now() - age * interval '1 minute', id, 1, 'start', '{}'
from dashboard_browser, unnest(array[1, 30]) age where instance_id = %s
"""


@pytest.fixture(scope="module")
def seen(service: Service) -> str:
    """An instance with a scene and a mark of a minute ago, and others of half an hour ago."""
    instance = service.log_on()["instance_id"]
    for statement in (SCENE, MARK):
        service.sql(statement, (instance,))
    return instance


@pytest.mark.parametrize(
    ("name", "what"),
    [("Scenes as CSV", "scenes"), ("Marks as CSV", "marks"), ("Marks as Parquet", "marks")],
)
def test_scenes_and_marks_of_the_shown_range_are_exported(
    open_page: OpenStaffPage, seen: str, name: str, what: str
) -> None:
    page = open_page(f"/browsers/{seen}/?range=15m")
    expect(page.locator("[data-connection-name]")).to_have_text("Stored")
    wait_until(lambda: "since" in exported(page, name))
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    assert f"-{seen}-{what}-2" in download.value.suggested_filename
    path = download.value.path()
    is_parquet = name.endswith("Parquet")
    rows = pq.read_table(path).to_pylist() if is_parquet else list(csv.DictReader(path.open()))
    assert [int(row["seq"]) for row in rows] == [1]


def test_an_empty_range_says_so(service: Service, open_page: OpenStaffPage) -> None:
    page = open_page(f"/browsers/{service.log_on()['instance_id']}/?range=7d")
    expect_stored(page)
    expect(page.get_by_text("No movement in the last 7 days")).to_be_visible()


@pytest.mark.parametrize(
    "query", ["since=never&until=now", "since=2026-11-02T00:00Z&until=2026-11-01T00:00Z"]
)
def test_an_invalid_range_is_named_as_such(
    open_page: OpenStaffPage, instance: str, query: str
) -> None:
    page = open_page(f"/browsers/{instance}/?{query}")
    expect(page.locator("[data-connection-name]")).to_have_text("Not a range")


def test_a_server_error_shows_its_code(open_page: OpenStaffPage, instance: str) -> None:
    page = open_page("/healthz")
    page.route("**/statuses/*", lambda route: route.fulfill(status=503, json={"code": "busy"}))
    page.goto(page.url.replace("healthz", f"browsers/{instance}/?range=15m"))
    expect(page.locator("[data-connection-detail]")).to_contain_text("Report 503 busy")


# Clocks that change by an hour, and by half of one.
BERLIN, LORD_HOWE = "Europe/Berlin", "Australia/Lord_Howe"


@pytest.mark.parametrize(
    ("zone", "since", "until", "expected"),
    [
        # Later by the clock, but earlier in time: 02:45 before the change, 02:15 after it.
        (BERLIN, "2026-10-25T02:45", "2026-10-25T02:15", ("T00:45:00", "T01:15:00")),
        (BERLIN, "2026-10-25T01:59:59", "2026-10-25T03:00", ("T23:59:59", "T02:00:00")),
        (BERLIN, "2026-10-25T02:30", "2026-10-25T02:30", ("T00:30:00", "T01:30:00")),
        (BERLIN, "2026-03-29T01:59:59", "2026-03-29T03:00", ("T00:59:59", "T01:00:00")),
        (BERLIN, "2026-07-01T12:00", "2026-07-01T12:00:01", ("T10:00:00", "T10:00:01")),
        (LORD_HOWE, "2026-04-05T01:50", "2026-04-05T01:40", ("T14:50:00", "T15:10:00")),
        (LORD_HOWE, "2026-10-04T01:59:59", "2026-10-04T02:30", ("T15:29:59", "T15:30:00")),
        ("Asia/Kolkata", "2026-10-25T02:30", "2026-10-25T02:31", ("T21:00:00", "T21:01:00")),
    ],
)
def test_custom_times_are_compared_as_moments(
    service: Service,
    staff: BrowserContext,
    instance: str,
    zone: str,
    since: str,
    until: str,
    expected: tuple[str, str],
) -> None:
    with open_form(service, staff, instance, zone) as page:
        choose(page, since, until)
        page.wait_for_url("**since=*")
        query = parse_qs(urlsplit(page.url).query)
        assert [query[name][0][10:19] for name in ("since", "until")] == list(expected)


@pytest.mark.parametrize(
    ("zone", "since", "until", "fault"),
    [
        (BERLIN, "2026-03-29T02:30", "2026-03-29T04:00", "From: This time does not exist"),
        (BERLIN, "2026-03-29T01:00", "2026-03-29T02:00", "Until: This time does not exist"),
        (LORD_HOWE, "2026-10-04T02:15", "2026-10-04T03:00", "From: This time does not exist"),
        (BERLIN, "2026-10-25T03:00", "2026-10-25T02:59:59", "Until: The end must come after"),
        (BERLIN, "2026-07-01T12:00", "2026-07-01T12:00", "Until: The end must come after"),
    ],
)
def test_a_skipped_custom_time_and_an_end_before_the_start_are_reported(
    service: Service,
    staff: BrowserContext,
    instance: str,
    zone: str,
    since: str,
    until: str,
    fault: str,
) -> None:
    with open_form(service, staff, instance, zone) as page:
        choose(page, since, until)
        name, said = fault.split(": ")
        told = page.get_by_label(name).evaluate("field => field.validationMessage")
        assert told.startswith(said)
        assert "since=" not in page.url
        # A corrected field shows no error.
        choose(page, "2026-07-01T12:00", "2026-07-01T13:00")
        page.wait_for_url("**since=*")


def test_a_repeated_custom_time_is_reported_and_a_prefilled_one_is_kept(
    service: Service, staff: BrowserContext, instance: str
) -> None:
    with open_form(service, staff, instance, BERLIN) as page:
        told = page.get_by_text("this time occurs twice")
        page.get_by_label("From").fill("2026-10-25T02:30")
        expect(told).to_be_visible()
        page.get_by_label("From").fill("2026-10-25T04:30")
        expect(told).to_be_hidden()
        # The second 02:30 of the night, not the first.
        second = "?since=2026-10-25T01:30:00.000Z&until=2026-10-25T01:40:00.000Z"
        page.goto(f"{service.url}/browsers/{instance}/{second}")
        expect(page.locator("[data-live]")).to_have_attribute("data-charts", "ready")
        page.locator("summary", has_text="Custom").click()
        expect(page.get_by_label("From")).to_have_value("2026-10-25T02:30")
        page.get_by_label("Until").fill("2026-10-25T02:50")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**01%3A50*")
        assert "since=2026-10-25T01%3A30" in page.url


@contextmanager
def open_form(service: Service, staff: BrowserContext, instance: str, zone: str) -> Iterator[Page]:
    """Open the form for custom times, in a browser of this time zone."""
    assert staff.browser
    context = staff.browser.new_context(timezone_id=zone, storage_state=staff.storage_state())
    context.route(CDN, answer_as_cdn)
    page = context.new_page()
    page.goto(f"{service.url}/browsers/{instance}/?range=15m", wait_until="domcontentloaded")
    page.locator("summary", has_text="Custom").click()
    expect(page.get_by_label("From")).not_to_have_value("")
    yield page
    context.close()


def choose(page: Page, since: str, until: str) -> None:
    page.get_by_label("From").fill(since)
    page.get_by_label("Until").fill(until)
    page.get_by_role("button", name="Show").click()
