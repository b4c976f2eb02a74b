"""The known data of docs/analysis.md: four pointers over three weeks of November 2026."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from analytics.tests.oracle import Sample
from analytics.tests.pointers import drain_all, new_browser, send
from core.values.times import to_epoch_us

Traces = dict[UUID, list[Sample]]

# Two whole weeks from Monday to Monday; the data begins before and ends after them.
SINCE, UNTIL = datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
FIRST_DAY, DAYS = datetime(2026, 11, 5, tzinfo=UTC), 19
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


def store_known_data() -> Traces:
    """Send and roll up the data; return each instance's samples."""
    traces = {}
    for seed in range(4):
        browser, samples = new_browser(), wandering(Random(seed))
        send(browser, samples, now=FIRST_DAY + timedelta(days=DAYS))
        traces[browser.instance_id] = samples
    drain_all()
    return traces
