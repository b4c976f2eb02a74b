"""Each sample's scene, as stored, is what its page saw, in a real Chromium."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.as_of import Fields, read_stored
from tests.browser import CDN, open_chromium, turn
from tests.embedding import (
    CLEAR,
    REPEAT,
    WATCH,
    Site,
    calls_of,
    live,
    move,
    state,
    tag,
    wait_for_stored,
)
from tests.service import Service

# What the page itself sees under each sample, in the order of events. `pageNow` is a test's own.
TRUTH = """
window.truth = [];
addEventListener("pointermove", (event) => {
  const view = document.scrollingElement || document.documentElement;
  const scene = {
    viewport: [view.clientWidth, view.clientHeight],
    document: [view.scrollWidth, view.scrollHeight],
    scroll: [scrollX, scrollY],
    pixel_ratio: devicePixelRatio,
    pointer: event.pointerType,
  };
  if (window.pageNow?.()) scene.page = pageNow();
  for (const _ of event.getCoalescedEvents()) truth.push(scene);
}, true);
"""
TALL = "<div style='width: 2000px; height: 5000px'>tall</div>"
HTML = "<!doctype html>"
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
LEAVE = "document.documentElement.dispatchEvent(new PointerEvent('pointerleave'))"
PATH = 'data-pages="path" async'

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium(with_cache=True) as browser:
        yield browser


@pytest.fixture
def context(chromium: Browser, service: Service) -> Iterator[BrowserContext]:
    service.sql(CLEAR)
    context = chromium.new_context(viewport={"width": 900, "height": 600})
    context.add_init_script(WATCH + TRUTH)
    yield context
    context.close()


@pytest.fixture
def open_page(context: BrowserContext, site: Site, service: Service) -> OpenPage:
    def open_page(html: str = TALL, more: str = "async", head: str = HTML) -> Page:
        (site.folder / "page.html").write_text(head + html + tag(service, more))
        page = context.new_page()
        page.goto(f"{site.url}/page.html")
        return live(page)

    return open_page


def settle(page: Page) -> None:
    """Wait until the page shows what was changed, and has told its observers."""
    for _ in range(2):
        page.evaluate(TWO_FRAMES)


def truth(page: Page) -> list[Fields]:
    return page.evaluate("truth")


def instance(page: Page) -> str:
    return page.evaluate("pointerscope.start()")["instanceId"]


def joined(service: Service, page: Page, count: int) -> list[Any]:
    """Return the stored scenes of the samples of a page's instance, once so many are stored."""
    wait_for_stored(service, count)
    return list(read_stored(service).joined(instance(page)).values())


def check(service: Service, page: Page) -> list[Fields]:
    """Check that each sample has the scene that its page saw; return these."""
    seen = truth(page)
    for place, (scene, own) in enumerate(zip(joined(service, page, len(seen)), seen, strict=True)):
        assert scene == own, f"sample {place} of {len(seen)}"
    return seen


def distinct(seen: list[Fields]) -> int:
    return len({json.dumps(scene) for scene in seen})


def test_each_sample_has_the_scroll_at_which_it_was_taken(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    move(page, 0.3)
    page.evaluate("scrollTo(30, 700)")
    move(page, 0.3)
    page.mouse.wheel(0, 333)
    move(page, 0.5)
    assert distinct(check(service, page)) >= 3


def test_samples_during_a_scroll_have_the_scroll_of_their_own_moment(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    page.evaluate("""() => {
        setInterval(() => scrollBy(1, 3), 7);
        const next = () => { scrollBy(0, 5); requestAnimationFrame(next); };
        next();
      }""")
    move(page, 1.5)
    assert distinct(check(service, page)) > 15


def test_a_scroll_alone_sends_nothing(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    page = open_page()
    move(page, 0.2)
    check(service, page)
    page.wait_for_function("!pointerscope.state().queued")
    calls = calls_of(context, "/api/")
    for top in range(0, 3000, 300):
        page.evaluate(f"scrollTo(0, {top})")
        settle(page)
    page.wait_for_timeout(600)
    assert calls == []


def test_a_scene_that_stays_is_sent_once(service: Service, open_page: OpenPage) -> None:
    page = open_page()
    move(page, 1.2)
    check(service, page)
    assert len(read_stored(service).scenes[instance(page)]) == 1


def test_a_resized_window_and_a_document_that_grows_are_new_scenes(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page("<main>short</main>")
    for width, height, change in (
        (900, 600, ""),
        (700, 800, ""),
        (700, 800, "height: 4321px"),
        (700, 640, "height: 4321px"),
    ):
        # Each batch measures too; no batch may come between the change and the next sample.
        page.wait_for_function("!pointerscope.state().queued")
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("(style) => document.querySelector('main').style = style", change)
        settle(page)
        move(page, 0.2)
    assert distinct(check(service, page)) == 4


@pytest.mark.parametrize("side", ["height", "width"])
def test_a_document_that_grows_beyond_its_root_is_noticed_with_the_next_batch(
    service: Service, open_page: OpenPage, side: str
) -> None:
    page = open_page("<style>html, body { height: 100% }</style><main>short</main>")
    move(page, 0.2)
    page.evaluate("(side) => { document.querySelector('main').style[side] = '4321px' }", side)
    move(page, 0.2)
    page.wait_for_function("!pointerscope.state().queued")
    before = len(truth(page))
    move(page, 0.2)
    seen = truth(page)
    assert joined(service, page, len(seen))[before:] == seen[before:]
    assert max(seen[before]["document"]) >= 4321


def test_zoom_and_a_screen_of_another_resolution_are_new_scenes(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    page = open_page()
    move(page, 0.2)
    tools = context.new_cdp_session(page)
    # The last one changes the resolution alone.
    for ratio, width in ((1.5, 600), (0.5, 1800), (3, 300), (2, 300)):
        screen = {"width": width, "height": 400, "deviceScaleFactor": ratio, "mobile": False}
        tools.send("Emulation.setDeviceMetricsOverride", screen)
        page.evaluate(f"scrollTo(0, {ratio * 500})")
        settle(page)
        move(page, 0.2)
    assert [*{scene["pixel_ratio"]: 0 for scene in check(service, page)}] == [1, 1.5, 0.5, 3, 2]


def test_touch_and_pen_are_distinguished_from_the_mouse(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    page = open_page("<style>html { touch-action: none }</style>" + TALL)
    move(page, 0.2)
    tools = context.new_cdp_session(page)
    tools.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    for _ in range(2):
        tools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at(100)]})
        for x in range(140, 300, 20):
            tools.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at(x)]})
            page.wait_for_timeout(20)
        tools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    tools.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    for x in range(300, 400, 20):
        pen = {"type": "mouseMoved", "pointerType": "pen", "buttons": 0, **at(x)}
        tools.send("Input.dispatchMouseEvent", pen)
        page.wait_for_timeout(20)
    seen = check(service, page)
    assert {scene["pointer"] for scene in seen} == {"mouse", "touch", "pen"}


def at(x: int) -> dict[str, int]:
    return {"x": x, "y": 200}


UNUSUAL = {
    "quirks mode": ("", TALL),
    "a body that scrolls in quirks mode": (
        "",
        "<style>html { overflow: hidden } body { overflow: scroll; height: 300px }</style>" + TALL,
    ),
    "text from right to left": (f"{HTML}<html dir=rtl>", TALL),
    "an element that scrolls": (
        HTML,
        f"<div id=inside style='height: 300px; overflow: scroll'>{TALL}</div>",
    ),
    "names of the window as the page's own": (
        HTML,
        f"<script>var innerWidth = 'x', innerHeight = NaN, pageYOffset = {{}};</script>{TALL}",
    ),
    "no ResizeObserver": (HTML, f"<script>delete window.ResizeObserver</script>{TALL}"),
}


@pytest.mark.parametrize(("head", "html"), UNUSUAL.values(), ids=UNUSUAL)
def test_in_an_unusual_page_each_sample_has_its_scene(
    service: Service, open_page: OpenPage, head: str, html: str
) -> None:
    page = open_page(html, head=head)
    move(page, 0.2)
    for change in ("scrollTo(-50, 400)", "document.body.scrollTop = 200", "inside.scrollTop = 90"):
        page.evaluate(f"() => {{ try {{ {change} }} catch {{}} }}")
        settle(page)
        move(page, 0.2)
    check(service, page)


def test_with_data_pages_the_path_of_the_address_is_the_page(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    calls = calls_of(context, "/api/")
    page = open_page(more=PATH)
    # As the service stores it.
    page.evaluate("""() => {
        window.pageNow = () => decodeURIComponent(location.pathname).replace(/(.)\\/$/, "$1");
      }""")
    for change in (
        "",
        "history.pushState(null, '', '/products/12?colour=red#details')",
        "history.replaceState(null, '', '/caf%C3%A9/%C3%A9/?token=secret')",
        "history.pushState(null, '', '/' + 'a/'.repeat(80))",
        "location.hash = 'reviews'",
        "history.go(-2)",
    ):
        page.evaluate(f"() => {{ {change} }}")
        page.wait_for_timeout(100)
        move(page, 0.2)
    pages = [scene["page"] for scene in check(service, page)]
    assert [*dict.fromkeys(pages)] == ["/page.html", "/products/12", "/café/é", "/a" * 80]
    assert pages[-1] == "/café/é"
    sent = "".join(call.post_data or "" for call in calls)
    assert not any(word in sent for word in ("colour", "details", "secret", "reviews"))


def test_a_path_that_is_longer_than_a_name_may_be_is_not_sent(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page(more=PATH)
    page.evaluate("history.pushState(null, '', '/' + 'x'.repeat(180) + '/3fa85f64-5717-4562-b3fc')")
    move(page, 0.2)
    assert "page" not in check(service, page)[-1]


def test_the_sites_own_names_of_pages_come_first(service: Service, open_page: OpenPage) -> None:
    page = open_page(more='data-page="checkout" data-pages="path" async')
    page.evaluate("() => { window.own = 'checkout'; window.pageNow = () => own; }")
    move(page, 0.2)
    # What the page's scripts give, and the page that follows.
    for given, own in (
        ("'/order/:id'", "/order/:id"),
        ("'Kasse, Übersicht 🛒'", "Kasse, Übersicht 🛒"),
        ("'ä'.repeat(200)", "ä" * 200),
        ("'a\\0\\u202eb'", "ab"),
        ("'ä'.repeat(201)", None),
        ("['ä'.repeat(201)]", None),
        ("{ length: 1, toString: () => 'ä'.repeat(201) }", None),
        ("'half of 🛒: \\ud83d'", None),
        ("{}", None),
        ("7", None),
        ("Symbol()", None),
        ("", "checkout"),
        ("null", "checkout"),
    ):
        page.evaluate("([own]) => { window.own = own }", [own])
        page.evaluate(f"pointerscope.page({given})")
        move(page, 0.1)
    assert distinct(check(service, page)) == 6
    assert page.evaluate("faults") == []


def test_unless_the_site_asks_a_scene_is_geometry_alone(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    calls = calls_of(context, "/api/")
    page = open_page("<title>secret title</title><p>secret text")
    page.evaluate("history.pushState(null, '', '/secret')")
    move(page, 0.3)
    check(service, page)
    bodies = [call.post_data or "{}" for call in calls if call.method == "POST"]
    assert not any("secret" in body for body in bodies)
    for body in map(json.loads, bodies):
        assert set(body) <= {"events", "scenes", "token"}
        for event in body.get("events", []):
            assert set(event) <= {"time", "seq", "x", "y", "enter"}
        for scene in body.get("scenes", []):
            fields = {"viewport", "document", "scroll", "pixel_ratio", "pointer"}
            assert set(scene) == {"time", "seq", *fields}


# Two tabs' clocks agree to a few ms, on a machine that has time for both.
@pytest.mark.timed
@pytest.mark.parametrize("hides", [True, False], ids=["in turns", "side by side"])
def test_two_tabs_of_one_session_take_no_scene_from_each_other(
    service: Service, context: BrowserContext, hides: bool
) -> None:
    context.route(CDN, lambda route: route.abort())
    pages = []
    for width, height in ((900, 600), (800, 700)):
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.goto(service.url)
        pages.append(live(page))
    assert instance(pages[0]) == instance(pages[1])
    seen: list[Fields] = []
    for _ in range(3):
        for page in pages:
            page.bring_to_front()
            if hides:
                turn(page, hidden=False)
            before = len(truth(page))
            move(page, 0.2)
            seen += truth(page)[before:]
            if hides:
                turn(page, hidden=True)
            else:
                page.evaluate(LEAVE)
    assert joined(service, pages[0], len(seen)) == seen
    assert distinct(seen) == 2


def test_back_from_the_cache_a_page_has_its_own_scene_again(
    service: Service, site: Site, open_page: OpenPage
) -> None:
    site.write("other.html", "<div style='height: 99px'></div>" + tag(service))
    page = open_page()
    name = instance(page)
    page.evaluate("scrollTo(0, 500)")
    move(page, 0.3)
    first = truth(page)
    page.goto(f"{site.url}/other.html")
    assert instance(live(page)) == name
    move(page, 0.3)
    other = truth(page)
    page.set_viewport_size({"width": 640, "height": 500})
    page.go_back(wait_until="commit")  # Nothing is reloaded.
    settle(page)
    assert truth(page)[: len(first)] == first
    move(page, 0.3)
    seen = [*first, *other, *truth(page)[len(first) :]]
    assert joined(service, page, len(seen)) == seen
    assert distinct(seen) == 3


def test_the_first_sample_of_each_clock_hour_has_a_scene(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    behind: list[timedelta] = []

    def set_clock(route: Route) -> None:
        """Answer as if the service's clock stood shortly before the last full hour."""
        answer = route.fetch()
        data = answer.json()
        if "server_time" in data:
            real = datetime.fromisoformat(data["server_time"])
            full = real.replace(minute=0, second=0, microsecond=0)
            if not behind:
                behind.append(real - full + timedelta(seconds=2.5))
            data["server_time"] = (real - behind[0]).isoformat()
        route.fulfill(response=answer, json=data)

    context.route("**/time/", set_clock)
    context.route("**/browsers/", set_clock)
    page = open_page()
    move(page, 4)
    check(service, page)
    found = read_stored(service)
    (name,) = found.samples
    hours: dict[int, list[tuple[int, int]]] = {}
    for key in sorted(found.samples[name]):
        hours.setdefault(key[0] // 3_600_000_000, []).append(key)
    assert len(hours) == 2
    # The page's only other scene is its first; the hour does not begin a path.
    assert sorted(found.scenes[name]) == [keys[0] for keys in hours.values()]
    assert [found.samples[name][keys[0]]["enter"] for keys in hours.values()] == [True, False]


def test_after_a_batch_was_refused_the_next_sample_has_its_scene(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    refused: list[str] = []

    def refuse(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.post_data or "")
            headers = {"Access-Control-Allow-Origin": "*"}
            route.fulfill(status=400, json={"code": "invalid"}, headers=headers)

    page.route("**/events/", refuse)
    move(page, 1)
    page.wait_for_function("!pointerscope.state().queued")
    seen = truth(page)[len(json.loads(refused[0])["events"]) :]
    assert joined(service, page, len(seen)) == seen


def test_when_the_queue_has_dropped_samples_the_first_one_left_has_its_scene(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    move(page, 0.2)
    page.wait_for_function("!pointerscope.state().queued")
    service.sql(CLEAR)
    page.evaluate(f"({REPEAT})(20100)")
    assert state(page)["dropped"] == 100
    assert joined(service, page, 20_000) == [truth(page)[-1]] * 20_000


def test_a_backlog_of_scenes_is_sent_in_small_batches(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    calls = calls_of(context, "/events/")
    page = open_page(more="async data-page='x'")
    move(page, 0.1)
    page.evaluate("""() => {
        for (let i = 0; i < 500; i++) {
          pointerscope.page(`${i} ${"🛒".repeat(90)}`);
          tracked(last);
        }
      }""")
    page.wait_for_function("!pointerscope.state().queued")
    wait_for_stored(service, state(page)["captured"])
    assert len(read_stored(service).scenes[instance(page)]) == 501
    for body in (call.post_data or "" for call in calls):
        assert len(body.encode()) <= 48 * 1024
        assert len(json.loads(body).get("scenes", [])) <= 100


def test_a_pointermove_forces_no_layout(context: BrowserContext, open_page: OpenPage) -> None:
    page = open_page(more=PATH)
    move(page, 0.2)
    tools = context.new_cdp_session(page)
    tools.send("Performance.enable")

    def layouts() -> float:
        metrics = tools.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "LayoutCount")

    before = layouts()
    page.evaluate("""() => {
        for (let i = 0; i < 1000; i++) {
          document.body.style.width = `${900 + i}px`;
          tracked(last);
        }
      }""")
    assert layouts() - before < 20
