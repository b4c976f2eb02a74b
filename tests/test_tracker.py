"""The tracker on another site's page, in a real Chromium against the real service."""

import gzip
import sys
import time
from collections.abc import Callable, Iterator
from signal import SIGKILL

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route

from tests.browser import open_chromium, turn
from tests.embedding import (
    CLEAR,
    ENTERED,
    INSTANCES,
    REPEAT,
    STORED,
    WATCH,
    calls_of,
    live,
    move,
    open_site,
    seen,
    state,
    tag,
    wait_for_stored,
)
from tests.patience import wait_until
from tests.service import ROOT, Service

SCRIPT = ROOT / "analytics" / "static" / "analytics" / "tracker.js"
MAX_BYTES = 4096
MAX_MICROSECONDS = 10
# The tracker's own listener, and a real event for it.
COST = """() => {
  const count = 1000;
  const run = (listener) => {
    const began = performance.now();
    for (let i = 0; i < count; i++) listener(last);
    return (performance.now() - began) / count * 1000;
  };
  const bare = run(() => {});
  return run(tracked) - bare;
}"""
# The first batch is answered as during an outage, and its next attempt is a minute away.
UNAVAILABLE_ONCE = """
const { fetch } = window;
let isFirst = true;
window.fetch = (url, options) => {
  if (!url.endsWith("/events/") || !isFirst) return fetch(url, options);
  isFirst = false;
  return Promise.resolve(new Response("{}", { status: 503, headers: { "Retry-After": "60" } }));
};
"""
RANGE = """
select count(*), max(seq) - min(seq), sum(enter::int) from analytics_pointerpositionevent
"""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium(with_cache=True) as browser:
        yield browser


@pytest.fixture(scope="module")
def site(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another site, whose pages contain only the tag."""
    with open_site(tmp_path_factory.mktemp("site")) as site:
        site.write("shop.html", tag(service))
        site.write("asks.html", tag(service, 'async data-autostart="false"'))
        site.write("other.html", "")
        yield site.url


@pytest.fixture
def context(chromium: Browser, service: Service) -> Iterator[BrowserContext]:
    service.sql(CLEAR)
    context = chromium.new_context()
    context.add_init_script(WATCH)
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


def refuse(route: Route) -> None:
    route.abort()


def test_the_tracker_is_at_most_4096_bytes_gzipped() -> None:
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


def test_samples_left_by_closed_pages_are_sent_by_the_next_visit(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    pages = [live(open_page()) for _ in range(2)]
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


def test_the_queue_drops_its_oldest_samples_and_counts_them(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page())
    wait_for_stored(service, move(page))
    # What is stored stays in the queue until its answer arrives.
    page.wait_for_function("!pointerscope.state().queued")
    service.sql(CLEAR)
    # All at once, before any is sent.
    found = page.evaluate(f"(({REPEAT})(20050), pointerscope.state())")
    assert (found["queued"], found["dropped"]) == (20000, 50)
    wait_for_stored(service, 20000, 60)
    assert service.sql(RANGE) == [(20000, 19999, 1)]


def test_a_page_closed_in_mid_movement_loses_no_sample(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page())
    count = move(page)
    page.close()
    wait_for_stored(service, count)


def test_a_page_closed_between_two_attempts_sends_the_refused_batch_too(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page(script=UNAVAILABLE_ONCE))
    count = move(page)
    page.wait_for_function("pointerscope.state().problem?.status === 503")
    page.close()
    wait_for_stored(service, count)


def test_back_from_the_cache_the_page_continues(
    service: Service, open_page: OpenPage, site: str
) -> None:
    shown = "addEventListener('pageshow', (event) => (window.persisted = event.persisted))"
    page = live(open_page(script=shown))
    before = move(page)
    page.goto(f"{site}/other.html")
    wait_for_stored(service, before)
    page.go_back(wait_until="commit")  # Nothing is reloaded.
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


def test_samples_kept_by_a_hidden_tab_may_be_sent_twice_and_are_stored_once(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    first = live(open_page())
    context.route("**/events/", refuse)
    count = move(first)
    turn(first, hidden=True)
    assert len(first.evaluate("Object.keys(localStorage)")) == 1
    # In this order: the first one retries at any moment, and must find no gap.
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


@pytest.mark.timed
def test_a_slow_answer_does_not_move_the_clock(service: Service, open_page: OpenPage) -> None:
    page = open_page("asks")

    def hold(route: Route) -> None:
        page.wait_for_timeout(1500)
        route.continue_()

    page.route("**/browsers/", hold)
    offset = page.evaluate("pointerscope.start()")["clockOffset"]
    # The service runs on this machine, so its clock is the page's.
    assert abs(offset) < 100


def test_a_sleep_of_the_machine_is_corrected(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    before = move(page)
    page.evaluate("const now = Date.now; Date.now = () => now() + 60000; 0")
    count = move(page)
    wait_for_stored(service, count)
    later = "select count(*), sum(enter::int) from analytics_pointerpositionevent where time > "
    assert service.sql(f"{later} now() + interval '45 s'") == [(count - before, 1)]


@pytest.mark.timed
def test_a_clock_that_somebody_sets_far_ahead_costs_one_batch(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page())
    wait_for_stored(service, move(page))
    page.evaluate("const now = Date.now; Date.now = () => now() + 36e5; 0")
    move(page)
    page.wait_for_function("pointerscope.state().dropped && !pointerscope.state().queued")
    lost = state(page)["dropped"]
    count = move(page)
    wait_for_stored(service, count - lost)
    assert state(page)["dropped"] == lost < 40
    ahead = (
        "select count(*) from analytics_pointerpositionevent where time > now() + interval '1 s'"
    )
    assert service.sql(ahead) == [(0,)]


def test_a_batch_is_at_most_48_kib(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    wait_for_stored(service, move(page))
    sizes: list[int] = []
    page.on("request", lambda request: sizes.append(len(request.post_data or "")))
    page.evaluate(REPEAT, 2500)
    page.wait_for_function("!pointerscope.state().queued")
    wait_for_stored(service, state(page)["captured"])
    assert 25_000 < max(sizes) <= 48 * 1024


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
def test_a_browser_that_asks_not_to_be_tracked_is_not_tracked(
    open_page: OpenPage, wish: str
) -> None:
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
    ],
)
def test_no_fault_reaches_the_host_page(open_page: OpenPage, site: str, harm: str) -> None:
    page = open_page(script=harm)
    move(page)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.wait_for_timeout(400)
    page.evaluate("pointerscope.stop()")
    assert page.evaluate("faults") == []


def test_stop_is_final(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    count = move(page)
    page.evaluate("pointerscope.stop(); pointerscope.start()")
    move(page)
    assert state(page)["connection"] == "stopped"
    wait_for_stored(service, count)


@pytest.mark.timed
def test_a_pointermove_costs_at_most_ten_microseconds(
    open_page: OpenPage, capsys: pytest.CaptureFixture[str]
) -> None:
    page = live(open_page())
    move(page)
    cost = min(page.evaluate(COST) for _ in range(16))
    with capsys.disabled():
        sys.stdout.write(f"{cost:.2f} µs a pointermove\n")
    assert 0.1 < cost <= MAX_MICROSECONDS


ERASE = "delete from dashboard_browser where instance_id = %s"
LOGGED_ON = "select count(*) from dashboard_browser"


@pytest.mark.parametrize("change", [ERASE, "update dashboard_browser set token_version = 2"])
def test_an_instance_that_was_erased_or_revoked_logs_on_anew_once_and_no_more(
    service: Service, context: BrowserContext, open_page: OpenPage, change: str
) -> None:
    log_ons = calls_of(context, "/api/v1/browsers/")
    page = live(open_page())
    wait_for_stored(service, move(page))

    def instance() -> str:
        return page.evaluate("pointerscope.start()")["instanceId"]

    def end(known: str) -> None:
        service.sql(change, (known,) if change == ERASE else ())

    first = instance()
    end(first)
    service.sql(CLEAR)
    move(page)
    page.wait_for_function(f"async () => (await pointerscope.start())?.instanceId !== '{first}'")
    live(page)
    second = instance()
    before = state(page)["captured"]
    move(page)
    wait_until(lambda: service.sql(STORED)[0][0] >= state(page)["captured"] - before)
    # Samples captured for the first instance do not reappear under the second.
    assert state(page)["dropped"] > 0
    end(second)
    move(page)
    page.wait_for_function("pointerscope.state().connection === 'denied'")
    page.wait_for_timeout(6000)
    assert len(only_log_ons(log_ons)) == 2
    assert page.evaluate("pointerscope.start()") is None
    assert page.evaluate("faults") == []


def only_log_ons(calls: list[Request]) -> list[Request]:
    return [call for call in calls if call.url.endswith("/browsers/") and call.method == "POST"]


def test_after_an_erasure_start_gives_nothing(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    wait_for_stored(service, move(page))
    count = service.sql(LOGGED_ON)
    assert page.evaluate("pointerscope.erase()") is True
    assert page.evaluate("pointerscope.start()") is None
    move(page)
    assert service.sql(LOGGED_ON) == [(count[0][0] - 1,)]
    assert page.evaluate("[{ ...localStorage }, { ...sessionStorage }]") == [{}, {}]


def test_erasing_before_anything_began_calls_nobody(
    context: BrowserContext, open_page: OpenPage
) -> None:
    page = open_page("asks")
    calls = calls_of(context, "/")
    assert page.evaluate("pointerscope.erase()") is False
    assert page.evaluate("pointerscope.start()") is None
    assert calls == []


@pytest.mark.timed
def test_samples_from_before_a_delayed_log_on_are_all_stored(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    log_ons: list[float] = []

    def keep_out(route: Route) -> None:
        log_ons.append(time.monotonic())
        headers = {"Retry-After": "3", "Access-Control-Allow-Origin": "*"}
        headers["Access-Control-Expose-Headers"] = "Retry-After"
        problem = {"status": 429, "code": "throttled"}
        if len(log_ons) > 1:
            route.continue_()
        else:
            route.fulfill(status=429, json=problem, headers=headers)

    context.route("**/browsers/", keep_out)
    page = open_page()
    page.wait_for_function("pointerscope.state().connection === 'offline'")
    count = move(page, 1)
    page.evaluate("dispatchEvent(new Event('online'))")
    assert state(page)["problem"] == {"status": 429, "code": "throttled"}
    live(page)
    wait_for_stored(service, count)
    assert log_ons[1] - log_ons[0] >= 3
    # With their own times, not those of the answer.
    long = "select extract(epoch from max(time) - min(time)) from analytics_pointerpositionevent"
    assert 0.9 < service.sql(long)[0][0] < 2


def test_stopping_does_not_wait_for_a_refused_log_on(
    context: BrowserContext, open_page: OpenPage
) -> None:
    headers = {"Retry-After": "600", "Access-Control-Allow-Origin": "*"}
    headers["Access-Control-Expose-Headers"] = "Retry-After"
    context.route("**/browsers/", lambda r: r.fulfill(status=429, json={}, headers=headers))
    page = open_page()
    page.wait_for_function("pointerscope.state().connection === 'offline'")
    assert page.evaluate("pointerscope.erase()") is False


def test_no_address_of_the_page_is_sent(context: BrowserContext, open_page: OpenPage) -> None:
    calls = calls_of(context, "/api/")
    policy = "const meta = document.createElement('meta'); meta.name = 'referrer';"
    policy += "meta.content = 'unsafe-url'; document.head?.append(meta);"
    page = live(open_page(script=f"addEventListener('DOMContentLoaded', () => {{ {policy} }})"))
    move(page)
    page.wait_for_function("!pointerscope.state().queued")
    assert len(calls) > 3
    assert not any("referer" in call.all_headers() for call in calls)
