"""The tracker on another site's page, in a real Chromium against the real service."""

import gzip
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from signal import SIGKILL
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.browser import open_chromium, sweep, turn
from tests.service import ROOT, Service, wait_until

SCRIPT = ROOT / "analytics" / "static" / "analytics" / "tracker.js"
MAX_BYTES = 3072
MAX_MICROSECONDS = 20
# All of the test's site: each test begins with none. No two samples share time and seq, not even
# those of two instances.
STORED = "select count(*), count(distinct (time, seq)) from analytics_pointerpositionevent"
ENTERED = "select coalesce(sum(enter::int), 0) from analytics_pointerpositionevent"
INSTANCES = "select count(distinct browser_id) from analytics_pointerpositionevent"
STEPS_BACK = """
select count(*) from (
    select time < lag(time) over (partition by browser_id order by seq) as is_back
    from analytics_pointerpositionevent
) steps where is_back
"""
# What the page itself sees, past the tracker; the page's own storage outlives it.
COUNT = """
window.kinds = new Set();
addEventListener("pointermove", (event) => {
  kinds.add(event.pointerType);
  const count = event.getCoalescedEvents().length || 1;
  window.seen = (window.seen || 0) + count;
});
addEventListener("error", ({ message }) => (window.fault = message));
addEventListener("unhandledrejection", ({ reason }) => (window.fault = String(reason)));
"""
# Made-up moves, so long ago, all in one go.
SEND = """(moves) => {
  for (const { ago = 0, ...place } of moves) {
    const move = new PointerEvent("pointermove", { bubbles: true, isPrimary: true, ...place });
    Object.defineProperty(move, "timeStamp", { value: performance.now() - ago });
    document.body.dispatchEvent(move);
  }
}"""
COST = """() => {
  const move = { bubbles: true, isPrimary: true, pointerId: 1 };
  const events = Array.from({ length: 8000 }, (_, i) =>
    new PointerEvent("pointermove", { ...move, clientX: i % 900, clientY: i % 700 }));
  const run = (target) => {
    const began = performance.now();
    for (const event of events) target.dispatchEvent(event);
    return (performance.now() - began) / events.length * 1000;
  };
  const bare = run(new EventTarget());
  return run(document.body) - bare;
}"""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium(with_cache=True) as browser:
        yield browser


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another site, whose pages have the one tag."""
    folder = tmp_path_factory.mktemp("site")
    tag = f'<script src="{service.url}/static/analytics/tracker.js" data-endpoint="{service.url}"'
    for name, more in (("shop", "async"), ("asks", 'async data-autostart="false"')):
        (folder / f"{name}.html").write_text(
            f"<!doctype html><title>Shop</title>{tag} {more}></script>"
        )
    (folder / "other.html").write_text("<!doctype html><title>Other</title>")
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def context(chromium: Browser, service: Service) -> Iterator[BrowserContext]:
    service.sql("truncate analytics_pointerpositionevent")
    context = chromium.new_context()
    context.add_init_script(COUNT)
    yield context
    context.close()


@pytest.fixture
def open_page(context: BrowserContext, site: str) -> OpenPage:
    def open_page(name: str = "shop", script: str = "") -> Page:
        page = context.new_page()
        page.add_init_script(script)
        page.goto(f"{site}/{name}.html")
        page.wait_for_function("window.pointerscope")
        return page

    return open_page


def live(page: Page) -> Page:
    page.wait_for_function("pointerscope.state().connection === 'live'")
    return page


def move(page: Page, seconds: float = 0.5) -> int:
    """Move the pointer; how many samples the page has seen in all."""
    sweep(page, (100, 100), (700, 500), seconds)
    return seen(page)


def seen(page: Page) -> int:
    return page.evaluate("window.seen || 0")


def state(page: Page) -> dict[str, Any]:
    return page.evaluate("pointerscope.state()")


def wait_for_stored(service: Service, count: int, seconds: float = 20) -> None:
    """Wait until all is stored, each sample once."""
    stored = lambda: service.sql(STORED)[0]  # noqa: E731
    try:
        wait_until(lambda: stored() == (count, count), seconds=seconds)
    except AssertionError:
        assert stored() == (count, count)


def refuse(route: Route) -> None:
    route.abort()


def test_the_tracker_is_at_most_three_kib_gzipped() -> None:
    assert len(gzip.compress(SCRIPT.read_bytes())) <= MAX_BYTES


def test_over_a_slow_network_every_sample_is_stored_once(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    page = open_page()
    slow = {"offline": False, "latency": 700, "downloadThroughput": 4e4, "uploadThroughput": 2e4}
    context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    wait_for_stored(service, move(page, 2))


def test_a_server_that_dies_and_comes_back_has_every_sample(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page())
    move(page)
    service.stop("web", how=SIGKILL)
    count = move(page, 1)
    connection = state(page)["connection"]
    service.start("web")
    assert connection == "offline"
    wait_for_stored(service, count, 40)


def test_what_closed_pages_still_had_is_sent_by_the_next_visit(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    pages = [live(open_page(script="navigator.sendBeacon = () => false")) for _ in range(2)]
    context.route("**/api/v1/browsers/*/**", refuse)
    count = sum(move(page) for page in pages)
    for page in pages:
        page.close()
    context.unroute("**/api/v1/browsers/*/**")
    assert service.sql(STORED)[0][0] < count
    page = live(open_page())
    wait_for_stored(service, count)
    assert service.sql(INSTANCES) == [(2,)]
    page.wait_for_function("!Object.keys(localStorage).length")


def test_what_is_too_much_for_the_queue_is_dropped_oldest_first_and_counted(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page())
    too_many = "Array.from({ length: 20050 }, (_, x) => ({ clientX: x }))"
    # In one go with the moves, before any is sent.
    found = page.evaluate(f"(({SEND})({too_many}), pointerscope.state())")
    assert (found["queued"], found["dropped"]) == (20000, 50)
    wait_for_stored(service, 20000)
    first = "select min(x), sum(enter::int) from analytics_pointerpositionevent"
    assert service.sql(first) == [(50, 1)]


def test_a_page_closed_in_mid_movement_loses_no_sample(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page())
    count = move(page)
    page.close()
    wait_for_stored(service, count)


def test_back_from_the_cache_the_page_goes_on(
    service: Service, open_page: OpenPage, site: str
) -> None:
    shown = "addEventListener('pageshow', (event) => (window.persisted = event.persisted))"
    page = live(open_page(script=shown))
    before = move(page)
    page.goto(f"{site}/other.html")
    wait_for_stored(service, before)
    page.go_back(wait_until="commit")  # Nothing is loaded again.
    assert page.evaluate("window.persisted") is True
    count = move(page)
    assert count > before
    wait_for_stored(service, count)
    assert service.sql(ENTERED) == [(2,)]
    assert service.sql(INSTANCES) == [(1,)]


def test_two_tabs_are_two_instances(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    first = live(open_page())
    first.reload()
    live(first)
    with context.expect_page() as opened:
        # Its storage begins as a copy of the first one's.
        first.evaluate("open(location.href); 0")
    second = opened.value
    second.wait_for_function("window.pointerscope")
    live(second)
    for tab in (first, second, first):
        tab.bring_to_front()
        move(tab, 0.3)
    wait_for_stored(service, seen(first) + seen(second))
    assert service.sql(INSTANCES) == [(2,)]


def test_the_next_page_in_a_tab_is_the_same_instance(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    count = move(page)
    page.reload()
    wait_for_stored(service, count + move(live(page)))
    assert service.sql(INSTANCES) == [(1,)]


def test_what_a_hidden_tab_keeps_may_be_sent_by_both_and_is_stored_once(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    first = live(open_page())
    context.route("**/events/", refuse)
    count = move(first)
    turn(first, hidden=True)
    assert len(first.evaluate("Object.keys(localStorage)")) == 1
    # In this order: the first one tries again at any moment, and must find no gap.
    first.route("**/events/", refuse)
    context.unroute("**/events/")
    second = live(open_page())
    count += move(second)
    wait_for_stored(service, count)
    second.wait_for_function("!Object.keys(localStorage).length")
    first.unroute("**/events/")
    turn(first, hidden=False)
    first.wait_for_function("!pointerscope.state().queued")
    assert state(first)["duplicates"] == state(first)["captured"]
    wait_for_stored(service, count)


def test_a_slow_answer_does_not_move_the_clock(service: Service, open_page: OpenPage) -> None:
    page = open_page("asks")

    def hold(route: Route) -> None:
        page.wait_for_timeout(1500)
        route.continue_()

    page.route("**/browsers/", hold)
    offset = page.evaluate("pointerscope.start()")["clockOffset"]
    # The service runs on this machine, so its clock is the page's.
    assert abs(offset) < 100


def test_no_sample_is_older_than_the_one_before(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    page.evaluate(SEND, [{"ago": ago} for ago in (50, 30, 40, 35, 20)])
    wait_for_stored(service, 5)
    assert service.sql(STEPS_BACK) == [(0,)]


def test_a_sleep_of_the_machine_is_made_up_for(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    page.evaluate(SEND, [{}])
    page.evaluate("const now = Date.now; Date.now = () => now() + 60000; 0")
    page.evaluate(SEND, [{}, {}])
    wait_for_stored(service, 3)
    later = "select count(*), sum(enter::int) from analytics_pointerpositionevent where time > "
    assert service.sql(f"{later} now() + interval '50 s'") == [(2, 1)]


def test_a_batch_is_at_most_48_kib(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    sizes: list[int] = []
    page.on("request", lambda request: sizes.append(len(request.post_data or "")))
    page.evaluate(SEND, [{"clientX": i / 7, "clientY": i / 3} for i in range(2500)])
    page.wait_for_function("!pointerscope.state().queued")
    wait_for_stored(service, 2500)
    assert 40_000 < max(sizes) <= 48 * 1024


def test_pen_and_touch_are_samples_too_and_enter(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    page = live(open_page())
    page.add_style_tag(content="html { touch-action: none }")
    hand = context.new_cdp_session(page)
    hand.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    for _ in range(2):
        hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at(100)]})
        for x in range(140, 300, 20):
            hand.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at(x)]})
            page.wait_for_timeout(20)
        hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    hand.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    for x in range(300, 400, 20):
        move = {"type": "mouseMoved", "pointerType": "pen", "buttons": 0, **at(x)}
        hand.send("Input.dispatchMouseEvent", move)
        page.wait_for_timeout(20)
    assert page.evaluate("[...kinds].sort()") == ["pen", "touch"]
    wait_for_stored(service, seen(page))
    assert service.sql(ENTERED) == [(3,)]


def at(x: int) -> dict[str, int]:
    return {"x": x, "y": 200}


def test_a_page_elsewhere_can_erase_its_instance(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    wait_for_stored(service, move(page))
    instance = page.evaluate("pointerscope.start()")["instanceId"]
    assert page.evaluate("pointerscope.erase()") is True
    left = "select count(*) from dashboard_browser where instance_id = %s"
    assert service.sql(left, (instance,)) == [(0,)]
    move(page)
    assert (state(page)["queued"], page.evaluate("Object.keys(localStorage)")) == (0, [])
    assert service.sql(STORED) == [(0, 0)]


def test_before_consent_nothing_is_captured(service: Service, open_page: OpenPage) -> None:
    page = open_page("asks")
    calls = []
    page.on("request", lambda request: calls.append(request.url))
    before = move(page)
    assert (state(page)["captured"], calls) == (0, [])
    page.evaluate("pointerscope.start()")
    wait_for_stored(service, move(page) - before)


@pytest.mark.parametrize("wish", ["globalPrivacyControl", "doNotTrack"])
def test_whoever_asks_not_to_be_tracked_is_not(open_page: OpenPage, wish: str) -> None:
    page = open_page(script=f"Object.defineProperty(navigator, '{wish}', {{get: () => '1'}})")
    move(page)
    assert (state(page)["captured"], state(page)["connection"]) == (0, "idle")


def test_the_first_sample_after_a_change_of_route_enters(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page())
    move(page)
    page.evaluate("history.pushState(null, '', '#cart')")
    move(page)
    page.evaluate("document.documentElement.dispatchEvent(new PointerEvent('pointerleave'))")
    wait_for_stored(service, move(page))
    assert service.sql(ENTERED) == [(3,)]


def test_too_many_requests_are_sent_again_after_the_pause_as_the_same_bytes(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page())
    bodies = []

    def pause(route: Route) -> None:
        bodies.append((route.request.post_data, page.evaluate("performance.now()")))
        headers = {"Retry-After": "2", "Access-Control-Allow-Origin": "*"}
        headers["Access-Control-Expose-Headers"] = "Retry-After"
        if len(bodies) > 1:
            route.continue_()
        else:
            route.fulfill(status=429, json={}, headers=headers)

    page.route("**/events/", pause)
    count = move(page)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_function("!pointerscope.state().queued")
    wait_for_stored(service, count)
    assert bodies[1][0] == bodies[0][0]
    assert bodies[1][1] - bodies[0][1] > 1900


@pytest.mark.parametrize(
    "harm",
    [
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, {get() { throw new Error('forbidden') }})",
        "delete window.fetch",
        "delete Navigator.prototype.sendBeacon",
    ],
)
def test_no_fault_reaches_the_host_page(open_page: OpenPage, site: str, harm: str) -> None:
    page = open_page(script=harm)
    move(page)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.wait_for_timeout(400)
    page.evaluate("pointerscope.stop()")
    assert page.evaluate("window.fault") is None


def test_stop_is_final(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    count = move(page)
    page.evaluate("pointerscope.stop(); pointerscope.start()")
    move(page)
    assert state(page)["connection"] == "stopped"
    wait_for_stored(service, count)


def test_a_pointermove_costs_less_than_twenty_microseconds(
    open_page: OpenPage, capsys: pytest.CaptureFixture[str]
) -> None:
    page = live(open_page())
    cost = min(page.evaluate(COST) for _ in range(8))
    with capsys.disabled():
        sys.stdout.write(f"{cost:.2f} µs a pointermove\n")
    assert cost < MAX_MICROSECONDS
