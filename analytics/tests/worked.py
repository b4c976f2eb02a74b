"""The known data of docs/analysis.md: four pointers over three weeks of November 2026."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from analytics.studies.trials import remake_trials
from analytics.tests.oracle import Sample
from analytics.tests.pointers import drain_all, new_browser, send
from analytics.tests.scenery import Mark, Scene, store_marks, store_scenes
from core.values.times import to_epoch_us
from dashboard.models import Browser

Traces = dict[UUID, list[Sample]]


class Stored(NamedTuple):
    """Each instance's samples, scenes and marks."""

    traces: Traces
    scenes: dict[UUID, list[Scene]]
    marks: dict[UUID, list[Mark]]


# Two whole weeks from Monday to Monday; the data begins before and ends after them.
SINCE, UNTIL = datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
FIRST_DAY, DAYS = datetime(2026, 11, 5, tzinfo=UTC), 19
LAST_DAY = FIRST_DAY + timedelta(days=DAYS)
RESTS = [seconds * 1_000_000 for seconds in (4, 9, 45, 720, 2400)]


def wandering(chance: Random) -> list[Sample]:
    """Return visits on some days, with jerky movement, rests, exits and samples of equal times.

    Positions are quarters of a pixel, which float32 represents exactly.
    """
    samples: list[Sample] = []
    for day in range(DAYS):
        # Every other day they overlap, and have more movement.
        hours = {*chance.sample(range(6, 21), chance.choice([0, 1, 2])), *[12] * (day % 2 == 0)}
        for hour in sorted(hours):
            begin = FIRST_DAY + timedelta(days=day, hours=hour, minutes=hour * 7 % 40)
            pace = chance.choice([90] if hour == 12 else [8, 30, 90])
            samples += visit(chance, to_epoch_us(begin) + chance.randrange(1_000_000), pace)
    return [sample._replace(seq=seq) for seq, sample in enumerate(samples)]


def visit(chance: Random, time: int, pace: int) -> list[Sample]:
    x, y, samples = 640.0, 360.0, []
    for i in range(chance.randrange(60, 180)):
        time += chance.choice([0, *[chance.randrange(6000, 26_000)] * 12, 70_000, 260_000])
        time += chance.choice([0] * 80 + RESTS)
        if chance.random() < 0.9:
            x = min(max(x + chance.randrange(-2 * pace, 2 * pace) / 4, 0), 1600)
            y = min(max(y + chance.randrange(-pace, pace) / 4, 0), 900)
        samples.append(Sample(time, 0, x, y, i == 0 or chance.random() < 0.03))
    return samples


def looking(chance: Random, samples: list[Sample]) -> list[Scene]:
    """Return scenes at some samples, with other pages, scrolls, viewports and pointers."""
    scenes, width, kind, page = [], 1280.0, "mouse", None
    for sample in samples:
        if chance.random() < 0.02:
            width, kind = chance.choice([(1280.0, "mouse"), (390.0, "touch"), (1024.0, "pen")])
            page = chance.choice([None, "/", "/pricing", "/order/*"])
        elif chance.random() < 0.95:
            continue
        # One document is shorter than the viewport.
        height = {"/": 5200.0, "/pricing": 2000.0, "/order/*": 700.0}.get(page or "", 1500.0)
        scroll = max(height - 600, 1) * chance.randrange(100) ** 4 // 100**4
        scenes.append(
            Scene(
                *(sample.time, sample.seq, width, 720.0, width, height, 0.0, float(scroll)),
                pointer=kind,
                page=page,
            )
        )
    return scenes


def trying(chance: Random, samples: list[Sample]) -> list[Mark]:
    """Return marks of trials, of which some have no end, and others' marks between them."""
    marks = []
    for number, i in enumerate(chance.sample(range(len(samples) - 30), 30)):
        data = {"trial": number, "study": "mt-1", "condition": "ab"[number % 2]}
        last = chance.choice(["trial:end", "trial:end", "note"])
        for name, j in (("trial:start", i), (last, i + chance.randrange(5, 30))):
            sample = samples[j]
            key = chance.choice([(sample.time, sample.seq), (sample.time + 500, 0)])
            marks.append(Mark(*key, name, data))
    return list({(mark.time, mark.seq): mark for mark in marks}.values())


def store_known_data() -> Stored:
    """Send and roll up the data; return each instance's samples, scenes and marks."""
    known = Stored({}, {}, {})
    for seed in range(4):
        browser, samples = new_browser(), wandering(Random(seed))
        Browser.objects.filter(pk=browser.pk).update(site="shop.example")
        browser.site = "shop.example"
        send(browser, samples, now=LAST_DAY)
        name = browser.instance_id
        known.traces[name] = samples
        # The first samples have no scene, and one instance has none at all.
        known.scenes[name] = looking(Random(seed + 10), samples[40:]) if seed else []
        known.marks[name] = trying(Random(seed + 20), samples)
        store_scenes(browser, known.scenes[name])
        store_marks(browser, known.marks[name])
        remake_trials(browser_id=browser.pk, since=FIRST_DAY, until=LAST_DAY)
    drain_all()
    return known
