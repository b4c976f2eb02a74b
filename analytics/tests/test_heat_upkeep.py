"""Heat that differs is found and repaired; heat is sealed, dropped and erased as statuses are."""

from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test import TestCase, TransactionTestCase

from analytics.maps.claim import CLAIM
from analytics.maps.heat_drain import INSERT, drain_heat
from analytics.maps.page_map import read_map
from analytics.maps.page_statuses import list_page_statuses
from analytics.maps.repair import repair_heat
from analytics.maps.selection import Selection
from analytics.maps.sweep import JOB, map_heat
from analytics.maps.verify import verify_heat, verify_pages
from analytics.models import (
    DirtyPage,
    DirtyRange,
    Heartbeat,
    HeatStatus,
    PageHeat,
    PageStatus,
    PointerPositionEvent,
    Seal,
)
from analytics.rollups.heat_marks import HEAT, SCENES
from analytics.rollups.shards import shard_of
from analytics.tests.heat_oracle import expected_heat
from analytics.tests.heating import assert_same_heat, drain_all_heat, stored_heat, visit
from analytics.tests.interleaving import Session, until_sessions_wait
from analytics.tests.pointers import NOW, drain_all, new_browser
from analytics.tests.scenery import Scene
from analytics.tests.test_maps import at, page_of
from analytics.upkeep.retention import retain
from core.values.times import EPOCH, MICROSECOND
from dashboard.instances.browsers import set_label
from dashboard.instances.erasing import LOCK_BROWSER, erase

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOW + 2 * DAY


def differences() -> list:
    steps = [
        *verify_heat(browser_ids=None, since=None, until=None),
        *verify_pages(since=None, until=None),
    ]
    return [found for step in steps for found in step.differences]


class VerifyHeatTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.browser = new_browser()
        samples = [at(n * 40 - 7200, 9 * n, n) for n in range(20)]
        visit(cls.browser, samples, [Scene(samples[0].time, 0, page="/a")], now=NOW)
        drain_all_heat(now=LATER)

    def test_right_heat_is_reported_as_right(self):
        self.assertEqual(differences(), [])
        out = StringIO()
        call_command("verify_rollups", stdout=out)
        self.assertIn("all are right", out.getvalue())

    def test_each_wrong_number_is_found_and_repaired(self):
        changes = {
            HeatStatus: ("events", "distance", "moving_us", "dwell_us"),
            PageStatus: ("instances", "events", "distance", "moving_us", "dwell_us"),
            PageHeat: ("instances", "events", "dwell_us"),
        }
        for model, columns in changes.items():
            for column in columns:
                before = sorted(model.objects.values_list())
                model.objects.update(**{column: F(column) + 1})
                found = differences()
                self.assertIn(column, {one.column for one in found}, (model, column))
                repair_heat(differences=found, now=LATER)
                self.assertEqual(sorted(model.objects.values_list()), before)
                self.assertEqual(differences(), [])

    def test_cells_of_each_kind_are_compared(self):
        for model, arrays in (
            (HeatStatus, ("cells", "dwells", "samples")),
            (PageHeat, ("cells", "dwells", "samples", "visitors")),
        ):
            for array in arrays:
                with connection.cursor() as cursor:
                    cursor.execute(f"update {model._meta.db_table} set {array}[1] = 7")
                found = differences()
                self.assertIn("cells", {one.column for one in found}, (model, array))
                repair_heat(differences=found, now=LATER)
                self.assertEqual(differences(), [])

    def test_missing_and_superfluous_rows_are_found_and_repaired(self):
        before = stored_heat(self.browser)
        row = HeatStatus.objects.order_by("time")[0]
        row.time -= 3 * DAY
        HeatStatus.objects.bulk_create([row])
        last = HeatStatus.objects.order_by("-time")[0]
        last.delete()
        found = differences()
        of_heat = {(one.stored, one.expected) for one in found if one.browser_id}
        self.assertEqual(of_heat, {(row.events, None), (None, last.events)})
        repair_heat(differences=found, now=LATER)
        self.assertEqual(stored_heat(self.browser), before)
        self.assertEqual(differences(), [])

    def test_what_waits_is_not_compared(self):
        HeatStatus.objects.update(events=F("events") + 1)
        PageStatus.objects.update(events=F("events") + 1)
        for time in HeatStatus.objects.values_list("time", flat=True):
            DirtyRange.objects.create(browser=self.browser, since=time, until=time, rung=HEAT)
        for status in PageStatus.objects.all():
            DirtyPage.objects.create(page_id=status.page_id, since=status.time, length_ms=3_600_000)
        self.assertEqual([one for one in differences() if one.length_ms != 86_400_000], [])

    def test_the_command_prints_differences_and_repairs_them(self):
        HeatStatus.objects.filter(
            time=HeatStatus.objects.order_by("time").values("time")[:1]
        ).update(dwell_us=1)
        out = StringIO()
        with self.assertRaises(SystemExit):
            call_command("verify_rollups", "--repair", stdout=out)
        self.assertIn(f"heat of {self.browser}", out.getvalue())
        self.assertIn("dwell_us: stored 1,", out.getvalue())
        drain_all_heat(now=LATER)
        self.assertEqual(differences(), [])


class RetainHeatTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.browser = new_browser()
        for days in (100, 50, 0):
            start = -days * 86400 - 7200
            samples = [at(start + n, 9 * n) for n in range(5)]
            scenes = [Scene(samples[0].time, 0, page="/a")]
            visit(cls.browser, samples, scenes, now=EPOCH + samples[-1].time * MICROSECOND)
        drain_all_heat(now=LATER)
        cls.page = page_of("/a")

    def read(self):
        return read_map(selection=Selection(self.page, NOW - 200 * DAY, LATER))

    def test_a_map_is_the_same_after_its_samples_and_the_heat_of_instances_are_dropped(self):
        before = self.read()
        for hours in range(3):
            retain(now=NOW + hours * HOUR)
        self.assertEqual(PointerPositionEvent.objects.count(), 5)
        self.assertEqual(HeatStatus.objects.count(), 2)
        self.assertEqual(PageHeat.objects.count(), 3)
        after = self.read()
        # Where the heat of instances may be gone, a map begins with a day.
        self.assertEqual(after.since, before.since.replace(hour=0) + DAY)
        self.assertEqual(after._replace(since=before.since), before)
        self.assertEqual(differences(), [])

    def test_hours_stay_but_those_of_a_label_only_while_the_heat_of_instances_is_kept(self):
        set_label(self.browser, label="participant 1")
        of_all = Selection(self.page, NOW - 200 * DAY, LATER)
        of_label = of_all._replace(label="participant")
        before = list_page_statuses(selection=of_all)
        self.assertEqual(len(before), 3)
        self.assertEqual(list_page_statuses(selection=of_label), before)
        for hours in range(3):
            retain(now=NOW + hours * HOUR)
        self.assertEqual(list_page_statuses(selection=of_all), before)
        self.assertEqual(list_page_statuses(selection=of_label), before[1:])

    def test_sealed_heat_is_not_recomputed(self):
        for hours in range(3):
            retain(now=NOW + hours * HOUR)
        before = stored_heat(self.browser), list(PageHeat.objects.order_by("time").values_list())
        for row in HeatStatus.objects.all():
            DirtyRange.objects.create(
                browser=self.browser, since=row.time, until=row.time, rung=HEAT
            )
        for day in PageHeat.objects.all():
            DirtyPage.objects.create(page_id=self.page, since=day.time, length_ms=86_400_000)
        map_heat(now=LATER)
        self.assertFalse(DirtyRange.objects.exists())
        self.assertFalse(DirtyPage.objects.exists())
        after = stored_heat(self.browser), list(PageHeat.objects.order_by("time").values_list())
        self.assertEqual(after, before)

    def test_no_seal_passes_what_waits(self):
        oldest = NOW - 110 * DAY
        for rung in (HEAT, SCENES):
            DirtyRange.objects.create(browser=self.browser, since=oldest, until=oldest, rung=rung)
            retain(now=NOW)
            self.assertEqual(set(Seal.objects.values_list("before", flat=True)), {oldest})
            DirtyRange.objects.all().delete()
            Seal.objects.all().delete()
        DirtyPage.objects.create(page_id=self.page, since=oldest, length_ms=86_400_000)
        retain(now=NOW)
        self.assertEqual(Seal.objects.get(level=HEAT).before, oldest)
        self.assertEqual(Seal.objects.get(level=0).before, NOW - 30 * DAY)

    def test_the_job_leaves_a_heartbeat(self):
        map_heat(now=NOW)
        self.assertEqual(Heartbeat.objects.get(job=JOB).beat_at, NOW)

    def test_pages_of_the_views_are_those_of_the_tables(self):
        with connection.cursor() as cursor:
            cursor.execute("select sum(dwell), sum(samples), min(x), min(y) from pointer_heat")
            self.assertEqual(cursor.fetchone()[1:], (15, 0, 0))
            cursor.execute("select sum(samples), max(x), sum(instances) from page_heat")
            self.assertEqual(cursor.fetchone(), (15, 32, 9))
            cursor.execute(
                "select page, events, instances, traversed_distance from page_statuses_1h "
                "order by time limit 1"
            )
            self.assertEqual(cursor.fetchone(), ("/a", 5, 1, 36.0))


class ConcurrentHeatTests(TransactionTestCase):
    def setUp(self):
        self.browser = new_browser()
        samples = [at(-7200), at(-7199)]
        visit(self.browser, samples, [Scene(samples[0].time, 0, page="/a")])
        drain_all()

    def drain(self):
        drain_heat(shard=shard_of(self.browser.pk), now=LATER)

    def erase(self):
        erase(instance_id=self.browser.instance_id, token=None)

    def assert_gone(self):
        drain_all_heat(now=LATER)
        for model in (HeatStatus, PageHeat, PageStatus, DirtyPage, DirtyRange):
            self.assertFalse(model.objects.exists(), model)

    def test_an_erasure_waits_for_a_drain_of_heat_and_leaves_nothing(self):
        for statement in (INSERT, CLAIM):
            with self.subTest(statement):
                draining = Session(self.drain, after=statement).until_held()
                erasing = Session(self.erase)
                until_sessions_wait(1)
                draining.finish()
                erasing.finish()
                self.assert_gone()
            self.setUp()

    def test_a_drain_that_waits_for_the_erasure_finds_it_gone(self):
        erasing = Session(self.erase, after=LOCK_BROWSER).until_held()
        draining = Session(self.drain)
        until_sessions_wait(1)
        erasing.finish()
        draining.finish()
        self.assert_gone()

    def test_a_sample_that_commits_during_a_drain_has_a_mark_of_its_own(self):
        draining = Session(self.drain, after=INSERT).until_held()
        visit(self.browser, [at(-7199.5, 20, seq=5)])
        drain_all()
        self.assertTrue(DirtyRange.objects.filter(rung=HEAT).exists())
        draining.finish()
        self.assertEqual(HeatStatus.objects.get().events, 3)

    def test_a_drain_that_is_killed_at_any_statement_is_done_again(self):
        expected = expected_heat([at(-7200), at(-7199)], [Scene(at(-7200).time, 0, page="/a")])
        killed = 0
        for number in range(1, 30):
            try:
                with connection.execute_wrapper(Killer(number)):
                    self.drain()
            except KeyboardInterrupt:
                killed += 1
                has_mark = DirtyRange.objects.filter(rung=SCENES).exists()
                self.assertEqual(stored_heat(self.browser) == {}, has_mark)
        self.assertGreater(killed, 7)
        assert_same_heat(self, stored_heat(self.browser), expected)


class Killer:
    """Ends a session's work before its n-th statement."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, execute, sql, params, many, context):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
        return execute(sql, params, many, context)
