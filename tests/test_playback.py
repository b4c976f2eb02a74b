"""The recorded path of one instance, played back in a real Chromium."""

import math
import random
import re
import time
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import BrowserContext, Page, expect

from tests.service import Service
from tests.sharing import share
from tests.staff import OpenStaffPage, add_statuses
from tests.test_accessibility import violations

# Seconds after the start, x, y, enter. A rest of 9.7 s, an entry, and a scroll at 10.3 s.
PATH = (
    (0.0, 100, 100, True),
    (0.1, 300, 200, False),
    (0.200125, 500, 250, False),
    (0.3, 900, 400, False),
    (10.0, 900, 100, False),
    (10.1, 100, 100, True),
    (10.2, 100, 300, False),
    (10.3, 100, 300, False),
    (10.4, 200, 300, False),
)
VIEWPORT = {"viewport": [1000, 500], "document": [1000, 2500], "pixel_ratio": 1, "pointer": "mouse"}
HOUR = """
insert into analytics_pointerpositionevent (time, browser_id, seq, x, y, enter)
select %s::timestamptz + n * interval '8 milliseconds', id, n,
       600 + 500 * cos(n / 300.0), 400 + 300 * sin(n / 200.0), n = 0
from dashboard_browser, generate_series(0, 449999) n where instance_id = %s
"""
# The middle of the pixels in the colour of the pointer, in CSS px; the strip is left out.
POINTER = """canvas => {
  const ratio = canvas.width / canvas.clientWidth;
  const { data, width } = canvas.getContext("2d").getImageData(
    0, 0, canvas.width - 90 * ratio, canvas.height);
  let [count, x, y] = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] !== 19 || data[i + 1] !== 26 || data[i + 2] !== 33 || data[i + 3] !== 255) continue;
    count += 1;
    x += (i / 4) % width;
    y += Math.floor(i / 4 / width);
  }
  return count ? [x / count / ratio, y / count / ratio] : null;
}"""
PIXEL = """(canvas, [x, y]) => {
  const ratio = canvas.width / canvas.clientWidth;
  return [...canvas.getContext("2d").getImageData(x * ratio, y * ratio, 1, 1).data];
}"""


def rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


class Recording(NamedTuple):
    """A recorded instance, and the time of its first sample."""

    me: dict[str, str]
    start: datetime

    def at(self, seconds: float) -> str:
        return rfc3339(self.start + timedelta(seconds=seconds))

    def path(self, seconds: float | None = None, **query: str) -> str:
        """Return the address of the path around the recording, at a time in it."""
        words = {"since": self.at(-5), "until": self.at(20), **query}
        if seconds is not None:
            words["at"] = self.at(seconds)
        joined = "&".join(f"{name}={word}" for name, word in words.items())
        return f"/browsers/{self.me['instance_id']}/path/?{joined}"


@pytest.fixture(scope="module")
def recording(service: Service) -> Recording:
    me = service.log_on()
    start = datetime.fromtimestamp(int(time.time()) - 600, UTC)
    recording = Recording(me, start)
    events = [
        {"time": recording.at(after), "seq": seq, "x": x, "y": y, "enter": enter}
        for seq, (after, x, y, enter) in enumerate(PATH, start=1)
    ]
    scenes = [
        {"time": recording.at(0), "seq": 1, **VIEWPORT, "scroll": [0, 0], "page": "/pricing"},
        {"time": recording.at(10.3), "seq": 8, **VIEWPORT, "scroll": [0, 1000], "page": "/pricing"},
    ]
    marks = [{"time": recording.at(10), "seq": 50, "name": "trial:start", "data": {"trial": 3}}]
    requests.post(
        f"{service.url}/api/v1/browsers/{me['instance_id']}/events/",
        json={"events": events, "scenes": scenes, "marks": marks},
        headers={"Authorization": f"Bearer {me['write_token']}"},
        timeout=10,
    ).raise_for_status()
    return recording


@pytest.fixture
def open_page(service: Service, staff: BrowserContext) -> Iterator[OpenStaffPage]:
    pages = []

    def open_page(path: str) -> Page:
        page = staff.new_page()
        pages.append(page)
        page.emulate_media(color_scheme="light")
        page.goto(service.url + path, wait_until="domcontentloaded")
        return page

    yield open_page
    for page in pages:
        page.close()


def expect_ready(page: Page) -> None:
    expect(page.locator("[data-playback]")).to_have_attribute("data-state", "ready")
    expect(page.locator("[data-fact=position]")).to_have_text(re.compile(r"\d px$"))


def fact(page: Page, name: str) -> str:
    return page.locator(f"[data-fact={name}]").inner_text()


def drawn(page: Page) -> tuple[float, float]:
    """Return where on the canvas the pointer is drawn."""
    found = page.locator("[data-stage]").evaluate(POINTER)
    assert found, "no pointer is drawn"
    return tuple(found)


def place_in(recording: Recording, page: Page) -> float:
    """Return the seconds after the start that the address has."""
    text = parse_qs(urlsplit(page.url).query)["at"][0]
    return (datetime.fromisoformat(text) - recording.start).total_seconds()


def test_the_position_at_a_time_is_that_of_its_sample(
    open_page: OpenStaffPage, recording: Recording
) -> None:
    found = {}
    # Between two samples, the earlier one holds. The third has microseconds.
    for seconds, position in {0.0: "100, 100", 0.200125: "500, 250", 0.35: "900, 400"}.items():
        page = open_page(recording.path(seconds))
        expect_ready(page)
        assert fact(page, "position") == f"{position} px"
        found[seconds] = drawn(page)
    first, middle, last = found.values()
    # The second sample lies halfway, and 800 px across are drawn at the scale of 300 px down.
    assert middle == pytest.approx([(a + b) / 2 for a, b in zip(first, last, strict=True)], abs=1)
    across, down = (b - a for a, b in zip(first, last, strict=True))
    assert across / down == pytest.approx(800 / 300, rel=0.02)
    assert page.locator("[data-count]").inner_text() == "9 samples"


def test_a_sample_has_its_own_scene(open_page: OpenStaffPage, recording: Recording) -> None:
    page = open_page(recording.path(10.25))
    expect_ready(page)
    names = ("onPage", "page", "viewport", "pointer", "mark")
    shown = [fact(page, name) for name in names]
    assert shown == ["100, 300 px", "/pricing", "1,000 \u00d7 500 px", "mouse", "trial:start"]
    page.keyboard.press(".")
    expect(page.locator("[data-fact=onPage]")).to_have_text("100, 1,300 px")
    expect(page.locator("[data-no-scene]")).to_be_hidden()


def test_it_opens_at_the_first_sample_and_plays_only_when_asked(
    open_page: OpenStaffPage, recording: Recording
) -> None:
    page = open_page(recording.path())
    expect_ready(page)
    assert fact(page, "position") == "100, 100 px"
    page.wait_for_timeout(300)
    assert place_in(recording, page) == 0
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_the_keyboard_plays_seeks_and_steps(open_page: OpenStaffPage, recording: Recording) -> None:
    page = open_page(recording.path(0.0))
    expect_ready(page)
    bar = page.get_by_role("slider", name="Time in the path")
    page.keyboard.press(".")
    expect(page.locator("[data-fact=position]")).to_have_text("300, 200 px")
    page.keyboard.press(",")
    expect(page.locator("[data-fact=position]")).to_have_text("100, 100 px")
    bar.press("Shift+ArrowRight")
    expect(page.locator("[data-fact=position]")).to_have_text("900, 100 px")
    assert bar.evaluate("bar => getComputedStyle(bar).outlineStyle") == "solid"
    bar.press("ArrowLeft")
    expect(page.locator("[data-fact=position]")).to_have_text("900, 400 px")
    page.wait_for_timeout(300)
    assert place_in(recording, page) == pytest.approx(5)
    assert re.search(r"\d\d:\d\d:\d\d\.000$", bar.get_attribute("aria-valuetext") or "")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    # On the button too, Space plays and pauses once.
    page.get_by_role("button", name="Pause").press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    bar.press("End")
    expect(page.get_by_role("button", name="Play again")).to_be_visible()
    expect(page.locator("[data-fact=position]")).to_have_text("200, 300 px")


@pytest.mark.timed
def test_pauses_are_skipped_or_played(open_page: OpenStaffPage, recording: Recording) -> None:
    page = open_page(recording.path(0.2))
    expect_ready(page)
    page.get_by_role("button", name="Play").click()
    # 1 s of the way there is played, and 9.2 s are not.
    expect(page.locator("[data-fact=position]")).to_have_text("200, 300 px", timeout=4000)
    page = open_page(recording.path(0.2, pauses="keep", speed="2"))
    expect_ready(page)
    expect(page.get_by_label("Skip pauses")).not_to_be_checked()
    expect(page.get_by_label("Speed")).to_have_value("2")
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(1500)
    page.keyboard.press("Space")
    page.wait_for_function("!document.querySelector('[data-play]').textContent.includes('Pause')")
    page.wait_for_timeout(300)
    assert 2 < place_in(recording, page) < 6
    assert fact(page, "position") == "900, 400 px"


def test_the_pen_is_lifted_where_the_pointer_enters(
    open_page: OpenStaffPage, recording: Recording
) -> None:
    page = open_page(recording.path(0.0))
    expect_ready(page)
    left, top = drawn(page)
    page.goto(page.url.partition("/browsers")[0] + recording.path(0.35))
    expect_ready(page)
    right, bottom = drawn(page)
    scale = (right - left) / 800
    stage = page.locator("[data-stage]")

    def pixel(x: float, y: float) -> list[int]:
        return stage.evaluate(PIXEL, [left + (x - 100) * scale, top + (y - 100) * scale])

    ground = pixel(700, 30)
    assert pixel(400, 225) != ground, "the line between two samples"
    assert bottom - top == pytest.approx(300 * scale, abs=1.5)
    page.goto(page.url.partition("/browsers")[0] + recording.path(10.25))
    expect_ready(page)
    assert pixel(100, 200) != ground, "the line after the entry"
    assert pixel(900, 250) != ground, "the line before the entry"
    assert [pixel(x, 100) for x in (300, 500, 700)] == [ground] * 3


SKIP = """async () => {
  const { createSamples } = await import("/static/dashboard/playback/samples.js");
  const { createPlayHead } = await import("/static/dashboard/playback/play-head.js");
  const base = Date.parse("2026-11-23T12:00:00Z");
  const time = (ms) => new Date(base + ms).toISOString().replace("Z", "000Z");
  const samples = createSamples(8);
  samples.append([0, 100, 900, 5000, 5100].map((ms, seq) => (
    { time: time(ms), seq, x: ms, y: 0, enter: false })));
  const play = (skips, speed, steps, covered = Infinity) => {
    const head = createPlayHead({ samples, since: base, until: base + 9000 });
    head.setSkips(skips);
    head.setSpeed(speed);
    head.play();
    return steps.map((step) => {
      head.advance(step, covered);
      return [head.time() - base, head.isWaiting(), head.isPlaying()];
    });
  };
  return {
    skipped: play(true, 1, [50, 900, 449, 1, 50, 60, 500]),
    fast: play(true, 16, [100, 100]),
    played: play(false, 4, [50, 1000, 1000, 1000]),
    stalled: play(true, 1, [800, 800], base + 900),
  };
}"""


def test_the_play_head_follows_the_times_of_the_samples(
    open_page: OpenStaffPage, recording: Recording
) -> None:
    found = open_page(recording.path()).evaluate(SKIP)
    assert found == {
        # A rest of 0.8 s is played; of 4.1 s half a second is; after the last sample likewise.
        "skipped": [
            *([50, False, True], [950, False, True], [1399, False, True], [1400, False, True]),
            *([5050, False, True], [5110, False, True], [9000, False, False]),
        ],
        "fast": [[5200, False, True], [9000, False, False]],
        "played": [
            *([200, False, True], [4200, False, True], [8200, False, True], [9000, False, False]),
        ],
        "stalled": [[800, False, True], [900, True, True]],
    }


AS_OF = """async ({ samples, scenes }) => {
  const { createScenes } = await import("/static/dashboard/playback/scenes.js");
  const { toMs } = await import("/static/dashboard/playback/samples.js");
  const kept = createScenes();
  kept.append(scenes);
  const at = ({ time, seq }) => kept.at({ time: toMs(time), seq })?.page ?? null;
  const found = samples.map(at);
  // What is dropped belongs to earlier samples only.
  const half = samples.slice(samples.length / 2);
  kept.forget({ time: toMs(half[0].time), seq: half[0].seq });
  return [found, half.map(at), kept.count()];
}"""


def test_a_scene_holds_from_its_key_on(open_page: OpenStaffPage, recording: Recording) -> None:
    chance = random.Random(7)

    def key() -> tuple[str, int]:
        return f"2026-11-23T12:00:00.{chance.randrange(40):06}Z", chance.randrange(3)

    samples, scenes = (sorted({key() for _ in range(60)}) for _ in range(2))
    scenes = scenes[3:40]
    found, half, count = open_page(recording.path()).evaluate(
        AS_OF,
        {
            "samples": [{"time": when, "seq": seq} for when, seq in samples],
            "scenes": [{"time": when, "seq": seq, "page": f"{when},{seq}"} for when, seq in scenes],
        },
    )
    expected = []
    for sample in samples:
        before = [scene for scene in scenes if scene <= sample]
        expected.append(f"{before[-1][0]},{before[-1][1]}" if before else None)
    assert found == expected
    assert half == expected[len(samples) // 2 :]
    assert count < len(scenes)


# The reader, with calls that answer from lists; `page` is the API's page size.
READ = """async ({ events, seconds, times, since, until, page }) => {
  const folder = "/static/dashboard/playback";
  const { createSamples, toMs } = await import(`${folder}/samples.js`);
  const { createScenes } = await import(`${folder}/scenes.js`);
  const { createReader } = await import(`${folder}/reader.js`);
  const bounds = { since: Date.parse(since), until: Date.parse(until) };
  const places = events.map(({ time }) => toMs(time));
  const read = ({ since, until, limit = page, cursor = "0" }) => {
    const inside = (_, n) => places[n] >= Math.floor(since) && places[n] < Math.floor(until);
    const found = events.filter(inside);
    const end = Number(cursor) + limit;
    return { events: found.slice(Number(cursor), end),
      next_cursor: end < found.length ? String(end) : null };
  };
  const full = seconds.map((time) => Date.parse(time));
  const starts = (interval, { since, until }) => [
    ...new Set(full.map((time) => Math.floor(time / interval) * interval)),
  ].filter((time) => time >= since && time < until);
  let calls = 0;
  const rows = {
    readEvents: async (asked) => read(asked, calls += 1),
    readScenes: async () => ({ scenes: [], next_cursor: null }),
    readStatuses: async ({ interval, ...range }) => {
      calls += 1;
      const found = starts(Number.parseInt(interval) * 1000, range);
      return { statuses: found.map((time) => ({ time: new Date(time).toISOString() })) };
    },
  };
  let now = bounds.since;
  const samples = createSamples(4096);
  const head = { time: () => now, speed: () => 1 };
  const reader = createReader({ rows, samples, scenes: createScenes(), head, ...bounds,
    onRead: () => { if (calls > 1000) throw new Error("it reads without end"); },
    onFault: (fault) => { throw fault; } });
  const found = [];
  for (const time of times) {
    now = Date.parse(time);
    calls = 0;
    await reader.pump();
    const place = samples.placeAt(now);
    found.push(reader.holds(now) && place >= samples.first() ? samples.at(place).seq : null);
  }
  return found;
}"""


@pytest.mark.parametrize("page_size", [50, 1000])
def test_every_seek_finds_the_last_sample_up_to_its_time(
    open_page: OpenStaffPage, recording: Recording, page_size: int
) -> None:
    chance = random.Random(page_size)
    start = datetime(2026, 11, 23, 12, tzinfo=UTC)
    until = start + timedelta(hours=20)
    moments: list[datetime] = []
    at = start + timedelta(hours=3)
    while at < until:
        moments.append(at)
        # Rests of minutes and of hours, beside gaps of milliseconds.
        longest = chance.choices([0.02, 30, 9000], [0.98, 0.01, 0.002])[0]
        at += timedelta(microseconds=round(chance.uniform(0, longest) * 1e6))
    # In the first hour there were samples that are gone, and their statuses are not.
    seconds = [*moments, *(start + timedelta(seconds=n) for n in range(0, 3600, 7))]
    times = [
        moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        for moment in (
            *(start + chance.random() * (until - start) for _ in range(60)),
            *chance.choices(moments, k=60),
        )
    ]
    chance.shuffle(times)
    found = open_page(recording.path()).evaluate(
        READ,
        {
            "events": [
                {"time": rfc3339(moment), "seq": seq, "x": seq, "y": 0, "enter": False}
                for seq, moment in enumerate(moments)
            ],
            "seconds": sorted({rfc3339(moment) for moment in seconds}),
            "times": [rfc3339(moment) for moment in times],
            "since": rfc3339(start),
            "until": rfc3339(until),
            "page": page_size,
        },
    )
    before = [bisect_right(moments, moment) - 1 for moment in times]
    assert found == [place if place >= 0 else None for place in before]


RING = """async () => {
  const { createSamples, CAPACITY, toMs } =
    await import("/static/dashboard/playback/samples.js");
  const samples = createSamples();
  const base = Date.parse("2026-11-23T12:00:00Z");
  for (let n = 0; n < 450; n += 1)
    samples.append(Array.from({ length: 1000 }, (_, i) => ({
      time: new Date(base + (n * 1000 + i) * 8).toISOString().replace("Z", "000Z"),
      seq: n * 1000 + i, x: i, y: n, enter: false })));
  const last = samples.placeAt(base + 449_999 * 8 + 3);
  const some = samples.placeAt(base + 400_000 * 8 + 7);
  return [samples.end() - samples.first() === CAPACITY, samples.at(last).seq, samples.at(some).seq,
    samples.placeAt(base) === samples.first() - 1];
}"""


def test_the_samples_held_are_bounded(open_page: OpenStaffPage, recording: Recording) -> None:
    assert open_page(recording.path()).evaluate(RING) == [True, 449_999, 400_000, True]


@pytest.mark.timed
def test_an_hour_at_125_hz_seeks_and_plays_without_a_stop_in_bounded_memory(
    service: Service, open_page: OpenStaffPage
) -> None:
    me = service.log_on()
    start = datetime.fromtimestamp(int(time.time()) - 4000, UTC)
    service.sql(HOUR, (start, me["instance_id"]))
    add_statuses(service, me["instance_id"], dict.fromkeys(range(390, 4000), 500.0))
    hour = Recording(me, start)
    query = {"since": hour.at(0), "until": hour.at(3600)}
    page = open_page(hour.path(10, **query, speed="16"))
    expect_ready(page)
    bar = page.get_by_role("slider", name="Time in the path")
    sizes = [heap(page)]
    for part in (0.9, 0.2, 0.5):
        box = bar.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] * part, box["y"] + 20)
        page.wait_for_timeout(250)
        expect_ready(page)
        at = place_in(hour, page)
        assert at == pytest.approx(3600 * part, abs=10)
        # The sample at or before this time, by the formula that made it.
        assert page.locator("[data-fact=position]").inner_text() == written(at)
    page.evaluate(WATCH_STATES)
    before, began = place_in(hour, page), time.monotonic()
    page.keyboard.press("Space")
    page.wait_for_timeout(5000)
    page.keyboard.press("Space")
    lasted = time.monotonic() - began
    page.wait_for_timeout(300)
    assert page.evaluate("states") == [], "it never waited for samples"
    assert place_in(hour, page) - before == pytest.approx(16 * lasted, rel=0.15)
    sizes.append(heap(page))
    assert sizes[-1] - sizes[0] < 8_000_000, sizes


WATCH_STATES = """() => {
  window.states = [];
  const root = document.querySelector("[data-playback]");
  new MutationObserver(() => states.push(root.dataset.state))
    .observe(root, { attributeFilter: ["data-state"] });
}"""


def written(at: float) -> str:
    n = math.floor(round(at * 1e6) / 8000)
    x, y = 600 + 500 * math.cos(n / 300), 400 + 300 * math.sin(n / 200)
    return f"{round(x):,}, {round(y):,} px"


def heap(page: Page) -> int:
    """Return the bytes of the page's live JavaScript objects, typed arrays included."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")
    return int(used["usedSize"] + used.get("backingStorageSize", 0))


def test_without_a_scene_positions_are_the_viewports(
    service: Service, open_page: OpenStaffPage
) -> None:
    me = service.log_on()
    recording = Recording(me, datetime.fromtimestamp(int(time.time()) - 60, UTC))
    requests.post(
        f"{service.url}/api/v1/browsers/{me['instance_id']}/events/",
        json={"events": [{"time": recording.at(0), "seq": 1, "x": 40, "y": 50}]},
        headers={"Authorization": f"Bearer {me['write_token']}"},
        timeout=10,
    ).raise_for_status()
    page = open_page(recording.path(0))
    expect_ready(page)
    expect(page.locator("[data-no-scene]")).to_be_visible()
    assert [fact(page, name) for name in ("position", "onPage")] == ["40, 50 px", "\u2013"]
    assert violations(page) == []


def test_no_movement_and_samples_that_are_gone(
    service: Service, open_page: OpenStaffPage, recording: Recording
) -> None:
    empty = {"since": recording.at(-50), "until": recording.at(-5)}
    page = open_page(recording.path(**empty))
    expect(page.locator("[data-said=empty]")).to_be_visible()
    expect(page.get_by_text("No movement in this range")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_disabled()
    assert violations(page) == []
    gone = service.log_on()["instance_id"]
    add_statuses(service, gone, dict.fromkeys(range(100, 160), 700.0))
    page.goto(f"{service.url}/browsers/{gone}/path/?range=15m")
    expect(page.locator("[data-said=dropped]")).to_be_visible()
    expect(page.get_by_text("Samples are kept for 30 days.").first).to_be_visible()


def test_where_samples_are_gone_it_says_so_and_reads_no_more_than_once(
    service: Service, open_page: OpenStaffPage
) -> None:
    me = service.log_on()
    recording = Recording(me, datetime.fromtimestamp(int(time.time()) - 60, UTC))
    add_statuses(service, me["instance_id"], dict.fromkeys(range(400, 500), 700.0))
    requests.post(
        f"{service.url}/api/v1/browsers/{me['instance_id']}/events/",
        json={"events": [{"time": recording.at(0), "seq": 1, "x": 40, "y": 50}]},
        headers={"Authorization": f"Bearer {me['write_token']}"},
        timeout=10,
    ).raise_for_status()
    page = open_page("/healthz")
    reads = []
    page.on("request", lambda request: "/events/" in request.url and reads.append(request.url))
    page.goto(service.url + recording.path(-380, since=recording.at(-600)))
    expect(page.locator("[data-playback]")).to_have_attribute("data-state", "ready")
    expect(page.locator("[data-cut]")).to_be_visible()
    page.wait_for_timeout(500)
    assert fact(page, "position") == "\u2013"
    assert len(reads) <= 4
    # The pause is skipped.
    page.keyboard.press("Space")
    expect(page.locator("[data-fact=position]")).to_have_text("40, 50 px")


def test_faults_are_told_with_a_code_and_pass(
    service: Service, open_page: OpenStaffPage, recording: Recording
) -> None:
    page = open_page("/healthz")
    body = '{"code": "overloaded"}'
    page.route("**/events/?*", lambda route: route.fulfill(status=503, body=body))
    page.goto(service.url + recording.path(0))
    expect(page.locator("[data-connection-name]")).to_have_text("Server error")
    expect(page.locator("[data-connection-detail]")).to_contain_text("503 overloaded")
    expect(page.locator("[data-said=loading]")).to_be_visible()
    page.unroute("**/events/?*")
    expect_ready(page)
    expect(page.locator("[data-connection-name]")).to_have_text("Stored")
    page.goto(f"{service.url}/browsers/{recording.me['instance_id']}/path/?since=x&until=y")
    expect(page.locator("[data-connection-name]")).to_have_text("Not a range")


def test_a_stranger_sees_nothing_and_a_reader_of_a_link_the_path(
    service: Service, staff: BrowserContext, recording: Recording
) -> None:
    assert staff.browser
    context = staff.browser.new_context()
    page = context.new_page()
    page.goto(service.url + recording.path(0))
    expect(page.get_by_text("Log in to see this instance")).to_be_visible()
    expect(page.locator(".board")).to_be_hidden()
    assert "pricing" not in page.content()
    assert (
        page.goto(f"{service.url}/browsers/{'0' * 8}-0000-4000-8000-{'0' * 12}/path/").status == 404
    )
    page.goto(share(service, recording.me)["url"])
    expect(page.get_by_text("Shared with you to read, until")).to_be_visible()
    page.goto(service.url + recording.path(0.0))
    expect_ready(page)
    assert fact(page, "position") == "100, 100 px"
    context.close()


def test_the_charts_around_the_shown_time_are_one_link_away(
    open_page: OpenStaffPage, recording: Recording
) -> None:
    page = open_page(recording.path(10.0))
    expect_ready(page)
    page.wait_for_timeout(300)
    page.get_by_role("link", name="Charts around this time").click()
    expect(page.locator("[data-connection-name]")).to_have_text("Stored")
    query = parse_qs(urlsplit(page.url).query)
    since, until = (datetime.fromisoformat(query[name][0]) for name in ("since", "until"))
    assert [(moment - recording.start).total_seconds() for moment in (since, until)] == [-50, 70]


@pytest.mark.parametrize("width", [360, 1280, 3840])
def test_it_fits_and_passes_axe_in_both_themes(
    open_page: OpenStaffPage, recording: Recording, width: int
) -> None:
    page = open_page(recording.path(10.25))
    page.set_viewport_size({"width": width, "height": 900})
    expect_ready(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
