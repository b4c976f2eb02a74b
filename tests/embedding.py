"""Web sites for tests: pages as files, on other origins than the service."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Request

from tests.browser import sweep
from tests.patience import wait_until
from tests.service import Service

# Over all sites of a test: no two samples share time and seq, not even those of two instances.
STORED = "select count(*), count(distinct (time, seq)) from analytics_pointerpositionevent"
ENTERED = "select coalesce(sum(enter::int), 0) from analytics_pointerpositionevent"
INSTANCES = "select count(distinct browser_id) from analytics_pointerpositionevent"
CLEAR = "truncate analytics_pointerpositionevent, analytics_pointerscene, analytics_pointermark"
# The events that the page sees itself, without the tracker. It also keeps the listener that the
# tracker adds later, to call it many times with the last real event.
WATCH = """
window.kinds = new Set();
window.times = [];
window.faults = [];
{
  const { get } = Object.getOwnPropertyDescriptor(Event.prototype, "timeStamp");
  addEventListener("pointermove", (event) => {
    window.last = event;
    kinds.add(event.pointerType);
    const samples = event.getCoalescedEvents();
    for (const sample of samples.length ? samples : [event])
      times.push(performance.timeOrigin + get.call(sample));
  }, true);
  const add = EventTarget.prototype.addEventListener;
  window.addEventListener = function (name, listener, ...more) {
    if (name === "pointermove") window.tracked = listener;
    return add.call(this, name, listener, ...more);
  };
}
addEventListener("error", ({ message }) => faults.push(message));
addEventListener("unhandledrejection", ({ reason }) => faults.push(String(reason)));
"""
REPEAT = "(count) => { for (let i = 0; i < count; i++) tracked(last); }"


class Site:
    """A folder that is served as another origin, with `headers` in each answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []
        self.url = ""

    def write(self, name: str, html: str) -> None:
        (self.folder / name).write_text(f"<!doctype html><title>{name}</title>{html}")


class _Handler(SimpleHTTPRequestHandler):
    site: Site

    def end_headers(self) -> None:
        for name, value in self.site.headers.items():
            self.send_header(name, value)
        super().end_headers()

    def do_POST(self) -> None:
        """Record a request that a tracker must never send here."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        if self.path != "/favicon.ico":
            self.site.asked.append(f"{self.command} {self.path}")


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    site = Site(folder)
    handler = type("Handler", (_Handler,), {"site": site})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        # It looks for the end so often; by default each test would wait half a second for it.
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        site.url = f"http://127.0.0.1:{server.server_port}"
        yield site
        server.shutdown()


def tag(service: Service, more: str = "async") -> str:
    """Return the script tag of docs/tracker.md."""
    source = f"{service.url}/static/analytics/tracker.js"
    return f'<script src="{source}" data-endpoint="{service.url}" {more}></script>'


def live(page: Page) -> Page:
    page.wait_for_function("window.pointerscope?.state().connection === 'live'")
    return page


def state(page: Page) -> dict[str, Any]:
    return page.evaluate("pointerscope.state()")


def seen(page: Page) -> int:
    return page.evaluate("times.length")


def move(page: Page, seconds: float = 0.5) -> int:
    """Move the pointer; return how many samples the page has seen in all."""
    sweep(page, (100, 100), (700, 500), seconds)
    return seen(page)


def calls_of(context: BrowserContext, part: str) -> list[Request]:
    """Return a list, to which requests are added whose address contains the part."""
    calls: list[Request] = []
    context.on("request", lambda request: part in request.url and calls.append(request))
    return calls


def wait_for_stored(service: Service, count: int, seconds: float = 20) -> None:
    """Wait until all samples are stored, each once."""
    stored = lambda: service.sql(STORED)[0]  # noqa: E731
    try:
        wait_until(lambda: stored() == (count, count), seconds=seconds)
    except AssertionError:
        assert stored() == (count, count)
