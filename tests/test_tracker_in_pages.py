"""The tracker in unusual pages; each test's page is a file of its own."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.as_of import read_stored
from tests.browser import bare_chromium, turn
from tests.embedding import (
    CLEAR,
    INSTANCES,
    WATCH,
    Site,
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

ZONE = ROOT / "node_modules" / "zone.js" / "bundles" / "zone.umd.js"

# Methods that old versions of Prototype.js add; each object with one is serialised by it.
TO_JSON = """
Array.prototype.toJSON = function () { return "[" + Array.prototype.join.call(this) + "]"; };
Object.defineProperty(Object.prototype, "toJSON", { configurable: true,
  value: function () { return `<${this}>`; } });
String.prototype.toJSON = Number.prototype.toJSON = function () { return `'${this}'`; };
"""
PATCHES = {
    "toJSON": TO_JSON,
    "enumerable properties": """
        Object.prototype.inherited = () => {};
        Array.prototype.each = function () {};
        String.prototype.inherited = 1;""",
    "arrays as Prototype.js has them": """
        for (const name of ["map", "filter", "find", "some", "reduce", "forEach", "entries"]) {
          const own = Array.prototype[name];
          Array.prototype[name] = function (...given) { return own.apply(this, given); };
        }
        Object.keys = (object) => { const keys = []; for (const key in object) keys.push(key);
          return keys; };""",
    "a clock that stands an hour ahead": "{ const { now } = Date; Date.now = () => now() + 36e5; }",
    "a clock that stands still": "Date.now = () => 1e12;",
    "no clock": "Date.now = () => NaN;",
    "a Promise of its own": """{
        const Own = Promise;
        window.Promise = class extends Own {};
      }""",
    "fetch that is wrapped": """{
        const own = fetch;
        window.fetch = function (url, options) {
          if (typeof url !== "string" || !options.hasOwnProperty("method")) throw new Error("odd");
          return own.apply(this, arguments).then((response) => response.clone());
        };
      }""",
    "storage that is full": """
        Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
      """,
    "storage that is forbidden": """
        for (const name of ["localStorage", "sessionStorage"])
          Object.defineProperty(window, name, { get() { throw new Error("forbidden"); } });""",
    "storage that is frozen": """
        for (const name of ["localStorage", "sessionStorage"])
          Object.defineProperty(window, name, { value: Object.freeze({}) });""",
    "an element of our name": """addEventListener("DOMContentLoaded", () =>
        document.body.insertAdjacentHTML("beforeend", "<p id=pointerscope></p>"));""",
}

BROWSERS = "select count(*) from dashboard_browser"
FAR_OFF = """
select count(*) from analytics_pointerpositionevent
where abs(extract(epoch from now() - time)) > 60
"""

OpenPage = Callable[..., Page]


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A third origin."""
    with open_site(tmp_path_factory.mktemp("elsewhere")) as site:
        yield site


@pytest.fixture
def context(chromium: Browser, service: Service) -> Iterator[BrowserContext]:
    service.sql(CLEAR)
    context = chromium.new_context()
    context.add_init_script(WATCH)
    yield context
    context.close()


@pytest.fixture
def open_page(context: BrowserContext, site: Site) -> OpenPage:
    def open_page(html: str) -> Page:
        """Open a page with this body."""
        site.write("page.html", html)
        page = context.new_page()
        page.goto(f"{site.url}/page.html")
        return page

    return open_page


def refuse(route: Route) -> None:
    route.abort()


def posted_to(site: Site) -> list[str]:
    return [line for line in site.asked if not line.startswith("GET /page.html")]


@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES)
def test_in_a_page_with_any_patch_each_sample_is_stored_once(
    service: Service, site: Site, open_page: OpenPage, patch: str
) -> None:
    page = live(open_page(f"<script>{patch}</script>{tag(service)}"))
    page.evaluate("pointerscope.mark('x', { list: [1] })")
    wait_for_stored(service, move(page))
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert service.sql(FAR_OFF) == [(0,)]
    found = read_stored(service)
    ((name, marks),) = found.marks.items()
    assert (len(marks), None in found.joined(name).values()) == (1, False)
    assert (page.evaluate("faults"), posted_to(site)) == ([], [])


def test_samples_kept_by_a_page_with_its_own_tojson_are_sent_once(
    service: Service, context: BrowserContext, site: Site, open_page: OpenPage
) -> None:
    html = f"<script>{TO_JSON}</script>{tag(service)}"
    first = live(open_page(html))
    context.route("**/events/", refuse)
    count = move(first)
    turn(first, hidden=True)
    assert len(first.evaluate("Object.keys(localStorage)")) == 1
    first.close()
    context.unroute("**/events/")
    second = live(open_page(html))
    wait_for_stored(service, count)
    wait_for_stored(service, count + move(second))
    second.wait_for_function("!Object.keys(localStorage).length")
    assert service.sql(INSTANCES) == [(2,)]
    assert posted_to(site) == []


@pytest.mark.parametrize(
    "value",
    [
        '"str"',
        "[1,2]",
        "",
        "null",
        "\n",
        "/\nx",
        "//elsewhere.example/\n{}",
        '["https://elsewhere.example/","{}"]',
        "../../../login/\n{}",
        f"{'0' * 36}/../../\n{{}}",
    ],
)
def test_foreign_values_under_our_storage_keys_cause_no_call(
    service: Service, context: BrowserContext, site: Site, open_page: OpenPage, value: str
) -> None:
    keys = [f"pointerscope {service.url}/api/v1/{more}" for more in ("", "browsers/", "browsers/1")]
    store = "".join(
        f"{kind}.setItem({json.dumps(key)}, {json.dumps(value)});"
        for kind in ("localStorage", "sessionStorage")
        for key in keys
    )
    sent = calls_of(context, "/")
    page = live(open_page(f"<script>{store}</script>{tag(service)}"))
    wait_for_stored(service, move(page))
    asked = {request.url for request in sent if not request.url.startswith(site.url)}
    instance = page.evaluate("pointerscope.start()")["instanceId"]
    own = {f"{service.url}/api/v1/{path}" for path in ("browsers/", "time/")}
    own |= {f"{service.url}/api/v1/browsers/{instance}/events/"}
    own |= {f"{service.url}/static/analytics/tracker.js"}
    assert (asked - own, posted_to(site)) == (set(), [])


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "json": {"accepted": 1}},
        {"status": 204},
        {"status": 200, "body": "<h1>Log in to the hotel</h1>", "content_type": "text/html"},
        {"status": 403, "body": "<h1>Blocked</h1>", "content_type": "text/html"},
        {"status": 404, "body": "<h1>Gone</h1>", "content_type": "text/html"},
        {"status": 307, "headers": {"Location": "{elsewhere}/login"}},
        {"status": 302, "headers": {"Location": "{elsewhere}/login"}},
    ],
    ids=str,
)
def test_only_a_202_acknowledges_and_nothing_goes_to_another_origin(
    service: Service,
    context: BrowserContext,
    elsewhere: Site,
    open_page: OpenPage,
    answer: dict,
) -> None:
    headers = {"Access-Control-Allow-Origin": "*", **answer.get("headers", {})}
    headers = {name: value.format(elsewhere=elsewhere.url) for name, value in headers.items()}
    page = live(open_page(tag(service)))
    context.route("**/events/", lambda route: route.fulfill(**{**answer, "headers": headers}))
    count = move(page)
    page.wait_for_function("pointerscope.state().connection === 'offline'")
    turn(page, hidden=True)
    turn(page, hidden=False)
    assert (state(page)["queued"], state(page)["accepted"]) == (count, 0)
    context.unroute("**/events/")
    wait_for_stored(service, count)
    page.wait_for_function("!pointerscope.state().queued")
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        {"body": "<h1>Log in to the hotel</h1>", "content_type": "text/html"},
        {"json": {}},
        {"json": []},
        {"json": {"instance_id": "../../..", "write_token": "a:b", "config": {}}},
        {"json": {"instance_id": "0" * 36, "write_token": 'x","y":"', "config": {}}},
        {"status": 202, "json": {}},
        {"status": 204},
    ],
    ids=str,
)
def test_an_invalid_log_on_answer_starts_nothing_and_loses_nothing(
    service: Service, context: BrowserContext, open_page: OpenPage, answer: dict
) -> None:
    headers = {"Access-Control-Allow-Origin": "*"}
    context.route("**/browsers/", lambda route: route.fulfill(**answer, headers=headers))
    others = calls_of(context, "/browsers/")
    page = open_page(tag(service))
    page.wait_for_function("window.pointerscope?.state().connection === 'offline'")
    count = move(page)
    assert all(request.url.endswith("/browsers/") for request in others)
    context.unroute("**/browsers/")
    live(page)
    wait_for_stored(service, count)


SOURCE = "{url}/static/analytics/tracker.js"
WAITING = {
    "the tag": '<script src="{src}" data-endpoint="{url}" data-autostart="false"></script>',
    "the address": '<script src="{src}?autostart=false"></script>',
    "the object": """<script>pointerscopeConfig = { endpoint: "{url}", autostart: false }</script>
        <script src="{src}"></script>""",
    "a text in the object": """<script>pointerscopeConfig = { autostart: "no" }</script>
        <script src="{src}"></script>""",
    "the object, later": """<script src="{src}"></script>
        <script>pointerscopeConfig = { autostart: false }</script>""",
    "a second tag": """<script src="{src}"></script>
        <script src="{src}" data-autostart="false"></script>""",
    "the first of two tags": """<script src="{src}" data-autostart="false"></script>
        <script src="{src}"></script>""",
    "the address for a tag manager": """<script>{
        const script = document.createElement("script");
        script.src = "{src}?autostart=false&endpoint={url}";
        document.head.append(script);
      }</script>""",
    "the object for a module": """<script>
        pointerscopeConfig = { endpoint: "{url}", autostart: false }</script>
        <script type="module" src="{src}"></script>""",
}


def fill(html: str, service: Service) -> str:
    return html.replace("{src}", SOURCE).replace("{url}", service.url)


@pytest.mark.parametrize("html", WAITING.values(), ids=WAITING)
def test_without_the_consent_that_was_configured_nothing_starts(
    service: Service, context: BrowserContext, open_page: OpenPage, html: str
) -> None:
    calls = calls_of(context, "/api/")
    page = open_page(fill(html, service))
    page.wait_for_function("window.pointerscope")
    before = move(page)
    assert (state(page)["connection"], state(page)["captured"], calls) == ("idle", 0, [])
    page.evaluate("pointerscope.start()")
    wait_for_stored(service, move(page) - before)


LOADED = {
    "a module": '<script type="module" src="{src}"></script>',
    "a loader": """<script>fetch("{src}").then((answer) => answer.text()).then(
        (text) => new Function(text)())</script>""",
    "a tag manager": """<script>{
        const script = document.createElement("script");
        script.src = "{src}";
        document.head.append(script);
      }</script>""",
}


@pytest.mark.parametrize("html", LOADED.values(), ids=LOADED)
def test_loaded_in_any_way_it_works_with_the_pages_object(
    service: Service, open_page: OpenPage, html: str
) -> None:
    config = "<script>pointerscopeConfig = { endpoint: '{url}' }</script>"
    page = live(open_page(fill(config + html, service)))
    wait_for_stored(service, move(page))
    assert page.evaluate("faults") == []


@pytest.mark.parametrize("html", [LOADED["a module"], LOADED["a loader"]])
def test_without_an_endpoint_one_line_says_so_and_it_can_be_set_later(
    service: Service, context: BrowserContext, open_page: OpenPage, html: str
) -> None:
    lines: list[str] = []
    context.on("console", lambda line: line.type == "warning" and lines.append(line.text))
    page = open_page(fill(html, service))
    page.wait_for_function("window.pointerscope")
    wait_until(lambda: lines)
    before = move(page)
    assert len(lines) == 1
    assert "Pointerscope" in lines[0]
    assert "endpoint" in lines[0]
    page.evaluate(f"pointerscopeConfig = {{ endpoint: '{service.url}' }}; pointerscope.start()")
    wait_for_stored(service, move(live(page)) - before)
    assert page.evaluate("faults") == []


def test_a_refused_log_on_is_reported_in_one_line(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    lines: list[str] = []
    context.on("console", lambda line: line.type == "warning" and lines.append(line.text))
    headers = {"Access-Control-Allow-Origin": "*"}
    problem = {"status": 403, "code": "permission_denied"}
    context.route("**/browsers/", lambda r: r.fulfill(status=403, json=problem, headers=headers))
    page = open_page(tag(service))
    page.wait_for_function("window.pointerscope?.state().connection === 'denied'")
    move(page)
    assert len(lines) == 1
    assert "Pointerscope" in lines[0]


def test_a_page_that_requires_corp_is_measured(
    service: Service, site: Site, open_page: OpenPage
) -> None:
    site.headers = {
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    page = live(open_page(tag(service)))
    assert page.evaluate("crossOriginIsolated") is True
    wait_for_stored(service, move(page))
    page.evaluate("pointerscope.erase()")


def test_events_that_a_script_dispatches_are_not_stored(
    service: Service, open_page: OpenPage
) -> None:
    page = live(open_page(tag(service)))
    page.evaluate("""() => {
        for (let clientX = 0; clientX < 100; clientX++)
          document.body.dispatchEvent(
            new PointerEvent("pointermove", { bubbles: true, isPrimary: true, clientX }));
      }""")
    by_script = seen(page)
    assert (by_script, state(page)["captured"]) == (100, 0)
    wait_for_stored(service, move(page) - by_script)


PRERENDERING = """
Object.defineProperty(document, "prerendering", { value: true, configurable: true });
window.show = () => {
  Object.defineProperty(document, "prerendering", { value: false });
  document.dispatchEvent(new Event("prerenderingchange"));
};
"""


def test_a_page_that_is_prerendered_does_nothing_before_it_is_shown(
    service: Service, context: BrowserContext, open_page: OpenPage
) -> None:
    calls = calls_of(context, "/api/")
    page = open_page(f"<script>{PRERENDERING}</script>{tag(service)}")
    page.evaluate("void pointerscope.start()")
    before = move(page)
    assert (calls, state(page)["captured"]) == ([], 0)
    page.evaluate("show()")
    wait_for_stored(service, move(live(page)) - before)


# Playwright's Chromium fetches prerendered pages without running them, so this one is bare.
FIRST = """<script type="speculationrules">
  { "prerender": [{ "urls": ["next.html"], "eagerness": "immediate" }] }</script>
<script>setTimeout(() => (location.href = "next.html"), 5000)</script>"""
SAY = "<script>fetch(`/prerendered=${document.prerendering}`, { method: 'POST' })</script>"


@pytest.mark.timed
def test_a_page_that_chromium_prerenders_logs_on_when_it_is_shown(
    service: Service, site: Site, tmp_path: Path
) -> None:
    site.write("first.html", FIRST)
    site.write("next.html", SAY + tag(service))
    count = service.sql(BROWSERS)[0][0]
    with bare_chromium(f"{site.url}/first.html", tmp_path / "profile"):
        wait_until(lambda: "POST /prerendered=true" in site.asked, seconds=30)
        time.sleep(2)
        assert service.sql(BROWSERS) == [(count,)]
        wait_until(lambda: service.sql(BROWSERS) == [(count + 1,)], seconds=30)
    assert "POST /prerendered=false" not in site.asked


ZONES = """
window.tasks = [];
window.application = Zone.current.fork({
  name: "application",
  onScheduleTask(delegate, current, target, task) {
    tasks.push(`${task.type} ${task.source}`);
    return delegate.scheduleTask(target, task);
  },
});
"""


@pytest.mark.parametrize(
    "begin",
    [
        "pointerscope.start()",
        """{ const script = document.createElement("script");
             script.text = source;
             pointerscopeConfig = { endpoint };
             delete window.pointerscope;
             document.head.append(script); }""",
    ],
    ids=["starts it", "loads it"],
)
def test_none_of_its_listeners_and_timers_is_a_task_of_an_angular_application(
    service: Service, open_page: OpenPage, begin: str
) -> None:
    if not ZONE.is_file():
        pytest.skip("npm has not fetched zone.js into node_modules")
    page = open_page(
        # Without the test's own listener, which would hide the one that zone.js patches.
        f"<script>delete window.addEventListener; {ZONE.read_text()}</script>"
        f"<script>{ZONES}</script>" + tag(service, 'data-autostart="false"')
    )
    source = (ROOT / "analytics" / "static" / "analytics" / "tracker.js").read_text()
    page.evaluate(
        "([source, endpoint]) => Object.assign(window, { source, endpoint })", [source, service.url]
    )
    page.evaluate(f"application.run(() => {{ {begin} }})")
    wait_for_stored(service, move(live(page)))
    assert [task for task in page.evaluate("tasks") if not task.startswith("microTask")] == []
    page.evaluate("application.run(() => addEventListener('pointermove', () => {}))")
    assert page.evaluate("tasks.length") > 0
