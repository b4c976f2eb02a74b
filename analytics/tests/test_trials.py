"""Trials are what their marks, samples and scenes say, in whatever order those arrived."""

from collections.abc import Iterable
from datetime import timedelta
from io import StringIO
from unittest import mock

from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test import SimpleTestCase, TestCase, TransactionTestCase
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as PropertyTestCase

from analytics.ingest.batch import Batch
from analytics.ingest.scenes import Mark as SentMark
from analytics.models import DirtyRange, Heartbeat, PointerPositionEvent, Seal, Trial
from analytics.rollups.trial_marks import TRIAL_MARKS, TRIALS
from analytics.studies import trial_paths
from analytics.studies.trial_drain import CLAIM, JOB, SETTLING, SPANS, make_trials
from analytics.studies.trial_marks import TrialMark, find_trials
from analytics.studies.trial_verify import repair_trials, verify_trials
from analytics.tests.arrivals import arrivals
from analytics.tests.heating import to_sent
from analytics.tests.interleaving import Session, until_sessions_wait
from analytics.tests.oracle import Sample
from analytics.tests.pointers import (
    NOW,
    NOW_US,
    drain_all,
    float32,
    new_browser,
    sample,
    send_batch,
    to_event,
)
from analytics.tests.scenery import Mark, Scene, moment
from analytics.tests.trial_oracle import Numbers, expected_trials
from analytics.upkeep.retention import retain
from core.values.times import to_epoch_us
from dashboard.instances.erasing import erase
from dashboard.models import Browser

START, END = "trial:start", "trial:end"
AT_ONCE = timedelta(0)
GIVEN = {"study": "mt-1", "trial": 12, "block": 2, "condition": "incongruent"}
ANSWER = {"response": "left", "correct": True}


def at(seconds: float) -> int:
    return sample(seconds, 0).time


def start(seconds: float, *, seq: int = 0, **data) -> Mark:
    return Mark(at(seconds), seq, START, data)


def end(seconds: float, *, seq: int = 0, **data) -> Mark:
    return Mark(at(seconds), seq, END, data)


def deliver(
    browser: Browser,
    samples: Iterable[Sample] = (),
    scenes: Iterable[Scene] = (),
    marks: Iterable[Mark] = (),
) -> None:
    """Send samples, scenes and marks as one batch."""
    batch = Batch(
        events=[to_event(one) for one in samples],
        scenes=[to_sent(one) for one in scenes],
        marks=[SentMark(moment(time), name, seq, data) for time, seq, name, data in marks],
    )
    send_batch(browser, batch)


def make_all() -> None:
    """Drain every rung, then all trials."""
    drain_all()
    make_trials(now=NOW, settling=AT_ONCE)


def stored(browser: Browser) -> dict[tuple[int, int], Numbers]:
    left_out = {"id", "browser_id", "started_at", "start_seq", "start_target", "targets"}
    return {
        (to_epoch_us(row["started_at"]), row["start_seq"]): {
            **{name: value for name, value in row.items() if name not in left_out},
            "ended_at": to_epoch_us(row["ended_at"]),
        }
        for row in Trial.objects.filter(browser=browser).values()
    }


class FindingTests(SimpleTestCase):
    def find(self, *marks: Mark) -> list[tuple]:
        return [
            (to_epoch_us(one.started_at), to_epoch_us(one.ended_at), one.columns["state"])
            for one in find_trials([TrialMark(moment(mark.time), *mark[1:]) for mark in marks])
        ]

    def test_a_start_opens_a_trial_and_the_next_mark_closes_it(self):
        found = self.find(end(0), start(1), end(2), end(3), start(4), start(5), end(6), start(7))
        self.assertEqual(
            found,
            [
                (at(1), at(2), "ended"),
                (at(4), at(5), "abandoned"),
                (at(5), at(6), "ended"),
            ],
        )

    def test_a_start_that_nothing_follows_within_an_hour_has_no_trial(self):
        self.assertEqual(len(self.find(start(0), end(3600))), 1)
        self.assertEqual(self.find(start(0), end(3600.000001)), [])

    def test_data_of_another_kind_is_none_of_a_name(self):
        odd = {
            "study": ["x"],
            "trial": 1.5,
            "block": True,
            "condition": None,
            "start": [1, 2, 3],
            "targets": {"left": [1, 2, 3, 4], "b": "x", "c": [1, 2, True, 4]},
        }
        marks = [start(0, **odd), end(1, response={}, correct="yes")]
        (one,) = find_trials([TrialMark(moment(mark.time), *mark[1:]) for mark in marks])
        self.assertEqual(
            one.columns,
            {
                "state": "ended",
                "study": "",
                "trial": "1.5",
                "block": "true",
                "condition": "",
                "response": "",
                "correct": None,
                "start_target": None,
                "targets": {"left": [1, 2, 3, 4]},
            },
        )
        (plain,) = find_trials(
            [TrialMark(moment(mark.time), *mark[1:]) for mark in (start(0, targets=7), end(1))]
        )
        self.assertEqual(plain.columns["targets"], {})


class TrialTests(TestCase):
    def setUp(self):
        self.browser = new_browser()
        self.samples, self.scenes, self.marks = [], [], []

    def deliver(self, samples=(), scenes=(), marks=()) -> None:
        self.samples += samples
        self.scenes += scenes
        self.marks += marks
        deliver(self.browser, samples, scenes, marks)

    def assert_true(self) -> dict:
        make_all()
        found = stored(self.browser)
        self.assertEqual(found, expected_trials(self.samples, self.scenes, self.marks))
        self.assertFalse(DirtyRange.objects.exclude(rung__in=(-1, -2)).exists())
        return found

    def one(self) -> Trial:
        self.assert_true()
        return Trial.objects.get()

    def test_a_trial_has_what_its_marks_say_and_its_measures(self):
        rectangles = {"left": [0, 0, 80, 60], "right": [900, 0, 80, 60]}
        self.deliver(
            [sample(n / 50, 500 - 9 * n, 700 - 14 * n) for n in range(50)],
            marks=[
                start(0, **GIVEN, targets=rectangles, start=[480, 690, 40, 20]),
                end(0.98, **ANSWER),
            ],
        )
        trial = self.one()
        self.assertEqual(
            (trial.study, trial.trial, trial.block, trial.condition, trial.response, trial.correct),
            ("mt-1", "12", "2", "incongruent", "left", True),
        )
        self.assertEqual((trial.targets, trial.start_target), (rectangles, [480, 690, 40, 20]))
        self.assertEqual((trial.samples, trial.rt, trial.state), (50, 0.98, "ended"))
        self.assertAlmostEqual(trial.mad, 0)
        self.assertEqual(len(trial.path_x), 101)

    def test_its_samples_are_those_from_its_start_to_its_end_by_time_and_seq(self):
        self.deliver(
            [
                *(sample(1, n, seq=n) for n in range(3)),
                *(sample(2, 50 + n, seq=n) for n in range(3)),
            ],
            marks=[start(1, seq=1), end(2, seq=1)],
        )
        trial = self.one()
        self.assertEqual((trial.samples, trial.total_distance), (4, 50))

    def test_the_scroll_since_its_start_is_subtracted(self):
        self.deliver(
            [sample(1, 10, 10), sample(1.1, 10, 10), sample(1.2, 10, 10)],
            [Scene(at(0), 0, scroll_y=300), Scene(at(1.1), 0, scroll_y=340, scroll_x=30)],
            [start(1), end(2)],
        )
        self.assertEqual(self.one().total_distance, 50)

    def test_without_a_scene_at_the_start_the_first_one_holds_from_the_start(self):
        self.deliver(
            [sample(1, 0), sample(1.1, 0), sample(1.2, 0)],
            [Scene(at(1.1), 0, scroll_y=300), Scene(at(1.2), 0, scroll_y=340)],
            [start(1), end(2)],
        )
        self.assertEqual(self.one().total_distance, 40)

    def test_a_trial_without_a_sample_has_a_response_time_alone(self):
        self.deliver(marks=[start(1), end(2.5)])
        trial = self.one()
        self.assertEqual((trial.samples, trial.rt, trial.mad, trial.path_x), (0, 1.5, None, None))

    def test_a_late_sample_makes_its_trial_anew_and_no_other(self):
        self.deliver(
            [sample(1, 0), sample(1.5, 10), sample(10, 0), sample(10.5, 10)],
            marks=[start(1), end(2), start(10), end(11)],
        )
        self.assert_true()
        ids = dict(Trial.objects.values_list("started_at", "id"))
        with mock.patch.object(Trial.objects, "bulk_create", wraps=Trial.objects.bulk_create) as to:
            self.deliver([sample(1.2, 90, seq=4)])
            self.assert_true()
        self.assertEqual([len(call.args[0]) for call in to.call_args_list if call.args[0]], [1])
        self.assertEqual(dict(Trial.objects.values_list("started_at", "id")), ids)

    def test_a_late_scene_makes_the_trials_until_the_next_one_anew(self):
        self.deliver(
            [sample(n / 2, n) for n in range(2, 12)],
            [Scene(at(0), 0)],
            [start(1), end(2), start(3), end(4)],
        )
        self.assert_true()
        self.deliver(scenes=[Scene(at(1.5), 0, scroll_y=50)])
        self.assert_true()
        self.deliver(scenes=[Scene(at(0.5), 0, scroll_y=70), Scene(at(3.5), 0, scroll_y=20)])
        self.assert_true()

    def test_a_late_mark_divides_ends_or_abandons(self):
        self.deliver([sample(n, n * n) for n in range(10)], marks=[start(1), end(9)])
        self.assert_true()
        self.deliver(marks=[start(4, trial=2)])
        self.assertEqual(
            [one["state"] for one in self.assert_true().values()], ["abandoned", "ended"]
        )
        self.deliver(marks=[end(3)])
        self.assertEqual([one["state"] for one in self.assert_true().values()], ["ended", "ended"])
        self.deliver(marks=[end(6)])
        self.assertEqual(len(self.assert_true()), 2)

    def test_marks_of_other_names_and_browsers_without_trials_cost_nothing(self):
        self.deliver([sample(1, 0)], [Scene(at(0), 0)], [Mark(at(1), 0, "trial:pause", {})])
        drain_all()
        self.assertFalse(DirtyRange.objects.filter(rung__in=TRIALS).exists())

    def test_a_sample_outside_every_trial_leaves_no_mark(self):
        self.deliver([sample(1, 0)], marks=[start(1), end(2)])
        make_all()
        self.deliver([sample(400, 0)])
        drain_all()
        self.assertFalse(DirtyRange.objects.filter(rung__in=TRIALS).exists())

    def test_a_fresh_mark_waits_for_scenes_that_are_being_stored(self):
        self.deliver([sample(1, 0)], marks=[start(1), end(2)])
        self.assertEqual(make_trials(now=NOW), (0, 0))
        DirtyRange.objects.update(created_at=F("created_at") - SETTLING)
        self.assertEqual(make_trials(now=NOW), (1, 1))
        self.assertEqual(make_trials(now=NOW), (0, 0))
        self.assertEqual(Heartbeat.objects.get(job=JOB).beat_at, NOW)

    def test_a_trial_with_too_many_samples_is_not_measured(self):
        with mock.patch.object(trial_paths, "MOST_SAMPLES", 2):
            self.deliver([sample(1 + n / 9, n) for n in range(3)], marks=[start(1), end(2)])
            make_all()
        trial = Trial.objects.get()
        self.assertEqual((trial.samples, trial.rt, trial.mad, trial.path_x), (None, 1, None, None))

    def test_a_trial_outlives_its_samples_and_is_not_made_anew_without_them(self):
        self.deliver([sample(1, 0), sample(1.5, 9)], marks=[start(1), end(2)])
        make_all()
        before = stored(self.browser)
        DirtyRange.objects.all().delete()
        Seal.objects.create(level=0, before=NOW, sealed_at=NOW)
        PointerPositionEvent.objects.all().delete()
        DirtyRange.objects.create(
            browser=self.browser, since=moment(at(1)), until=moment(at(1)), rung=TRIAL_MARKS
        )
        make_all()
        self.assertEqual(stored(self.browser), before)
        self.assertEqual([step.trials for step in verify_all()], [0])

    def test_no_seal_passes_a_mark_that_waits(self):
        self.deliver(marks=[start(1), end(2)])
        DirtyRange.objects.exclude(rung=TRIAL_MARKS).delete()
        retain(now=NOW + timedelta(days=4000))
        self.assertLessEqual(Seal.objects.get(level=0).before, moment(at(1)))

    def test_an_erased_browser_leaves_no_trial(self):
        self.deliver([sample(1, 0)], marks=[start(1), end(2)])
        make_all()
        erase(instance_id=self.browser.instance_id, token=None)
        self.assertFalse(Trial.objects.exists())


def verify_all() -> list:
    return list(verify_trials(browser_ids=None, since=None, until=None))


class VerifyTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.browser = new_browser()
        deliver(
            cls.browser,
            [sample(n / 3, n * n % 50, n) for n in range(30)],
            marks=[start(1, **GIVEN), end(2), start(4), end(9)],
        )
        make_all()

    def differences(self) -> list:
        return [found for step in verify_all() for found in step.differences]

    def test_right_trials_are_reported_as_right(self):
        self.assertEqual([step.trials for step in verify_all()], [2])
        self.assertEqual(self.differences(), [])

    def test_each_wrong_missing_or_superfluous_trial_is_found_and_repaired(self):
        for what, spoil in {
            "mad": lambda: Trial.objects.filter(study="mt-1").update(mad=F("mad") + 1e-3),
            "study": lambda: Trial.objects.filter(study="mt-1").update(study="mt-2"),
            "path_x": lambda: Trial.objects.filter(study="").update(path_x=[1.0]),
            "samples": lambda: Trial.objects.filter(study="").update(samples=None),
            "state": lambda: Trial.objects.filter(study="").delete(),
            "end_seq": lambda: Trial.objects.filter(study="").update(end_seq=7),
        }.items():
            with self.subTest(what):
                spoil()
                found = self.differences()
                self.assertEqual([one.column for one in found], [what])
                DirtyRange.objects.all().delete()
                repair_trials(differences=found, now=NOW)
                self.assertEqual(self.differences(), [])

    def test_a_trial_that_waits_is_not_compared(self):
        Trial.objects.filter(study="mt-1").update(mad=7)
        for rung in (*TRIALS, 1000):
            waiting = DirtyRange.objects.create(
                browser=self.browser, since=moment(at(0.8)), until=moment(at(1.5)), rung=rung
            )
            self.assertEqual(self.differences(), [], rung)
            waiting.delete()
        self.assertEqual(len(self.differences()), 1)

    def test_the_command_prints_a_line_for_each_difference(self):
        Trial.objects.filter(study="mt-1").update(response="up")
        out = StringIO()
        with self.assertRaises(SystemExit):
            call_command("verify_rollups", stdout=out)
        self.assertIn(
            f"trial of {self.browser} 2026-11-23T11:50:01.000000Z response: stored up",
            out.getvalue(),
        )


TICKS = st.integers(0, 12).map(lambda tick: NOW_US - 900_000_000 + tick * 250_000) | st.integers(
    0, 4
).map(lambda tick: NOW_US - 600_000_000 + tick * 3_000_000)
SEQS = st.integers(0, 2)
PLACES = st.integers(-40, 40) | st.floats(-1e5, 1e5, width=32).map(float32)


def of_key(one: tuple) -> tuple:
    return one[:2]


SAMPLES = st.lists(
    st.builds(Sample, TICKS, SEQS, PLACES, PLACES, st.booleans()), max_size=16, unique_by=of_key
)
SCENES = st.lists(
    st.builds(
        lambda time, seq, **more: Scene(time, seq, **more),
        TICKS,
        SEQS,
        scroll_x=st.sampled_from([0.0, 64.0]),
        scroll_y=st.sampled_from([0.0, 7.5, 640.0]),
    ),
    max_size=4,
    unique_by=of_key,
)
MARKS = st.lists(
    st.builds(
        Mark,
        TICKS,
        SEQS,
        st.sampled_from([START, START, END, END, "other"]),
        st.sampled_from([{}, GIVEN, ANSWER, {"trial": 3}]),
    ),
    min_size=2,
    max_size=8,
    unique_by=of_key,
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list, list, list, list]:
    """Samples, scenes and marks in any order, some twice, in batches, with drains (None)."""
    samples, scenes, marks = draw(SAMPLES), draw(SCENES), draw(MARKS)
    items = [*samples, *scenes, *marks]
    return samples, scenes, marks, draw(arrivals(items, most_again=4))


class AnyDeliveryTests(PropertyTestCase):
    @settings(max_examples=40, deadline=None, phases=[Phase.generate])
    @given(deliveries())
    def test_any_order_lateness_and_duplication_gives_the_same_trials(self, delivery):
        samples, scenes, marks, steps = delivery
        browser = new_browser()
        for step in steps:
            if step is None:
                make_all()
            else:
                kinds = (
                    [one for one in step if isinstance(one, of)] for of in (Sample, Scene, Mark)
                )
                deliver(browser, *kinds)
        make_all()
        expected = expected_trials(samples, scenes, marks)
        self.assertEqual(stored(browser), expected)
        make_trials(now=NOW, settling=AT_ONCE)
        self.assertEqual(stored(browser), expected)
        self.assertFalse(DirtyRange.objects.filter(rung__in=TRIALS).exists())


class ConcurrentTests(TransactionTestCase):
    def setUp(self):
        # The first run makes the job's row.
        self.make()
        self.browser = new_browser()
        deliver(self.browser, [sample(1, 0), sample(1.5, 9)], marks=[start(1), end(2)])
        drain_all()

    def make(self):
        make_trials(now=NOW, settling=AT_ONCE)

    def erase(self):
        erase(instance_id=self.browser.instance_id, token=None)

    def test_an_erasure_waits_for_a_drain_and_leaves_nothing(self):
        for statement in (CLAIM, SPANS):
            with self.subTest(statement):
                making = Session(self.make, after=statement).until_held()
                erasing = Session(self.erase)
                until_sessions_wait(1)
                making.finish()
                erasing.finish()
                self.assertFalse(Trial.objects.exists())
                self.assertFalse(DirtyRange.objects.filter(rung__in=TRIALS).exists())
            self.setUp()

    def test_a_sample_that_commits_during_a_drain_makes_the_trial_anew(self):
        making = Session(self.make, after=trial_paths.SAMPLES).until_held()
        deliver(self.browser, [sample(1.2, 50, seq=1)])
        drain_all()
        making.finish()
        self.assertEqual(Trial.objects.get().samples, 2)
        self.make()
        self.assertEqual(Trial.objects.get().samples, 3)

    def test_a_second_concurrent_drain_does_nothing(self):
        making = Session(self.make, after=CLAIM).until_held()
        self.assertEqual(make_trials(now=NOW, settling=AT_ONCE), (0, 0))
        making.finish()
        self.assertEqual(Trial.objects.get().samples, 2)

    def test_a_check_sees_one_moment(self):
        self.make()
        self.assertEqual([step.differences for step in verify_all()], [[]])
        self.assertFalse(connection.in_atomic_block)
