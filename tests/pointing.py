"""A made-up hand that does the pointing task, and what its throughput must be, in plain Python."""

import math
import statistics
import time
from itertools import pairwise
from typing import Any, NamedTuple

from playwright.sync_api import Page, expect

# What the page itself sees of each press, before the task does.
WATCH = """
window.presses = [];
addEventListener("pointerdown", ({ clientX, clientY }) =>
  presses.push([performance.now(), clientX, clientY]), true);
"""
NEXT = """() => {
  const lit = document.querySelector(".target-next");
  if (!lit) return null;
  const { x, y, width } = lit.getBoundingClientRect();
  return [x + width / 2, y + width / 2, width];
}"""
# Overshoots and deviations to the right, in widths of the target: one miss of nine.
OVERSHOOTS = (0.1, -0.2, 0.3, -0.1, 0.65, 0.0, -0.35, 0.2, -0.25)
ASIDE = (0.0, 0.1, -0.2, 0.1, 0.0, 0.3, 0.1, -0.1, 0.0)
STEPS = 4

Place = tuple[float, float]


class Moved(NamedTuple):
    """A movement between two centres to where it ended (px), and its time in s."""

    source: Place
    target: Place
    width: float
    selected: Place
    time: float


def seen(moved: Moved) -> tuple[float, float, float]:
    """Return how far apart the centres are, and the end point along the axis and beside it."""
    axis = complex(*moved.target) - complex(*moved.source)
    off = (complex(*moved.selected) - complex(*moved.target)) * axis.conjugate() / abs(axis)
    return abs(axis), off.real, off.imag


def throughput(ring: list[Moved]) -> float:
    """Return a ring's throughput in bit/s, as ISO 9241-411 has it for serial tasks."""
    ends = [seen(moved) for moved in ring]
    before = 0.0
    amplitudes = []
    for distance, along, _ in ends:
        amplitudes.append(distance + along + before)
        before = along
    width = math.sqrt(2 * math.pi * math.e) * statistics.stdev(along for _, along, _ in ends)
    difficulty = math.log2(statistics.mean(amplitudes) / width + 1)
    return difficulty / statistics.mean(moved.time for moved in ring)


def errors(ring: list[Moved]) -> int:
    return sum(math.hypot(*seen(moved)[1:]) > moved.width / 2 for moved in ring)


def lit(page: Page) -> tuple[float, float, float]:
    """Return the centre and the width of the filled target."""
    return tuple(page.wait_for_function(NEXT).json_value())


def press(page: Page, x: float, y: float) -> None:
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.up()


def do_ring(page: Page, *, seconds: float = 0.15, shift: int = 0) -> list[Moved]:
    """Do the ring that is shown; return its movements, with times as the page sees them."""
    x, y, width = lit(page)
    press(page, x, y)
    here, at = (x, y), (x, y)
    ends: list[tuple[Place, Place, float, Place]] = []
    began = time.monotonic()
    count = page.locator(".target").count()
    for number in range(count):
        x, y, width = lit(page)
        axis = complex(x - here[0], y - here[1])
        place = (number + shift) % len(OVERSHOOTS)
        off = complex(OVERSHOOTS[place], ASIDE[place]) * width * axis / abs(axis)
        end = (round(x + off.real), round(y + off.imag))
        for step in range(1, STEPS):
            part = step / STEPS
            page.mouse.move(at[0] + (end[0] - at[0]) * part, at[1] + (end[1] - at[1]) * part)
        # A hand that keeps its pace, whatever the machine does.
        time.sleep(max(0, began + (number + 1) * seconds - time.monotonic()))
        press(page, *end)
        ends.append((here, (x, y), width, end))
        here, at = (x, y), end
    times = [at for at, *_ in page.evaluate("presses.splice(0)")]
    return [
        Moved(*end, (after - before) / 1000)
        for end, (before, after) in zip(ends, pairwise(times), strict=True)
    ]


def do_run(page: Page, rings: int, *, shift: int = 0) -> list[list[Moved]]:
    page.evaluate("presses.length = 0")
    done = []
    for number in range(1, rings + 1):
        expect(page.locator("[data-progress]")).to_have_text(f"Ring {number} of {rings}")
        done.append(do_ring(page, shift=shift))
    return done


def shown(page: Page) -> dict[str, Any]:
    """Return what the results say: the throughput and its interval in bit/s, and the error rate."""
    expect(page.get_by_role("heading", name="Your throughput")).to_be_focused()
    text = {
        name: page.locator(f"[data-result={name}]").text_content() or ""
        for name in ("throughput", "interval", "time", "errors")
    }
    low, high = (float(word.strip(",")) for word in text["interval"].split()[3:6:2])
    return {
        "throughput": float(text["throughput"]),
        "interval": (low, high),
        "time": float(text["time"]),
        "errors": float(text["errors"]),
    }
