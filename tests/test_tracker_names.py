"""The operator's own names for the tracker and the API, which no blocker's rule contains."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.browser import CDN
from tests.embedding import WATCH, calls_of, live, move, open_site, tag, wait_for_stored
from tests.service import Service

# Rules of EasyPrivacy, for requests of any origin.
RULE = "**/analytics/tracker.*"
NAMES = {"TRACKER_PATH": "p/move.js", "API_PREFIX": "p/v1"}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("named"), **NAMES) as running:
        yield running


def test_a_visitor_with_a_blocker_is_measured_through_the_names_alone(
    named: Service, chromium: Browser, tmp_path: Path
) -> None:
    new = f'<script src="{named.url}/p/move.js" data-endpoint="{named.url}" data-api="/p/v1/">'
    with open_site(tmp_path) as site, chromium.new_context() as context:
        site.write("old.html", tag(named, ""))
        site.write("new.html", f"{new}</script>")
        context.add_init_script(WATCH)
        context.route(RULE, lambda route: route.abort())
        calls = calls_of(context, named.url)
        page = context.new_page()
        page.goto(f"{site.url}/old.html")
        assert page.evaluate("window.pointerscope") is None
        page.goto(f"{site.url}/new.html")
        count = move(live(page))
        wait_for_stored(named, count)
        asked = {call.url.removeprefix(named.url) for call in calls}
        old = {path for path in asked if not path.startswith("/p/")}
        # The blocked tracker.
        assert old == {"/static/analytics/tracker.js"}
        assert page.evaluate("pointerscope.erase()") is True


def test_the_services_own_page_uses_the_names(named: Service, chromium: Browser) -> None:
    with chromium.new_context() as context:
        context.route(CDN, lambda route: route.abort())
        context.route(RULE, lambda route: route.abort())
        page = context.new_page()
        page.goto(named.url)
        expect(page.locator("[data-live]")).to_have_attribute("data-connection", "live")
        first = page.evaluate("pointerscope.start()")["instanceId"]
        page.reload()
        assert page.evaluate("pointerscope.start()")["instanceId"] == first


def test_each_call_has_the_same_answer_by_both_names(named: Service) -> None:
    def ask(prefix: str, method: str, path: str, **more: object) -> tuple:
        answer = requests.request(method, f"{named.url}{prefix}{path}", timeout=10, **more)
        open_to = answer.headers.get("Access-Control-Allow-Origin")
        return answer.status_code, sorted(answer.json()) if answer.content else None, open_to

    me = named.log_on()
    path = f"browsers/{me['instance_id']}/"
    bearer = {"Authorization": f"Bearer {me['write_token']}"}
    for method, where, more in (
        ("POST", "browsers/", {}),
        ("GET", "time/", {}),
        ("GET", path, {"headers": bearer}),
        ("GET", path, {}),
        ("OPTIONS", f"{path}events/", {}),
        ("POST", f"{path}events/", {"json": {"events": []}, "headers": bearer}),
        ("GET", "nothing/", {}),
        ("GET", "schema/?format=json", {}),
        ("POST", f"{path}log-off/", {"headers": bearer}),
        ("DELETE", path, {}),
    ):
        assert ask("/p/v1/", method, where, **more) == ask("/api/v1/", method, where, **more)
    schema = requests.get(f"{named.url}/p/v1/schema/?format=json", timeout=10).json()
    assert all(name.startswith("/api/v1/") for name in schema["paths"])
    old = requests.get(f"{named.url}/static/analytics/tracker.js", timeout=10)
    new = requests.get(f"{named.url}/p/move.js?autostart=false", timeout=10)
    assert new.content == old.content
    for answer in (old, new):
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_stream_works_by_its_name(named: Service) -> None:
    me = named.log_on()
    stream = me["stream_url"].replace("/api/v1/", "/p/v1/")
    with requests.get(stream, stream=True, timeout=10) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/event-stream"


@pytest.mark.parametrize("name", ["api", "static/x", "/p", "p/", "p//v", "..", "admin/x", "p v"])
def test_a_name_that_would_hide_a_page_of_the_service_is_refused(name: str) -> None:
    from core.tests.test_settings import boot

    for setting in NAMES:
        done = boot(**{setting: name})
        assert done.returncode != 0
        assert setting in done.stderr
