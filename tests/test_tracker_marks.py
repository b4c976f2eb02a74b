"""Marks and labels of an embedding page, in a real Chromium against the real service."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.as_of import Fields, Key, read_stored
from tests.browser import open_chromium
from tests.embedding import (
    CLEAR,
    WATCH,
    Site,
    calls_of,
    live,
    move,
    seen,
    state,
    tag,
    wait_for_stored,
)
from tests.patience import wait_until
from tests.service import Service

LABEL = "select label from dashboard_browser where instance_id = %s"

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium(with_cache=True) as browser:
        yield browser


@pytest.fixture
def context(chromium: Browser, service: Service) -> Iterator[BrowserContext]:
    service.sql(CLEAR)
    context = chromium.new_context()
    context.add_init_script(WATCH)
    yield context
    context.close()


@pytest.fixture
def open_page(context: BrowserContext, site: Site, service: Service) -> OpenPage:
    def open_page(more: str = "async", html: str = "") -> Page:
        site.write("page.html", html + tag(service, more))
        page = context.new_page()
        page.goto(f"{site.url}/page.html")
        page.wait_for_function("window.pointerscope")
        return page

    return open_page


def instance(page: Page) -> str:
    return page.evaluate("pointerscope.start()")["instanceId"]


def stored_marks(service: Service, page: Page, count: int) -> dict[Key, Fields]:
    name = instance(page)
    return wait_until(
        lambda: len(marks := read_stored(service).marks[name]) == count and marks,
        what=f"{count} marks are stored",
    )


def test_a_mark_lies_between_the_samples_around_it(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    before = move(page)
    page.evaluate("pointerscope.mark('trial:start', { trial: 3, words: ['é', '🛒', null] })")
    count = move(page)
    wait_for_stored(service, count)
    ((at, mark),) = stored_marks(service, page, 1).items()
    assert mark == {"name": "trial:start", "data": {"trial": 3, "words": ["é", "🛒", None]}}
    samples = read_stored(service).samples[instance(page)]
    assert sum(key < at for key in samples) == before
    assert len({seq for _, seq in [*samples, at]}) == count + 1


def test_a_mark_needs_no_pointer(service: Service, open_page: OpenPage) -> None:
    page = live(open_page())
    page.evaluate("pointerscope.mark('played')")
    ((_, mark),) = stored_marks(service, page, 1).items()
    assert mark == {"name": "played", "data": {}}


def test_marks_of_an_outage_are_stored_once(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    page = live(open_page())
    context.set_offline(True)
    for number in range(250):
        page.evaluate("(number) => pointerscope.mark('step', { number })", number)
    count = move(page)
    page.wait_for_function("pointerscope.state().connection === 'offline'")
    assert state(page)["queued"] == count + 250
    context.set_offline(False)
    marks = stored_marks(service, page, 250)
    assert [marks[key]["data"]["number"] for key in sorted(marks)] == list(range(250))
    wait_for_stored(service, count)
    page.wait_for_function("!pointerscope.state().queued")
    assert stored_marks(service, page, 250) == marks


def test_marks_of_a_closed_page_are_sent_by_the_next_visit(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    page = live(open_page())
    name = instance(page)
    context.route("**/events/", lambda route: route.abort())
    page.evaluate("pointerscope.mark('left', { text: '\\n' })")
    page.wait_for_function("pointerscope.state().connection === 'offline'")
    page.close()
    context.unroute("**/events/")
    assert read_stored(service).marks == {}
    page = live(open_page())
    wait_until(lambda: read_stored(service).marks[name])
    page.wait_for_function("!Object.keys(localStorage).length")


def test_many_large_marks_are_sent_in_small_batches(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    calls = calls_of(context, "/events/")
    page = live(open_page())
    page.evaluate("""() => {
        for (let i = 0; i < 200; i++)
          pointerscope.mark("ä".repeat(64), { text: "é".repeat(500), i });
      }""")
    stored_marks(service, page, 200)
    for body in (call.post_data or "" for call in calls):
        assert len(body.encode()) <= 48 * 1024
        assert len(json.loads(body)["marks"]) <= 100


WRONG = {
    "no name": "",
    "no text as a name": "7",
    "an empty name": "''",
    "a long name": "'x'.repeat(65)",
    "half a character as a name": "'\\ud83d'",
    "a name that throws": "{ get length() { throw new Error('no') } }",
    "a symbol": "Symbol()",
    "a circle": "'x', circle",
    "a big integer": "'x', { big: 1n }",
    "data of more than 1 KiB": "'x', { text: 'é'.repeat(512) }",
    "half a character in the data": "'x', { text: '\\ud83d' }",
    "NUL in the data": "'x', { text: '\\0' }",
    "data that throws": "'x', { get text() { throw new Error('no') } }",
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_a_wrong_mark_is_one_line_in_the_console_and_nothing_else(
    service: Service, context: BrowserContext, open_page: OpenPage, given: str
) -> None:
    lines: list[str] = []
    context.on("console", lambda line: line.type == "warning" and lines.append(line.text))
    page = live(open_page())
    page.evaluate(f"const circle = {{}}; circle.self = circle; pointerscope.mark({given}); 0")
    page.evaluate("pointerscope.mark('right')")
    wait_for_stored(service, move(page))
    ((_, mark),) = stored_marks(service, page, 1).items()
    assert mark["name"] == "right"
    assert (state(page)["dropped"], page.evaluate("faults")) == (0, [])
    assert len(lines) == 1
    assert lines[0].startswith("Pointerscope")


# Whatever else a page may give. A 400 for one of these would cost the samples beside it.
ODD = (
    *("'a\\0b'", "'\\x1f'", "['x'.repeat(65)]", "{ length: 1, toString: () => 'x'.repeat(65) }"),
    *("new String('x')", "{ sub() {}, toString: () => 'x' }", "null", "undefined"),
    *("'x', { a: Array(24).fill(1e300) }", "'x', { a: Array(24).fill(5e-324) }"),
    *("'x', { text: 'x'.repeat(5e6) }", "'x', { toJSON: () => 5 }", "'x', { toJSON() {} }"),
    "'x', { toJSON: () => ({ a: 'é'.repeat(512) }) }",
    "'x', new Proxy({}, { ownKeys() { throw new Error('no') } })",
)
# What must be stored, as large as it may be.
LARGE = (
    "'\\\"é🛒\\n'.repeat(9), { a: Array(22).fill(-1e300) }",
    "'x', { a: Array(22).fill(5e-324) }",
    "'x', { a: Array(113).fill(0.000001) }",
    "'x', JSON.parse('{\"a\":' + '['.repeat(500) + ']'.repeat(500) + '}')",
    "'x', { a: '1e-7 and C:\\\\users'.repeat(7), b: [1e21, 5.5e-17, -0, NaN, 1 / 0] }",
    "'x', { ['__proto__']: 1, '': '\u2028\\n\\uffff', id: crypto.randomUUID() }",
)


def test_whatever_a_page_gives_as_a_mark_no_sample_is_lost(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    lines: list[str] = []
    context.on("console", lambda line: line.type == "warning" and lines.append(line.text))
    page = live(open_page())
    for place, given in enumerate(ODD + LARGE):
        page.evaluate(f"pointerscope.mark({given}); 0")
        if place % 4 == 0:
            move(page, 0.1)
    wait_for_stored(service, seen(page))
    assert len(stored_marks(service, page, len(LARGE))) == len(LARGE)
    assert len(lines) == len(ODD)
    assert (state(page)["dropped"], page.evaluate("faults")) == (0, [])


@pytest.mark.parametrize("data", ["[1, 2]", "'ab'", "7", "null", "undefined", "new Date()"])
def test_data_that_is_no_object_is_stored_as_one(
    service: Service, open_page: OpenPage, data: str
) -> None:
    page = live(open_page())
    page.evaluate(f"pointerscope.mark('x', {data})")
    ((_, mark),) = stored_marks(service, page, 1).items()
    expected = {"[1, 2]": {"0": 1, "1": 2}, "'ab'": {"0": "a", "1": "b"}}
    assert mark["data"] == expected.get(data, {})


def test_before_consent_and_after_an_erasure_no_mark_is_taken(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    calls = calls_of(context, "/api/")
    page = open_page('data-autostart="false"')
    page.evaluate("pointerscope.mark('before')")
    page.evaluate("pointerscope.page('before')")
    assert (state(page)["queued"], calls) == (0, [])
    page.evaluate("pointerscope.start()")
    page.evaluate("pointerscope.mark('between')")
    ((_, mark),) = stored_marks(service, page, 1).items()
    assert mark["name"] == "between"
    assert page.evaluate("pointerscope.erase()") is True
    page.evaluate("pointerscope.mark('after')")
    assert state(page)["queued"] == 0


def test_a_sleep_of_the_machine_is_corrected_in_a_mark_too(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page())
    wait_for_stored(service, move(page))
    page.evaluate("const now = Date.now; Date.now = () => now() + 60000; 0")
    page.evaluate("pointerscope.mark('awake')")
    count = move(page)
    wait_for_stored(service, count)
    ((at, _),) = stored_marks(service, page, 1).items()
    samples = sorted(read_stored(service).samples[instance(page)])
    first, second = (key for key in samples if abs(key[0] - at[0]) < 20_000_000), samples[0]
    assert second[0] < at[0] - 50_000_000
    assert min(first) > at


def label_of(service: Service, page: Page) -> str:
    return service.sql(LABEL, (instance(page),))[0][0]


def test_an_instance_has_the_label_of_its_tag(service: Service, open_page: OpenPage) -> None:
    page = live(open_page('data-label="kiosk, hall 2" async'))
    assert label_of(service, page) == "kiosk, hall 2"


def test_the_label_that_start_is_given_comes_first(service: Service, open_page: OpenPage) -> None:
    page = open_page('data-label="a participant" data-autostart="false"')
    page.evaluate("pointerscope.start({ label: 'participant 7' })")
    assert label_of(service, page) == "participant 7"


@pytest.mark.parametrize("given", ["", "{}", "null", "new Event('click')", "{ label: '' }"])
def test_without_a_label_start_takes_that_of_the_tag(
    service: Service, open_page: OpenPage, given: str
) -> None:
    page = open_page('data-label="kiosk" data-autostart="false"')
    page.evaluate(f"pointerscope.start({given})")
    assert label_of(service, page) == "kiosk"


def test_a_later_page_labels_an_instance_without_a_label(
    service: Service, site: Site, open_page: OpenPage
) -> None:
    page = live(open_page())
    name = instance(page)
    assert label_of(service, page) == ""
    for label in ("participant 7", "another"):
        site.write("next.html", tag(service, f'data-label="{label}"'))
        page.goto(f"{site.url}/next.html")
        assert instance(live(page)) == name
        assert label_of(service, page) == "participant 7"


CIRCLE = "Object.assign(window.circle ??= {}, { circle: window.circle })"


@pytest.mark.parametrize(
    "label", ["'x'.repeat(101)", "'a\\nb'", "'a\\0b'", "'\\ud83d'", "7", "{}", "[]", CIRCLE]
)
def test_a_wrong_label_prevents_no_start(service: Service, open_page: OpenPage, label: str) -> None:
    page = open_page('data-autostart="false"')
    page.evaluate(f"pointerscope.start({{ label: {label} }})")
    assert label_of(service, page) == ""
    wait_for_stored(service, move(page))
    assert page.evaluate("faults") == []


@pytest.mark.parametrize("label", ["x" * 101, "a&#10;b"])
def test_a_later_page_with_a_wrong_label_continues_the_instance(
    service: Service, site: Site, open_page: OpenPage, label: str
) -> None:
    page = live(open_page())
    name = instance(page)
    site.write("next.html", tag(service, f'data-label="{label}"'))
    page.goto(f"{site.url}/next.html")
    assert instance(live(page)) == name
    wait_for_stored(service, move(page))


def test_an_instance_that_logs_on_anew_keeps_its_label(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page('data-label="kiosk" async'))
    first = instance(page)
    service.sql("delete from dashboard_browser where instance_id = %s", (first,))
    move(page)
    wait_until(lambda: page.evaluate("pointerscope.start()")["instanceId"] != first)
    assert label_of(service, live(page)) == "kiosk"


def test_a_label_needs_no_storage(service: Service, open_page: OpenPage) -> None:
    forbid = "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error() } })"
    page = live(open_page('data-label="kiosk"', f"<script>{forbid}</script>"))
    assert label_of(service, page) == "kiosk"


def test_after_a_refused_batch_the_next_sample_begins_a_path_even_behind_a_mark(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page())
    held: list[Route] = []
    page.route("**/events/", lambda route: held.append(route) if not held else route.continue_())
    page.mouse.move(50, 50)
    page.wait_for_function("pointerscope.state().queued")
    wait_until(lambda: page.evaluate("1") and held)
    page.evaluate("pointerscope.mark('a')")
    move(page, 0.5)
    headers = {"Access-Control-Allow-Origin": "*"}
    held[0].fulfill(status=400, json={"code": "invalid"}, headers=headers)
    page.wait_for_function("!pointerscope.state().queued")
    lost = len(json.loads(held[0].request.post_data or "")["events"])
    assert state(page)["dropped"] == lost
    wait_for_stored(service, seen(page) - lost)
    samples = read_stored(service).samples[instance(page)]
    assert samples[min(samples)]["enter"]
