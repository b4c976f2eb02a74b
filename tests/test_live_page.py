"""The live page in a real Chromium against the whole service."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import CDN, answer_as_cdn, cors, sweep
from tests.patience import wait_until
from tests.service import Service
from tests.sharing import share

LOCAL_COPY = "**/vendor/apexcharts.min.js"
CHARTS = ("velocity", "distance", "travel")
SAMPLES = """
select count(*), count(distinct (time, seq)), coalesce(sum(enter::int), 0)
from analytics_pointerpositionevent e
join dashboard_browser b on b.id = e.browser_id where b.instance_id = %s
"""
ROWS = """table => [...table.tBodies[0].rows].map(row => [row.dataset.time,
    ...[...row.cells].slice(1).map(cell => cell.dataset.value)])"""

# The path according to the page's own events, without the tracker.
WATCH_PATH = """
window.pathLength = 0;
let last = null;
addEventListener("pointermove", (event) => {
  for (const { clientX, clientY } of event.getCoalescedEvents()) {
    if (last) window.pathLength += Math.hypot(clientX - last[0], clientY - last[1]);
    last = [clientX, clientY];
  }
});
"""

OpenPage = Callable[..., Page]


@pytest.fixture
def console() -> list[str]:
    """Errors that the page logged or threw."""
    return []


@pytest.fixture
def open_page(chromium: Browser, service: Service, console: list[str]) -> Iterator[OpenPage]:
    """Open an address of the service; the CDN answers with npm's copy."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})

    def open_page(path: str = "/", *, cdn: Callable[[Route], Any] = answer_as_cdn) -> Page:
        page = context.new_page()
        page.add_init_script(WATCH_PATH)
        page.route(CDN, cdn)
        page.on("console", lambda line: line.type == "error" and console.append(line.text))
        page.on("pageerror", lambda error: console.append(str(error)))
        # A silent CDN delays only the load event.
        page.goto(service.url + path, wait_until="domcontentloaded")
        return page

    yield open_page
    context.close()


def block(route: Route) -> None:
    route.abort()


def hang(route: Route) -> None:
    """Accept the request and never answer."""


def wiggle(page: Page, seconds: float = 1.2) -> None:
    sweep(page, (300, 300), (900, 420), seconds / 3)
    sweep(page, (900, 420), (420, 640), seconds / 3)
    sweep(page, (420, 640), (700, 250), seconds / 3)


def session(page: Page) -> dict[str, Any]:
    return page.evaluate("pointerscope.start()")


def state(page: Page) -> dict[str, Any]:
    return page.evaluate("pointerscope.state()")


def stored(service: Service, page: Page) -> tuple[int, int, int]:
    """Return the number of stored samples, of distinct ones, and of those that entered."""
    return service.sql(SAMPLES, (session(page)["instanceId"],))[0]


def is_active(service: Service, instance: str) -> bool:
    statement = "select is_active from dashboard_browser where instance_id = %s"
    return service.sql(statement, (instance,)) == [(True,)]


def wait_for_samples(service: Service, page: Page) -> int:
    """Wait until all captured samples are acknowledged and rolled up; return their number."""
    wait_until(lambda: state(page)["captured"] and not state(page)["queued"])
    wait_until(service.is_rolled_up, what="all samples rolled up")
    return state(page)["captured"]


def read_api(service: Service, source: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the API's statuses of the last two minutes by their time."""
    answer = requests.get(
        f"{service.url}/api/v1/browsers/{source['instanceId']}/statuses/",
        headers={"Authorization": f"Bearer {source['token']}"},
        timeout=10,
    )
    return {status["time"][:19]: status for status in answer.json()["statuses"]}


def expected_cells(chart: str, status: dict[str, Any]) -> tuple[float, ...]:
    return {
        "velocity": (status["avg_velocity"], status["peak_velocity"]),
        "distance": (status["traversed_distance"],),
        "travel": (status["end_x"] - status["start_x"], status["end_y"] - status["start_y"]),
    }[chart]


def read_table(page: Page, chart: str) -> dict[str, tuple[float, ...]]:
    """Return the table's exact numbers by second, without zeros and unknown values."""
    rows = page.locator(f"[data-chart={chart}] table").evaluate(ROWS)
    cells = {time[:19]: tuple(map(float, filter(None, values))) for time, *values in rows}
    return {time: values for time, values in cells.items() if any(values)}


def assert_page_equals_api(service: Service, page: Page, source: dict[str, Any]) -> None:
    statuses = read_api(service, source)
    assert statuses
    for chart in CHARTS:
        expected = {time: expected_cells(chart, status) for time, status in statuses.items()}
        expected = {time: cells for time, cells in expected.items() if any(cells)}
        assert read_table(page, chart) == expected, chart
    assert tile(page, "events") == sum(status["events"] for status in statuses.values())
    distance = sum(status["traversed_distance"] for status in statuses.values())
    assert tile(page, "distance") == pytest.approx(distance, rel=1e-12)
    moving = sum(status["moving_time"] for status in statuses.values())
    assert tile(page, "moving") == pytest.approx(moving, rel=1e-12)


def tile(page: Page, name: str) -> float:
    return float(page.locator(f"[data-tile={name}]").get_attribute("value") or "nan")


def wait_for_events(page: Page, count: int) -> None:
    expect(page.locator("[data-tile=events]")).to_have_attribute("value", str(count))


def assert_charts_draw(page: Page) -> None:
    """Each series is a path with an extent, and each second with distance is a bar."""
    expect(page.locator("[data-live]")).to_have_attribute("data-charts", "ready")
    # The charts follow the tables a moment later, and their axes a little after that.
    wait_until(lambda: paths_extend(page), what="each series is a path with an extent")
    wait_until(lambda: bars_are_drawn(page), what="each second with distance is a bar")


def paths_extend(page: Page) -> bool:
    heights = [
        (path.bounding_box() or {"height": 0})["height"]
        for series in (".apexcharts-area-series path[fill=none]", ".apexcharts-line-series path")
        for path in page.locator(f"{series}[stroke-width]:not(.apexcharts-marker)").all()
    ]
    travel = page.locator("[data-chart=travel] .apexcharts-line-series path").count()
    return len(heights) > 2 and min(heights) > 10 and travel >= 2


def bars_are_drawn(page: Page) -> bool:
    bars = page.locator(".apexcharts-bar-area").evaluate_all(
        "bars => bars.filter(bar => bar.getBBox().height > 1).length"
    )
    distances = [cells[0] for cells in read_table(page, "distance").values() if cells[0] > 0]
    # Beside a fast second, a slow one may be less than a pixel high: it may show or not.
    tall = [distance for distance in distances if distance > max(distances) / 20]
    return len(tall) <= bars <= len(distances)


def expect_connection(page: Page, name: str, *, detail: str = "", seconds: float = 8) -> None:
    ms = seconds * 1000
    expect(page.locator("[data-connection-name]")).to_have_text(name, timeout=ms)
    expect(page.locator("[data-connection-detail]")).to_contain_text(detail, timeout=ms)


def test_the_page_shows_the_moving_mouse_as_the_api_does(
    service: Service, open_page: OpenPage, console: list[str]
) -> None:
    page = open_page()
    expect_connection(page, "Live")
    wiggle(page)
    page.wait_for_timeout(600)
    wiggle(page)
    count = wait_for_samples(service, page)
    wait_for_events(page, count)
    assert stored(service, page) == (count, count, 1)
    assert tile(page, "distance") == pytest.approx(page.evaluate("pathLength"), rel=1e-6)
    assert_page_equals_api(service, page, session(page))
    assert_charts_draw(page)
    assert console == []


def test_a_blocked_cdn_is_replaced_by_the_local_copy(
    service: Service, open_page: OpenPage, console: list[str]
) -> None:
    page = open_page(cdn=block)
    wiggle(page)
    wait_for_events(page, wait_for_samples(service, page))
    assert_charts_draw(page)
    assert [line for line in console if "net::ERR_FAILED" not in line] == []


@pytest.mark.timed
def test_a_silent_cdn_is_replaced_by_the_local_copy(open_page: OpenPage) -> None:
    page = open_page(cdn=hang)
    expect(page.locator("[data-live]")).to_have_attribute("data-charts", "ready", timeout=6000)


def test_without_any_chart_library_numbers_and_tables_work(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page(cdn=block)
    page.route(LOCAL_COPY, block)
    page.reload()
    expect(page.locator(".plot-missing").first).to_be_visible()
    wiggle(page, 0.6)
    wait_for_events(page, wait_for_samples(service, page))
    assert_page_equals_api(service, page, session(page))


def test_a_tampered_chart_library_is_not_run(open_page: OpenPage) -> None:
    def tamper(route: Route) -> None:
        route.fulfill(body="window.tampered = 1", headers=cors("text/javascript"))

    page = open_page(cdn=tamper)
    expect(page.locator("[data-live]")).to_have_attribute("data-charts", "ready")
    assert page.evaluate("window.tampered") is None


def test_a_first_visit_is_asked_to_move_the_pointer(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.get_by_text("Move your pointer here")).to_be_visible()
    wait_for_events(page, 0)
    wiggle(page, 0.3)
    expect(page.get_by_text("Move your pointer here")).to_be_hidden()


def test_movement_before_log_on_counts(service: Service, open_page: OpenPage) -> None:
    page = open_page("/healthz")
    waiting = []
    page.route("**/log-on/", lambda route: waiting.append(route))
    page.goto(service.url)
    wiggle(page, 2.4)
    expect_connection(page, "Connecting")
    waiting[0].continue_()
    expect_connection(page, "Live")
    wait_for_events(page, wait_for_samples(service, page))
    assert_page_equals_api(service, page, session(page))


def test_offline_the_samples_wait_and_none_is_lost(service: Service, open_page: OpenPage) -> None:
    page = open_page()
    expect_connection(page, "Live")
    wiggle(page, 0.6)
    page.context.set_offline(True)
    wiggle(page, 0.9)
    expect_connection(page, "Offline", detail="samples wait here and will be sent.")
    assert state(page)["queued"] > 20
    page.context.set_offline(False)
    expect_connection(page, "Live")
    count = wait_for_samples(service, page)
    wait_for_events(page, count)
    assert stored(service, page)[:2] == (count, count)
    assert_page_equals_api(service, page, session(page))


@pytest.mark.timed
def test_a_server_error_shows_its_code_and_the_same_bytes_are_sent_again(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    expect_connection(page, "Live")
    bodies = []

    def fail(route: Route) -> None:
        bodies.append(route.request.post_data)
        problem = {"status": 503, "code": "unavailable"}
        if len(bodies) > 2:
            route.continue_()
        else:
            route.fulfill(status=503, json=problem, headers={"Retry-After": "1"})

    page.route("**/events/", fail)
    wiggle(page, 0.6)
    expect_connection(page, "Server error", detail="Report 503 unavailable if it stays.")
    expect_connection(page, "Live")
    count = wait_for_samples(service, page)
    assert bodies[0] == bodies[1] == bodies[2]
    assert stored(service, page)[:2] == (count, count)


def test_a_batch_that_is_refused_is_dropped_counted_and_not_sent_again(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    expect_connection(page, "Live")
    refused = []

    def refuse(route: Route) -> None:
        refused.append(route.request.post_data_json)
        route.fulfill(status=400, json={"status": 400, "code": "invalid"})

    page.route("**/events/", refuse, times=1)
    wiggle(page)
    count = wait_for_samples(service, page)
    dropped = len(refused[0]["events"])
    assert state(page)["dropped"] == dropped
    # The first stored sample comes after the gap, and the way across that is unknown.
    assert stored(service, page) == (count - dropped, count - dropped, 1)


def test_samples_stored_late_are_counted_and_refused_ones_are_not(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    expect_connection(page, "Live")
    answers = [(503, {"Retry-After": "3"}), (400, {})]

    def answer(route: Route) -> None:
        if answers:
            status, headers = answers.pop(0)
            route.fulfill(status=status, headers=headers, json={"status": status, "code": "no"})
        else:
            route.continue_()

    page.route("**/events/", answer)
    wiggle(page, 0.6)
    count, dropped = wait_for_samples(service, page), state(page)["dropped"]
    assert 0 < dropped < count
    late = page.locator("[data-quality=late]")
    expect(late).to_have_attribute("value", str(count - dropped))


def test_the_jump_when_the_pointer_returns_is_not_movement(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    page.mouse.move(100, 100)
    page.mouse.move(130, 140)
    page.evaluate("document.documentElement.dispatchEvent(new PointerEvent('pointerleave'))")
    page.mouse.move(1100, 800)
    page.mouse.move(1100, 810)
    wait_for_events(page, wait_for_samples(service, page))
    assert tile(page, "distance") == pytest.approx(60)


def test_every_coalesced_sample_of_a_move_counts(service: Service, open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate("""() => {
        PointerEvent.prototype.getCoalescedEvents = function () {
          const at = (clientX, clientY) => ({ timeStamp: this.timeStamp, clientX, clientY });
          return [at(0, 0), at(30, 40), at(0, 0)];
        };
    }""")
    page.mouse.move(0, 0)
    wait_for_events(page, wait_for_samples(service, page))
    assert (tile(page, "events"), tile(page, "distance")) == (3, 100)


def test_a_reload_continues_the_same_instance(service: Service, open_page: OpenPage) -> None:
    page = open_page()
    before = session(page)
    wiggle(page, 0.6)
    count = wait_for_samples(service, page)
    wait_for_events(page, count)
    page.reload()
    assert session(page)["instanceId"] == before["instanceId"]
    wiggle(page, 0.6)
    total = count + wait_for_samples(service, page)
    wait_for_events(page, total)
    assert stored(service, page) == (total, total, 2)
    assert is_active(service, before["instanceId"])
    assert_page_equals_api(service, page, session(page))


def test_an_erased_instance_is_followed_by_a_new_one(service: Service, open_page: OpenPage) -> None:
    page = open_page()
    before = session(page)
    service.sql("delete from dashboard_browser where instance_id = %s", (before["instanceId"],))
    wiggle(page, 0.3)
    expect(page.locator("[data-panel=refused]")).to_be_visible()
    page.reload()
    expect_connection(page, "Live")
    assert session(page)["instanceId"] != before["instanceId"]


def test_leaving_in_mid_movement_loses_no_sample(service: Service, open_page: OpenPage) -> None:
    page = open_page()
    instance = session(page)["instanceId"]
    # Playwright would abort requests under way that it intercepts.
    page.unroute(CDN)
    wiggle(page, 0.5)
    captured = state(page)["captured"]
    page.goto("about:blank")
    wait_until(lambda: service.sql(SAMPLES, (instance,))[0][:2] == (captured, captured))
    wait_until(lambda: not is_active(service, instance), what="logged off")


def test_a_browser_that_asks_not_to_be_tracked_is_asked_first(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page("/healthz")
    page.add_init_script(
        "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})"
    )
    page.goto(service.url)
    expect(page.locator("[data-panel=unasked]")).to_be_visible()
    wiggle(page, 0.3)
    assert state(page)["captured"] == 0
    page.get_by_role("button", name="Measure my pointer").click()
    expect_connection(page, "Live")


def test_another_pointer_can_be_watched_by_a_link_that_its_page_made(
    service: Service, open_page: OpenPage, console: list[str]
) -> None:
    own = open_page()
    source = session(own)
    own.get_by_role("button", name="Share…").click()
    own.get_by_role("button", name="Make a link").click()
    expect(own.get_by_label("The link", exact=True)).to_be_focused()
    link = own.get_by_label("The link", exact=True).input_value()
    own.get_by_role("button", name="Close").click()
    address = f"/browsers/{source['instanceId']}/"
    page = open_page(link.removeprefix(service.url))
    expect_connection(page, "Live")
    assert page.url == service.url + address
    expect(page.get_by_text("Shared with you to read, until")).to_be_visible()
    own.bring_to_front()
    wiggle(own, 0.6)
    count = wait_for_samples(service, own)
    page.bring_to_front()
    wait_for_events(page, count)
    assert_page_equals_api(service, page, source)
    assert page.evaluate("window.pointerscope") is None
    page.reload()
    expect_connection(page, "Live")
    assert console == []


def test_without_its_token_an_instance_shows_nothing(service: Service, open_page: OpenPage) -> None:
    page = open_page(f"/browsers/{service.log_on()['instance_id']}/")
    expect_connection(page, "No access")
    expect(page.locator("[data-panel=denied]")).to_be_visible()
    expect(page.locator(".board")).to_be_hidden()


def test_an_instance_that_is_erased_while_watched_by_a_link_is_shown_as_not_shared_any_more(
    service: Service, open_page: OpenPage
) -> None:
    own = service.log_on()
    page = open_page(share(service, own)["url"].removeprefix(service.url))
    expect_connection(page, "Live")
    bearer = {"Authorization": f"Bearer {own['write_token']}"}
    path = f"{service.url}/api/v1/browsers/{own['instance_id']}/"
    requests.delete(path, headers=bearer, timeout=10).raise_for_status()
    page.route("**/stream/**", lambda route: route.abort())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    service.stop("live")
    expect(page.locator("[data-panel=ended]")).to_be_visible(timeout=15_000)
    service.start("live")
    page.reload()
    expect(page.get_by_role("heading", name="There is no instance with this id")).to_be_visible()


def test_a_missing_page_looks_like_the_others(service: Service, open_page: OpenPage) -> None:
    page = open_page("/nowhere/")
    expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()


def test_a_chosen_theme_stays(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_label("Theme").select_option("dark")
    # The first parsed body has its theme already, so that no other one flashes.
    page.add_init_script("""new MutationObserver((changes, watcher) => {
        if (!document.body) return;
        window.firstTheme = document.documentElement.dataset.theme;
        watcher.disconnect();
    }).observe(document, { childList: true, subtree: true });""")
    page.reload()
    assert page.evaluate("firstTheme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 18, 22)"
    page.get_by_label("Theme").select_option("System theme")
    page.emulate_media(color_scheme="light")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(244, 246, 248)"


def test_the_keyboard_reads_each_second_and_hides_a_series(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    wiggle(page, 0.6)
    wait_for_events(page, wait_for_samples(service, page))
    page.mouse.move(640, 20)
    page.get_by_role("button", name=re.compile("^Peak")).press("Enter")
    expect(page.locator(".apexcharts-line-series").first).to_be_hidden()
    plot = page.get_by_role("slider", name="Velocity of one second")
    expect(plot).to_have_attribute("aria-valuenow", "-1")
    plot.press("ArrowRight")
    expect(plot).to_have_attribute("aria-valuenow", "0")
    assert re.match(r"\d\d:\d\d:\d\d: Average [\d,]+", plot.get_attribute("aria-valuetext"))


def test_with_the_mouse_on_a_chart_the_legend_stays_current(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    expect_connection(page, "Live")
    wiggle(page, 1.2)
    box = page.locator("[data-chart=velocity] [data-plot]").bounding_box()
    # The mouse stays where the values are still unknown.
    sweep(page, (300, 300), (box["x"] + 150, box["y"] + 80), 0.5)
    expect(page.locator("[data-chart=velocity] [data-cursor-values]")).to_have_text("nothing known")
    for place in page.locator("[data-reading]").all():
        expect(place).to_have_text(re.compile(r"\d"))


def test_while_there_is_a_stream_the_page_does_not_poll(
    service: Service, open_page: OpenPage, console: list[str]
) -> None:
    page = open_page()
    expect_connection(page, "Live", detail="as the pointer moves")
    polls = []
    page.on("request", lambda request: "/statuses/" in request.url and polls.append(request.url))
    wiggle(page, 2.5)
    wait_for_events(page, wait_for_samples(service, page))
    assert polls == []
    assert_page_equals_api(service, page, session(page))
    assert console == []


def test_without_the_stream_the_page_polls_and_then_returns_to_it(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    expect_connection(page, "Live", detail="as the pointer moves")
    service.stop("live")
    expect_connection(page, "Live", detail="once a second")
    wiggle(page, 0.6)
    wait_for_events(page, wait_for_samples(service, page))
    service.start("live")
    expect_connection(page, "Live", detail="as the pointer moves", seconds=20)
    wiggle(page, 0.6)
    wait_for_events(page, wait_for_samples(service, page))
    assert_page_equals_api(service, page, session(page))


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_is_as_wide_as_its_window(open_page: OpenPage, width: int) -> None:
    page = open_page()
    page.set_viewport_size({"width": width, "height": 800})
    expect_connection(page, "Live")
    expect(page.locator("[data-live]")).to_have_attribute("data-charts", "ready")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
