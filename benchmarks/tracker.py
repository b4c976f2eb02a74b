"""The tracker's size on the wire, and what a pointermove costs the page that it is embedded in."""

import gzip
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stage import Stage, stage
from benchmarks.table import Row
from tests.browser import open_chromium
from tests.service import ROOT
from tests.test_tracker import COST, MAX_BYTES, MAX_MICROSECONDS

SCRIPT = ROOT / "analytics" / "static" / "analytics" / "tracker.js"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def measure(*, rounds: int = 5) -> list[Row]:
    """Return the rows; a pointermove's cost is the best of the rounds of some thousands."""
    size = len(gzip.compress(SCRIPT.read_bytes()))
    with stage() as running:
        cost = microseconds(running, rounds)
    return [
        Row(
            "tracker size",
            "the tracker, gzipped",
            "3 KiB",
            float(size),
            float(MAX_BYTES),
            unit="B",
            low=True,
        ),
        Row(
            "tracker cost",
            "the tracker, a pointermove",
            "20 µs",
            cost,
            float(MAX_MICROSECONDS),
            unit="µs",
            low=True,
        ),
    ]


def microseconds(running: Stage, rounds: int) -> float:
    """Return what a pointermove costs a page of another site."""
    with TemporaryDirectory() as folder, open_chromium() as chromium:
        tag = (
            f'<script src="{running.url}/static/analytics/tracker.js" data-endpoint="{running.url}"'
        )
        (Path(folder) / "shop.html").write_text(f"<!doctype html><title>x</title>{tag}></script>")
        handler = partial(Quiet, directory=folder)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            page = chromium.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/shop.html")
            page.wait_for_function("window.pointerscope?.state().connection === 'live'")
            cost = min(page.evaluate(COST) for _ in range(rounds))
            server.shutdown()
    return cost
