"""The samples that the tracker takes of a real pointer, their times, and the starts of paths."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from tests.browser import sweep
from tests.embedding import CLEAR, ENTERED, WATCH, Site, live, move, seen, tag
from tests.embedding import wait_for_stored as wait_for
from tests.service import Service

# Each reading of an event's time goes through `skew`; the page's own `times` are the real ones.
SKEW = """
window.skew = (time) => time;
{
  const { get } = Object.getOwnPropertyDescriptor(Event.prototype, "timeStamp");
  Object.defineProperty(Event.prototype, "timeStamp", {
    configurable: true,
    get() { return skew(get.call(this)); },
  });
}
"""
TIMES = "select extract(epoch from time) * 1000 from analytics_pointerpositionevent order by seq"
WRONG_TIMES = {
    "three minutes behind": "(time) => time - 180000",
    "three seconds behind": "(time) => time - 3000",
    "ten minutes ahead": "(time) => time + 600000",
    "milliseconds since 1970": "(time) => performance.timeOrigin + time",
    "not a number": "() => NaN",
    "zero": "() => 0",
    "negative": "() => -1",
    "a text": "() => 'now'",
    "nothing": "() => undefined",
}
# The longest step that does not begin a path, in px.
LONGEST_STEP = """
select coalesce(max(step), 0) from (
    select enter, sqrt(power(x - lag(x) over w, 2) + power(y - lag(y) over w, 2)) as step
    from analytics_pointerpositionevent window w as (partition by browser_id order by time, seq)
) steps where not enter
"""

OpenPage = Callable[..., Page]


@pytest.fixture
def context(chromium: Browser, service: Service) -> Iterator[BrowserContext]:
    service.sql(CLEAR)
    context = chromium.new_context(viewport={"width": 1000, "height": 600})
    context.add_init_script(WATCH + SKEW)
    yield context
    context.close()


@pytest.fixture
def open_page(context: BrowserContext, site: Site, service: Service) -> OpenPage:
    def open_page(html: str = "") -> Page:
        site.write("page.html", html + tag(service))
        page = context.new_page()
        page.goto(f"{site.url}/page.html")
        return live(page)

    return open_page


def stored_times(service: Service, page: Page) -> tuple[list[float], list[float]]:
    """Return the stored times, by the page's clock, and the real times, in epoch ms."""
    wait_for(service, seen(page))
    offset = page.evaluate("pointerscope.start()")["clockOffset"]
    return [float(time) - offset for (time,) in service.sql(TIMES)], page.evaluate("times")


@pytest.mark.parametrize("wrong", WRONG_TIMES.values(), ids=WRONG_TIMES)
def test_if_an_events_time_is_out_of_bounds_the_pages_clock_is_used(
    service: Service, open_page: OpenPage, wrong: str
) -> None:
    page = open_page()
    move(page, 0.4)
    right = seen(page)
    page.evaluate(f"skew = {wrong}; 0")
    move(page, 2)
    back = seen(page)
    page.evaluate("skew = (time) => time; 0")
    move(page, 0.4)
    stored, real = stored_times(service, page)
    assert stored == sorted(stored)
    for found, expected in zip(stored, real, strict=True):
        assert abs(found - expected) < 200
    for place in (*range(right), *range(back + 3, len(real))):
        assert abs(stored[place] - real[place]) < 0.01
    # No more of them share a time than one frame contains.
    assert len({round(time) for time in stored[right:back]}) > (back - right) / 6


@pytest.mark.parametrize("wrong", ["time + 600000", "time - 600000", "NaN", "0"])
def test_one_wrong_time_affects_no_other_sample(
    service: Service, open_page: OpenPage, wrong: str
) -> None:
    page = open_page()
    move(page, 0.4)
    before = seen(page)
    page.evaluate(f"skew = (time) => {{ skew = (time) => time; return {wrong}; }}; 0")
    move(page, 0.6)
    stored, real = stored_times(service, page)
    off = [place for place in range(len(real)) if abs(stored[place] - real[place]) > 0.01]
    assert off in ([], [before])
    assert abs(stored[before] - real[before]) < 200
    assert stored == sorted(stored)


def test_events_out_of_order_never_step_back(service: Service, open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate("{ let turn = 0; skew = (time) => time - 10 * (turn++ % 3); }")
    move(page, 1)
    stored, real = stored_times(service, page)
    assert stored == sorted(stored)
    assert max(abs(a - b) for a, b in zip(stored, real, strict=True)) < 50


def test_after_a_page_was_blocked_for_seconds_the_times_are_those_of_the_events(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page()
    move(page, 0.3)
    page.evaluate("""setTimeout(() => {
        const end = performance.now() + 3000;
        while (performance.now() < end);
      }); 0""")
    move(page, 2)
    stored, real = stored_times(service, page)
    assert max(abs(a - b) for a, b in zip(stored, real, strict=True)) < 0.01
    assert real[-1] - real[0] > 2000


FRAMES = {
    "another origin": '<iframe src="{elsewhere}/frame.html"></iframe>',
    "the same origin": '<iframe src="/frame.html"></iframe>',
    "an object": '<object data="/frame.html" type="text/html"></object>',
    "the same origin, in a shadow tree": """<div></div><script>
        document.querySelector("div").attachShadow({ mode: "open" }).innerHTML =
          '<iframe src="/frame.html" style="position: absolute; left: 200px; top: 0;'
          + ' width: 600px; height: 500px; border: 0"></iframe>';
      </script>""",
}
PLACE = """<style>iframe, object { position: absolute; left: 200px; top: 0; width: 600px;
    height: 500px; border: 0 }</style>"""


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_across_a_frame_the_first_sample_after_it_enters(
    service: Service, site: Site, open_page: OpenPage, frame: str
) -> None:
    site.write("frame.html", "<p>An advertisement</p>")
    other = site.url.replace("127.0.0.1", "localhost")
    page = open_page(PLACE + frame.replace("{elsewhere}", other))
    page.wait_for_load_state("networkidle")
    for x in range(100, 900, 20):
        page.mouse.move(x, 250)
        page.wait_for_timeout(10)
    wait_for(service, seen(page))
    assert service.sql(ENTERED) == [(2,)]
    assert service.sql(LONGEST_STEP)[0][0] <= 20
    # All samples that the page sees are beside the frame.
    inside = "select count(*) from analytics_pointerpositionevent where x > 220 and x < 800"
    assert service.sql(inside) == [(0,)]


def test_when_the_window_loses_the_focus_the_next_sample_enters(
    service: Service, open_page: OpenPage
) -> None:
    page = open_page("<input autofocus><input id=second>")
    move(page)
    page.evaluate("document.querySelector('#second').focus()")
    wait_for(service, move(page))
    assert service.sql(ENTERED) == [(1,)]
    page.evaluate("dispatchEvent(new FocusEvent('blur'))")
    wait_for(service, move(page))
    assert service.sql(ENTERED) == [(2,)]


def test_a_drag_under_pointer_capture_is_one_path(service: Service, open_page: OpenPage) -> None:
    page = open_page("""<div style="width: 90px; height: 90px; background: red"></div><script>
        const div = document.querySelector("div");
        div.addEventListener("pointerdown", (event) => div.setPointerCapture(event.pointerId));
      </script>""")
    page.mouse.move(50, 50)
    page.mouse.down()
    sweep(page, (50, 50), (700, 400), 0.5)
    page.mouse.up()
    sweep(page, (700, 400), (300, 300), 0.3)
    wait_for(service, seen(page))
    assert service.sql(ENTERED) == [(1,)]


def test_of_two_fingers_only_the_first_is_followed(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    page = open_page("<style>html { touch-action: none }</style>")
    hand = context.new_cdp_session(page)
    hand.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})
    touch(hand, "touchStart", (100, 100), (600, 400))
    for x in range(110, 200, 10):
        touch(hand, "touchMove", (x, 100), (x + 500, 400))
        page.wait_for_timeout(20)
    touch(hand, "touchEnd")
    count = page.evaluate("pointerscope.state().captured")
    wait_for(service, count)
    assert count > 4
    low = "select count(*) from analytics_pointerpositionevent where y > 200"
    assert (service.sql(low), service.sql(ENTERED)) == ([(0,)], [(1,)])


def touch(hand: CDPSession, kind: str, *places: tuple[int, int]) -> None:
    points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
    hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_mouse_and_a_pen_in_turns_share_no_path(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    page = open_page()
    hand = context.new_cdp_session(page)
    for step in range(5):
        for kind, y in (("mouse", 100), ("pen", 500)):
            place = {"x": 100 + 10 * step, "y": y, "pointerType": kind}
            hand.send("Input.dispatchMouseEvent", {"type": "mouseMoved", **place})
            page.wait_for_timeout(30)
    wait_for(service, seen(page))
    assert service.sql(LONGEST_STEP)[0][0] == 0
