"""The drain computes the metrics of docs/metrics.md, however the samples arrived."""

from unittest import mock

from django.conf import settings as django_settings
from django.db import connection
from django.test import TestCase
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as PropertyTestCase

from analytics.models import DirtyRange
from analytics.rollups import claim as claim_module
from analytics.rollups import drain
from analytics.rollups.claim import CLAIM
from analytics.tests.arrivals import arrivals
from analytics.tests.oracle import Sample, Status, distance_to
from analytics.tests.pointers import (
    NOW_US,
    assert_ladder_true,
    assert_statuses_true,
    drain_all,
    drain_shard_of,
    float32,
    mark,
    new_browser,
    sample,
    send,
    stored_samples,
    stored_statuses,
)
from core.values.durations import FIRST_RUNG_MS
from dashboard.models import PointerStatus


class RollUpTests(TestCase):
    def setUp(self):
        self.browser = new_browser()

    def roll_up(self, *samples: Sample) -> list[Status]:
        send(self.browser, samples)
        drain_all()
        return stored_statuses(self.browser)

    def test_a_movement_within_one_second_becomes_one_status(self):
        (status,) = self.roll_up(sample(0.10, 0), sample(0.15, 3, 4), sample(0.35, 3, 16))
        self.assertEqual(status.time, sample(0, 0).time)
        self.assertEqual(status.events, 3)
        self.assertEqual(status.traversed_distance, 17)
        self.assertEqual(status.avg_velocity, 17)
        self.assertEqual(status.peak_velocity, 120)
        self.assertAlmostEqual(status.moving_time, 0.25)
        self.assertEqual(status[6:], (0, 0, 3, 16))

    def test_a_segment_belongs_to_the_bucket_of_its_end(self):
        statuses = self.roll_up(sample(0.9, 0), sample(1.1, 30))
        self.assertEqual([s.traversed_distance for s in statuses], [0, 30])

    def test_a_sample_on_the_edge_belongs_to_the_later_bucket(self):
        statuses = self.roll_up(sample(0.5, 0), sample(1.0, 7))
        self.assertEqual([s.events for s in statuses], [1, 1])

    def test_the_jump_to_an_entering_pointer_is_not_movement(self):
        (status,) = self.roll_up(sample(0.1, 0), sample(0.2, 500, enter=True), sample(0.3, 503))
        self.assertEqual(status.traversed_distance, 3)
        self.assertAlmostEqual(status.moving_time, 0.1)

    def test_only_the_idle_gap_of_a_long_rest_counts_as_moving(self):
        statuses = self.roll_up(sample(0.1, 0), sample(2.6, 10))
        self.assertEqual([s.moving_time for s in statuses], [0, 0.25])

    def test_a_pointer_at_rest_has_events_and_no_velocity(self):
        (status,) = self.roll_up(sample(0.1, 5, 5), sample(0.2, 5, 5))
        self.assertEqual((status.events, status.peak_velocity, status.moving_time), (2, 0, 0))

    def test_samples_with_the_same_time_are_ordered_by_seq(self):
        (status,) = self.roll_up(sample(0.1, 10, seq=2), sample(0.1, 0, seq=1))
        self.assertEqual((status.start_x, status.end_x, status.traversed_distance), (0, 10, 10))

    def test_the_peak_is_that_of_the_fastest_tenth_of_a_second(self):
        (status,) = self.roll_up(
            sample(0.00, 0), sample(0.05, 10), sample(0.09, 20), sample(0.11, 25), sample(0.95, 30)
        )
        self.assertEqual(status.peak_velocity, 200)

    def test_a_late_sample_changes_its_own_bucket_and_that_of_the_next_sample(self):
        self.roll_up(sample(0.5, 0), sample(2.5, 100))
        statuses = self.roll_up(sample(1.5, 400, seq=9))
        self.assertEqual([s.traversed_distance for s in statuses], [0, 400, 300])

    def test_a_late_first_sample_gives_the_second_its_segment(self):
        self.roll_up(sample(2.5, 100))
        statuses = self.roll_up(sample(0.5, 0, seq=9))
        self.assertEqual([s.traversed_distance for s in statuses], [0, 100])

    def test_buckets_without_events_are_not_stored(self):
        self.assertEqual(len(self.roll_up(sample(0, 0), sample(300, 9))), 2)

    def test_browsers_do_not_see_each_other(self):
        other = new_browser()
        send(other, [sample(0.1, 0), sample(0.2, 1000)])
        mine = [sample(0.15, 50), sample(0.25, 51)]
        self.roll_up(*mine)
        assert_statuses_true(self, self.browser, mine)

    def test_the_outbox_is_empty_after_a_drain(self):
        self.roll_up(sample(0.1, 0))
        self.assertFalse(DirtyRange.objects.filter(rung=FIRST_RUNG_MS).exists())

    def test_a_second_drain_of_the_same_ranges_changes_nothing(self):
        samples = [sample(i * 0.3, i * i) for i in range(30)]
        before = self.roll_up(*samples)
        mark(self.browser, samples)
        self.assertEqual(drain_shard_of(self.browser), (1, 0))
        self.assertEqual(stored_statuses(self.browser), before)


class ClaimTests(TestCase):
    """Waiting marks are claimed in portions that a statement can recompute in its time."""

    # The table's rows come slowly, like those of very dense samples.
    SLOWLY = """
    create function slowly() returns trigger language plpgsql as $$
        begin perform pg_sleep(0.04); return new; end $$;
    create trigger slowly before insert on dashboard_pointerstatus
        for each row execute function slowly()
    """

    def setUp(self):
        self.browser = new_browser()
        self.samples = [sample(i + 0.5, i * i % 700) for i in range(40)]
        for each in self.samples:
            send(self.browser, [each])
        self.claims = []

    def count_claims(self, execute, sql, params, many, context):
        if sql == CLAIM and params["before"] != "infinity":
            self.claims.append(params["work"])
        return execute(sql, params, many, context)

    def drain(self):
        with connection.execute_wrapper(self.count_claims):
            drained = drain_shard_of(self.browser)
        self.assertEqual(drained, (40, 40))
        assert_statuses_true(self, self.browser, self.samples)

    def test_all_waiting_marks_are_one_claim(self):
        self.drain()
        self.assertEqual(len(self.claims), 1)

    def test_a_claim_has_bounded_samples_but_at_least_one_mark(self):
        for work, claims in ((8, 5), (0, 40)):
            PointerStatus.objects.all().delete()
            if not DirtyRange.objects.filter(rung=FIRST_RUNG_MS).exists():
                for each in self.samples:
                    mark(self.browser, [each], events=1)
            self.claims = []
            with (
                mock.patch.object(drain, "BACKLOG_WORK", work),
                mock.patch.object(claim_module, "APART", 0),
            ):
                self.drain()
            self.assertEqual(len(self.claims), claims)

    def test_a_claim_that_times_out_is_tried_again_in_tenths(self):
        with connection.cursor() as cursor:
            cursor.execute(self.SLOWLY)
        limits = "select set_config('statement_timeout', '1s', true)"
        with (
            mock.patch.object(drain, "BACKLOG_WORK", 40),
            mock.patch.object(claim_module, "APART", 0),
            mock.patch.object(drain, "SET_LIMITS", limits),
        ):
            self.drain()
        self.assertEqual(self.claims, [40, *[4] * 10])


coordinates = st.integers(-2000, 4000) | st.floats(-1e6, 1e6, width=32)
samples_strategy = st.lists(
    st.builds(
        Sample,
        # Coarse times, so that equal times, times on buckets' edges and long rests are all likely.
        time=st.integers(0, 400).map(lambda tick: NOW_US - 60_000_000 + tick * 50_000)
        | st.integers(NOW_US - 60_000_000, NOW_US - 40_000_000)
        # Whole hours earlier, for buckets of the higher rungs that are not adjacent.
        | st.integers(0, 3).map(lambda hours: NOW_US - hours * 3_600_000_000),
        seq=st.integers(0, 3),
        x=coordinates.map(float32),
        y=coordinates.map(float32),
        enter=st.booleans(),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda sample: (sample.time, sample.seq),
)


class AnyDeliveryTests(PropertyTestCase):
    @settings(max_examples=60, deadline=None)
    @given(samples_strategy.flatmap(lambda samples: arrivals(samples, most_again=10)))
    def test_any_batching_order_duplication_and_lateness_gives_the_same_table(self, steps):
        browser = new_browser()
        for batch in steps:
            if batch is None:
                drain_all()
            else:
                send(browser, batch)
        drain_all()
        samples = {sample for batch in steps if batch for sample in batch}
        self.assertEqual(stored_samples(browser), sorted(samples, key=lambda s: s[:2]))
        assert_ladder_true(self, browser, samples)
        self.check_sums(browser)
        self.check_a_second_drain_changes_nothing(browser, samples)

    def check_sums(self, browser):
        raw = stored_samples(browser)
        distance = sum(distance_to(raw, i) for i in range(len(raw)))
        for rung in django_settings.RUNGS_MS:
            statuses = stored_statuses(browser, interval_ms=rung)
            self.assertEqual(sum(s.events for s in statuses), len(raw))
            self.assertAlmostEqual(
                sum(s.traversed_distance for s in statuses), distance, delta=1e-9 * max(distance, 1)
            )

    def check_a_second_drain_changes_nothing(self, browser, samples):
        before = [stored_statuses(browser, interval_ms=r) for r in django_settings.RUNGS_MS]
        for rung in django_settings.RUNGS_MS:
            mark(browser, samples, rung=rung)
        drain_all()
        after = [stored_statuses(browser, interval_ms=r) for r in django_settings.RUNGS_MS]
        self.assertEqual(after, before)
