"""`/` is the same instance in every tab of a browser, and the tracker elsewhere needs no cookie."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route

from tests.browser import sweep
from tests.patience import wait_until
from tests.service import Service

STORED = """
select count(*), count(distinct (time, seq)), coalesce(sum(enter::int), 0)
from analytics_pointerpositionevent e
join dashboard_browser b on b.id = e.browser_id where b.instance_id = %s
"""
LEAVE = "document.documentElement.dispatchEvent(new PointerEvent('pointerleave'))"


@pytest.fixture
def open_context(chromium: Browser) -> Iterator[Callable[[], BrowserContext]]:
    """Open a context that pages cannot tell from a separate browser."""
    contexts = []

    def open_context() -> BrowserContext:
        contexts.append(chromium.new_context())
        contexts[-1].route("https://cdn.jsdelivr.net/**", lambda route: route.abort())
        return contexts[-1]

    yield open_context
    for context in contexts:
        context.close()


def visit(context: BrowserContext, service: Service) -> Page:
    page = context.new_page()
    page.goto(service.url)
    return page


def session(page: Page) -> dict[str, Any]:
    return page.evaluate("pointerscope.start()")


def instance(page: Page) -> str:
    return session(page)["instanceId"]


def move(page: Page, start: tuple[float, float] = (200, 200)) -> int:
    """Move the pointer and wait until all is acknowledged; return the total number of samples."""
    sweep(page, start, (700, 500), 0.5)
    wait_until(lambda: not page.evaluate("pointerscope.state().queued"))
    return page.evaluate("pointerscope.state().captured")


def test_a_new_tab_and_a_later_visit_are_the_same_instance(
    service: Service, open_context: Callable[[], BrowserContext]
) -> None:
    context = open_context()
    first = visit(context, service)
    known = instance(first)
    assert instance(visit(context, service)) == known
    first.close()
    # The next day: the tabs and their storage are gone, the cookie is not.
    assert instance(visit(context, service)) == known


def test_another_browser_is_another_instance(
    service: Service, open_context: Callable[[], BrowserContext]
) -> None:
    assert instance(visit(open_context(), service)) != instance(visit(open_context(), service))


def test_of_two_tabs_that_take_turns_every_sample_is_stored_once(
    service: Service, open_context: Callable[[], BrowserContext]
) -> None:
    context = open_context()
    tabs = [visit(context, service) for _ in range(2)]
    for start in ((200, 200), (650, 250)):
        for tab in tabs:
            tab.bring_to_front()
            move(tab, start)
            # Without a window no tab is ever hidden, so the pointer never seems to leave one.
            tab.evaluate(LEAVE)
    counts = [tab.evaluate("pointerscope.state()") for tab in tabs]
    total = sum(count["captured"] for count in counts)
    assert [count["conflicts"] for count in counts] == [0, 0]
    stored, distinct, entered = service.sql(STORED, (instance(tabs[0]),))[0]
    assert (stored, distinct) == (total, total)
    # Each entry of the pointer into a tab counts, so that no jump between tabs is a movement.
    assert entered == 4


def test_samples_that_wait_through_a_reload_are_stored_with_the_same_instance(
    service: Service, open_context: Callable[[], BrowserContext]
) -> None:
    page = visit(open_context(), service)
    known = instance(page)
    page.route("**/events/", lambda route: route.abort())
    sweep(page, (200, 200), (700, 500), 0.4)
    captured = page.evaluate("pointerscope.state().captured")
    page.unroute("**/events/")
    page.reload()
    assert instance(page) == known
    wait_until(lambda: service.sql(STORED, (known,))[0][:2] == (captured, captured))


def test_a_browser_that_keeps_no_cookies_is_still_measured(
    service: Service, open_context: Callable[[], BrowserContext]
) -> None:
    def drop_cookies(route: Route) -> None:
        page = requests.get(service.url, timeout=10)
        route.fulfill(body=page.text, content_type=page.headers["Content-Type"])

    context = open_context()
    context.route(f"{service.url}/", drop_cookies)
    page = visit(context, service)
    known = instance(page)
    move(page)
    page.reload()
    assert instance(page) == known
    assert context.cookies() == []


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder as another site: another port is another origin, with the same cookies."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_on_another_site_the_tracker_works_without_any_cookie(
    service: Service, open_context: Callable[[], BrowserContext], tmp_path: Path
) -> None:
    script = f'<script src="{service.url}/static/analytics/tracker.js"></script>'
    (tmp_path / "shop.html").write_text(f"<!doctype html><title>Shop</title>{script}")
    context = open_context()
    own = instance(visit(context, service))
    assert context.cookies()
    calls: list[Request] = []
    with serve(tmp_path) as site:
        page = context.new_page()
        page.on("request", lambda request: "/api/" in request.url and calls.append(request))
        page.goto(f"{site}/shop.html")
        count = move(page)
        assert instance(page) != own
        assert service.sql(STORED, (instance(page),))[0][0] == count
        assert len(calls) > 3
        assert not any("cookie" in call.all_headers() for call in calls)
