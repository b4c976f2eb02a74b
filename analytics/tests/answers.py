"""The answers to the questions of docs/analysis.md, computed in plain Python.

They use raw samples and docs/metrics.md alone, and share only the definitions with the SQL. Each
function returns the rows of one question, whose number is in its name.
"""

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import fmean, median, stdev
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from analytics.tests.oracle import Sample, Status, expected_statuses
from analytics.tests.scenery import Scene, within
from analytics.tests.trial_oracle import expected_trials
from analytics.tests.worked import SINCE, UNTIL, Stored
from core.values.times import EPOCH, MICROSECOND, to_epoch_us

Rows = list[tuple]
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FIVE_SECONDS = timedelta(seconds=5)


class Bucket(NamedTuple):
    """An instance's status that starts in the range."""

    instance: UUID
    time: datetime
    status: Status


class Known:
    """The known data as the questions see it: the part in [SINCE, UNTIL)."""

    def __init__(self, stored: Stored) -> None:
        traces, scenes, marks = stored
        self.traces = {instance: sorted(samples) for instance, samples in sorted(traces.items())}
        # Trials that begin before the range do not begin anew in it.
        self.every_mark = {instance: within(own) for instance, own in sorted(marks.items())}
        bounds = {"since": to_epoch_us(SINCE), "until": to_epoch_us(UNTIL)}
        self.marks = {instance: within(own, **bounds) for instance, own in sorted(marks.items())}
        self.inside = {
            instance: [s for s in samples if to_epoch_us(SINCE) <= s.time < to_epoch_us(UNTIL)]
            for instance, samples in self.traces.items()
        }
        self.scenes = {instance: within(own) for instance, own in sorted(scenes.items())}
        # The instance whose straightness is asked for.
        self.instance = next(iter(traces))

    def scene_at(self, instance: UUID, sample: Sample) -> Scene | None:
        """Return the latest scene with (time, seq) <= the sample's."""
        scenes = self.scenes[instance]
        place = bisect_right(scenes, (sample.time, sample.seq), key=lambda s: (s.time, s.seq))
        return scenes[place - 1] if place else None

    def buckets(self, length: timedelta) -> list[Bucket]:
        return [
            Bucket(instance, at(status.time), status)
            for instance, samples in self.traces.items()
            for status in expected_statuses(samples, interval_us=length // MICROSECOND)
            if SINCE <= at(status.time) < UNTIL
        ]

    def moving_seconds(self) -> list[Bucket]:
        return [b for b in self.buckets(timedelta(seconds=1)) if b.status.moving_time > 0]

    def steps(self) -> Iterator[tuple[UUID, Sample, Sample]]:
        """Yield each sample in the range with the one before it."""
        for instance, samples in self.inside.items():
            for a, b in pairwise(samples):
                yield instance, a, b


def at(us: int) -> datetime:
    return EPOCH + us * MICROSECOND


def day_of(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def hour_of(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)


def minute_of(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0)


def week_of(time: datetime) -> datetime:
    return day_of(time) - timedelta(days=time.weekday())


def by(key: Callable[[Any], Hashable], things: Iterable[Any]) -> dict[Any, list[Any]]:
    """Group things by a key; the groups are in the key's order."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    for thing in things:
        groups[key(thing)].append(thing)
    return dict(sorted(groups.items()))


def distance(buckets: Iterable[Bucket]) -> float:
    return math.fsum(b.status.traversed_distance for b in buckets)


def moving(buckets: Iterable[Bucket]) -> float:
    return math.fsum(b.status.moving_time for b in buckets)


def percentile(values: Iterable[float], share: Fraction) -> float:
    """Return a percentile, linear between neighbours, as SQL's percentile_cont does."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * float(place - math.floor(place))


def percentiles(values: list[float], *shares: str) -> list[float]:
    return [percentile(values, Fraction(share)) for share in shares]


def question_1(known: Known) -> Rows:
    minutes = by(lambda b: b.time, known.buckets(MINUTE))
    rows = [(minute, distance(group), len(group)) for minute, group in minutes.items()]
    return sorted(rows, key=lambda row: -row[1])[:10]


def question_2(known: Known) -> Rows:
    groups = by(lambda b: (b.instance, day_of(b.time)), known.buckets(MINUTE))
    return [(*key, 1 - moving(group) / (60 * len(group))) for key, group in groups.items()]


def question_3(known: Known) -> Rows:
    return [
        (day, percentiles([b.status.traversed_distance for b in group], "0.5", "0.9", "0.99"))
        for day, group in by(lambda b: day_of(b.time), known.moving_seconds()).items()
    ]


def question_4(known: Known) -> Rows:
    hours = by(lambda b: b.time, known.buckets(HOUR))
    sums = [(hour.astimezone(BERLIN).hour, distance(group)) for hour, group in hours.items()]
    return [
        (hour, fmean(px for _, px in group), len(group))
        for hour, group in by(lambda pair: pair[0], sums).items()
    ]


def question_5(known: Known) -> Rows:
    places = [(instance, s) for instance, samples in known.inside.items() for s in samples]
    groups = by(lambda p: (p[0], day_of(at(p[1].time).astimezone(BERLIN))), places)
    return [
        (
            instance,
            day.astimezone(UTC),
            group[0][1].x,
            group[0][1].y,
            group[-1][1].x,
            group[-1][1].y,
        )
        for (instance, day), group in groups.items()
    ]


def question_6(known: Known) -> Rows:
    gaps = [(day_of(at(b.time)), at(b.time) - at(a.time)) for _, a, b in known.steps()]
    long = [(day, gap) for day, gap in gaps if gap > timedelta(minutes=10)]
    groups = by(lambda pair: pair[0], long)
    return [(day, len(group), max(gap for _, gap in group)) for day, group in groups.items()]


def question_7(known: Known) -> Rows:
    rows = []
    for day, group in by(lambda b: day_of(b.time), known.moving_seconds()).items():
        classes = Counter(min(int(b.status.traversed_distance // 250), 8) for b in group)
        rows.append((day, [0, *(classes[i] for i in range(9))]))
    return rows


def question_8(known: Known) -> Rows:
    sessions: list[list[Bucket]] = []
    for b in known.buckets(timedelta(seconds=1)):
        last = sessions[-1][-1] if sessions else b
        if last.instance != b.instance or b is last or b.time - last.time > timedelta(minutes=30):
            sessions.append([])
        sessions[-1].append(b)
    told = [
        (day_of(s[0].time), s[-1].time - s[0].time + timedelta(seconds=1), distance(s))
        for s in sessions
    ]
    return [
        (day, len(group), median(row[1] for row in group), fmean(row[2] for row in group))
        for day, group in by(lambda row: row[0], told).items()
    ]


def question_9(known: Known) -> Rows:
    days = by(lambda b: day_of(b.time), known.buckets(HOUR))
    return [(day, len({b.instance for b in group})) for day, group in days.items()]


def question_10(known: Known) -> Rows:
    groups = by(lambda b: (b.instance, day_of(b.time)), known.buckets(MINUTE))
    return [(*key, distance(group) * 2.54 / 96 / 100) for key, group in groups.items()]


def question_11(known: Known) -> Rows:
    segments = [(a, b) for i, a, b in known.steps() if i == known.instance and not b.enter]
    rows = []
    for minute, group in by(lambda pair: minute_of(at(pair[1].time)), segments).items():
        path = math.fsum(math.dist(a[2:4], b[2:4]) for a, b in group)
        net = math.hypot(*(math.fsum(b[axis] - a[axis] for a, b in group) for axis in (2, 3)))
        if path:
            rows.append((minute, net / path))
    return rows


def question_12(known: Known) -> Rows:
    moved = {
        hour: distance(group) for hour, group in by(lambda b: b.time, known.buckets(HOUR)).items()
    }
    hours = [SINCE + i * HOUR for i in range((UNTIL - SINCE) // HOUR)]
    px = [moved.get(hour, 0) for hour in hours]
    return [(hour, fmean(px[max(i - 23, 0) : i + 1])) for i, hour in enumerate(hours)]


def weekly(known: Known) -> dict[datetime, list[Bucket]]:
    return by(lambda b: week_of(b.time), known.buckets(MINUTE))


def question_13(known: Known) -> Rows:
    (first, before), (second, after) = ((w, distance(group)) for w, group in weekly(known).items())
    return [(first, before, None), (second, after, (after - before) / before)]


def question_14(known: Known) -> Rows:
    rows = []
    for week, group in weekly(known).items():
        paces = sorted(
            (distance(own) / moving(own), instance)
            for instance, own in by(lambda b: b.instance, group).items()
        )
        rows.append((week, paces[0][1], paces[0][0], paces[-1][1], paces[-1][0]))
    return rows


def question_15(known: Known) -> Rows:
    dwell: dict[tuple, timedelta] = defaultdict(timedelta)
    for _, a, b in known.steps():
        if not b.enter:
            cell = (week_of(at(a.time)), int(a.x) // 100 * 100, int(a.y) // 100 * 100)
            dwell[cell] += min((b.time - a.time) * MICROSECOND, timedelta(seconds=5))
    ranked = sorted(dwell.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(*cell, stay) for cell, stay in ranked[:20]]


def question_16(known: Known) -> Rows:
    rows = []
    for hour, group in by(lambda b: hour_of(b.time), known.buckets(MINUTE)).items():
        first, *others = sorted(group, key=lambda b: -b.status.peak_velocity)
        assert all(b.status.peak_velocity < first.status.peak_velocity for b in others), "a tie"
        rows.append((hour, first.status.peak_velocity, first.time, first.instance))
    return rows


def movement_steps(known: Known) -> dict[tuple[UUID, datetime], list[float]]:
    """Return steps of up to 250 ms between samples, in ms, by instance and day."""
    steps = [
        ((instance, day_of(at(b.time))), (b.time - a.time) / 1000)
        for instance, a, b in known.steps()
        if 0 < b.time - a.time <= 250_000
    ]
    return {key: [ms for _, ms in group] for key, group in by(lambda pair: pair[0], steps).items()}


def question_17(known: Known) -> Rows:
    return [(*key, 1000 / median(ms)) for key, ms in movement_steps(known).items()]


def question_18(known: Known) -> Rows:
    return [
        (*key, percentiles(ms, "0.05", "0.5", "0.95"), sum(step > 50 for step in ms) / len(ms))
        for key, ms in movement_steps(known).items()
    ]


def question_19(known: Known) -> Rows:
    samples = [s for own in known.inside.values() for s in own]
    hours = by(lambda s: hour_of(at(s.time)), samples)
    return [(hour, sum(s.enter for s in group)) for hour, group in hours.items()]


def question_20(known: Known) -> Rows:
    rows: Rows = []
    for week, group in weekly(known).items():
        own = {i: distance(buckets) for i, buckets in by(lambda b: b.instance, group).items()}
        ranked = sorted(own, key=own.__getitem__)
        rows += [(week, i, own[i], n / (len(ranked) - 1)) for n, i in enumerate(ranked)]
    return rows


def minutes_with_distance(known: Known) -> Rows:
    """The examples for pandas and DuckDB: every minute of every instance, and its distance."""
    return [(b.instance, b.time, b.status.traversed_distance) for b in known.buckets(MINUTE)]


class Segment(NamedTuple):
    """Two samples of an instance that follow each other, with the scene of each."""

    instance: UUID
    a: Sample
    b: Sample
    scene_of_a: Scene | None
    scene_of_b: Scene | None

    @property
    def px(self) -> float:
        return math.dist((self.a.x, self.a.y), (self.b.x, self.b.y))


def scenic_segments(known: Known) -> list[Segment]:
    return [
        Segment(instance, a, b, known.scene_at(instance, a), known.scene_at(instance, b))
        for instance, a, b in known.steps()
    ]


def question_21(known: Known) -> Rows:
    stays = [
        (week_of(at(s.a.time)), s.scene_of_a.page, s)
        for s in scenic_segments(known)
        if s.scene_of_a and s.scene_of_a.page and not s.b.enter
    ]
    rows = [
        (
            *(week, "shop.example", page, len({s.instance for *_, s in group})),
            sum((min(at(s.b.time) - at(s.a.time), FIVE_SECONDS) for *_, s in group), timedelta()),
        )
        for (week, page), group in by(lambda stay: stay[:2], stays).items()
    ]
    return sorted(rows, key=lambda row: (row[0], -row[4], row[2]))


def question_22(known: Known) -> Rows:
    samples = [
        (day_of(at(sample.time)), scene.pointer)
        for instance, own in known.inside.items()
        for sample in own
        if (scene := known.scene_at(instance, sample))
    ]
    segments = by(
        lambda s: (day_of(at(s.b.time)), s.scene_of_b.pointer),
        [s for s in scenic_segments(known) if s.scene_of_b],
    )
    return [
        (*key, len(group), math.fsum(s.px for s in segments[key] if not s.b.enter))
        for key, group in by(lambda pair: pair, samples).items()
    ]


def question_23(known: Known) -> Rows:
    scenes = [
        (week_of(at(scene.time)), instance, scene)
        for instance, own in known.scenes.items()
        for scene in own
        if scene.page and SINCE <= at(scene.time) < UNTIL
    ]
    depths = [
        (week, page, max(min((s.scroll_y + s.viewport_height) / s.document_height, 1) for s in own))
        for (week, _, page), group in by(lambda s: (s[0], s[1], s[2].page), scenes).items()
        for own in [[s for *_, s in group]]
    ]
    return [
        (
            *(week, page, len(group), median(d for *_, d in group)),
            sum(d > 0.9 for *_, d in group) / len(group),
        )
        for (week, page), group in by(lambda row: row[:2], depths).items()
    ]


def question_24(known: Known) -> Rows:
    rows = []
    for instance, marks in known.marks.items():
        trials = [mark for mark in marks if mark.name.startswith("trial:")]
        for start, end in pairwise(trials):
            if (start.name, end.name) != ("trial:start", "trial:end"):
                continue
            inside = [
                s
                for s in known.traces[instance]
                if (start.time, start.seq) <= (s.time, s.seq) < (end.time, end.seq)
            ]
            px = math.fsum(
                math.dist((a.x, a.y), (b.x, b.y)) for a, b in pairwise(inside) if not b.enter
            )
            lasted = at(end.time) - at(start.time)
            trial = str(start.data["trial"])
            began = at(start.time)
            rows.append((began, (day_of(began), instance, trial, lasted, len(inside), px)))
    return [row for _, row in sorted(rows, key=lambda pair: (pair[0], pair[1][1]))]


def question_25(known: Known) -> Rows:
    moved = [
        (week_of(at(s.b.time)), "small" if s.scene_of_b.viewport_width < 768 else "large", s)
        for s in scenic_segments(known)
        if s.scene_of_b and not s.b.enter and s.px and s.b.time - s.a.time <= 250_000
    ]
    return [
        (
            *(*key, len({s.instance for *_, s in group})),
            math.fsum(s.px for *_, s in group)
            / (math.fsum(s.b.time - s.a.time for *_, s in group) / 1e6),
        )
        for key, group in by(lambda row: row[:2], moved).items()
    ]


def question_26(known: Known) -> Rows:
    found = []
    for instance, marks in known.every_mark.items():
        trials = expected_trials(known.traces[instance], known.scenes[instance], marks)
        for (us, _), trial in trials.items():
            if SINCE <= at(us) < UNTIL and trial["state"] == "ended" and trial["mad"] is not None:
                found.append((week_of(at(us)), trial["condition"], instance, trial["mad"]))
    return [
        (
            *key,
            len(group),
            len({instance for _, _, instance, _ in group}),
            fmean(mad for *_, mad in group),
            stdev(mad for *_, mad in group) / math.sqrt(len(group)),
        )
        for key, group in by(lambda row: row[:2], found).items()
    ]
