"""The tracker's size on the wire, and the cost of a pointermove for its host page."""

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stage import Stage, stage
from benchmarks.table import Row
from tests.browser import open_chromium
from tests.embedding import WATCH, live, move, open_site
from tests.service import ROOT
from tests.test_tracker import COST, MAX_BYTES, MAX_MICROSECONDS

SCRIPT = ROOT / "analytics" / "static" / "analytics" / "tracker.js"


def measure(*, rounds: int = 16) -> list[Row]:
    """Return the rows; a pointermove's cost is the best of several rounds of some thousands."""
    size = len(gzip.compress(SCRIPT.read_bytes()))
    with stage() as running:
        cost = microseconds(running, rounds)
    return [
        Row(
            "tracker size",
            "the tracker, gzipped",
            "4,096 B",
            float(size),
            float(MAX_BYTES),
            unit="B",
            low=True,
        ),
        Row(
            "tracker cost",
            "the tracker, a pointermove",
            "10 µs",
            cost,
            float(MAX_MICROSECONDS),
            unit="µs",
            low=True,
        ),
    ]


def microseconds(running: Stage, rounds: int) -> float:
    """Return the cost of a pointermove on another site's page: a real event, handled repeatedly."""
    with (
        TemporaryDirectory() as folder,
        open_site(Path(folder)) as site,
        open_chromium() as chromium,
    ):
        source = f"{running.url}/static/analytics/tracker.js"
        site.write("shop.html", f'<script src="{source}" data-endpoint="{running.url}"></script>')
        page = chromium.new_page()
        page.add_init_script(WATCH)
        page.goto(f"{site.url}/shop.html")
        move(live(page))
        return min(page.evaluate(COST) for _ in range(rounds))
