"""The views for analysis show the stored data by public id, with good query plans."""

import json
import secrets
from typing import Any

from django.core.management import call_command
from django.db import ProgrammingError, connection
from django.db.transaction import atomic
from django.test import TestCase, TransactionTestCase, override_settings
from psycopg2 import sql

from analytics.reading.analysts import group_name
from analytics.tests.analysts import forget_roles
from analytics.tests.oracle import Status, expected_statuses
from analytics.tests.pointers import (
    NOW_US,
    RELATIVE_ERROR,
    drain_all,
    float32,
    new_browser,
    sample,
    send,
    stored_samples,
)
from analytics.tests.scenery import Mark, Scene, moment, scene_of, store_marks, store_scenes
from core.values.durations import parse_ladder
from core.values.times import to_epoch_us
from dashboard.instances.erasing import erase
from dashboard.models import Browser

RUNGS = {
    "pointer_statuses_1s": 1000,
    "pointer_statuses_10s": 10_000,
    "pointer_statuses_1m": 60_000,
    "pointer_statuses_1h": 3_600_000,
}
SCENIC = ("pointer_scenes", "pointer_marks", "pointer_events_in_scenes")
HEAT = ("pointer_heat", "page_heat", "page_statuses_1h")
TRIALS = ("pointer_trials", "pointer_trial_paths")
VIEWS = ("pointer_events", *SCENIC, *HEAT, *TRIALS, "pointer_statuses", *RUNGS)
DAY = 86_400


def rows_of(sql: str, parameters: dict[str, Any] | None = None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def with_travel(status: Status) -> list[float]:
    """Return a status as its view shows it, with the derived columns of docs/metrics.md."""
    active = status.traversed_distance / status.moving_time if status.moving_time else 0
    net = (status.end_x - status.start_x, status.end_y - status.start_y)
    return [*status[:6], active, *status[6:], *net]


def with_time(row: Scene | Mark) -> tuple:
    return tuple(row._replace(time=moment(row.time)))


class ContentTests(TestCase):
    def setUp(self):
        self.traces = {
            new_browser(): [sample(i * 7.3, i * i % 900, i, enter=i % 9 == 0) for i in range(80)],
            new_browser(): [sample(i / 50, 300 + i / 7, -i) for i in range(80)] + [sample(99, 1)],
        }
        for browser, samples in self.traces.items():
            send(browser, samples)

    def assert_view_true(self, view: str, interval_ms: int, where: str = "true") -> None:
        for browser, samples in self.traces.items():
            columns = (
                "time, events, traversed_distance, avg_velocity, peak_velocity, moving_time,"
                " active_velocity, start_x, start_y, end_x, end_y, net_travel_x, net_travel_y"
            )
            found = rows_of(
                f"select {columns} from {view} where instance_id = %(instance)s and {where}"
                " order by time",
                {"instance": browser.instance_id},
            )
            expected = expected_statuses(samples, interval_us=interval_ms * 1000)
            self.assertEqual(len(found), len(expected))
            for (time, *numbers), status in zip(found, expected, strict=True):
                shown = [to_epoch_us(time), *numbers]
                shown[7:11] = map(float32, shown[7:11])
                for number, wanted in zip(shown, with_travel(status), strict=True):
                    self.assertAlmostEqual(
                        number, wanted, delta=RELATIVE_ERROR * max(1, abs(wanted))
                    )

    def test_events_are_the_stored_samples_under_the_public_id(self):
        for browser in self.traces:
            found = rows_of(
                "select time, seq, x, y, enter from pointer_events where instance_id = %(id)s"
                " order by time, seq",
                {"id": browser.instance_id},
            )
            found = [(to_epoch_us(t), seq, float32(x), float32(y), e) for t, seq, x, y, e in found]
            self.assertEqual(found, stored_samples(browser))
        self.assertEqual(rows_of("select count(*) from pointer_events"), [(161,)])

    def test_each_rung_has_its_statuses_and_the_derived_columns(self):
        drain_all()
        for view, interval_ms in RUNGS.items():
            with self.subTest(view):
                self.assert_view_true(view, interval_ms)
                self.assert_view_true(
                    "pointer_statuses", interval_ms, f"interval_ms = {interval_ms}"
                )

    def test_the_views_of_the_rungs_add_up_to_the_general_view(self):
        drain_all()
        apart = sum(rows_of(f"select count(*) from {view}")[0][0] for view in RUNGS)
        self.assertEqual(rows_of("select count(*) from pointer_statuses"), [(apart,)])

    @override_settings(RUNGS_MS=parse_ladder("1s,5m,1h"))
    def test_a_removed_rung_is_empty_and_an_added_one_is_in_the_general_view(self):
        drain_all()
        self.assert_view_true("pointer_statuses", 300_000, "interval_ms = 300000")
        self.assert_view_true("pointer_statuses_1h", 3_600_000)
        for view in ("pointer_statuses_10s", "pointer_statuses_1m"):
            self.assertEqual(rows_of(f"select * from {view}"), [])

    def test_scenes_and_marks_have_the_instances_public_id_label_and_site(self):
        (browser, _) = self.traces
        Browser.objects.filter(pk=browser.pk).update(label="kiosk", site="shop.example")
        scenes = [Scene(NOW_US - n, n, page=page) for n, page in enumerate(("/", None))]
        store_scenes(browser, scenes)
        marks = [Mark(NOW_US, 1, "start", {"trial": 3})]
        store_marks(browser, marks)
        who = (browser.instance_id, "kiosk", "shop.example")
        found = rows_of("select * from pointer_scenes order by time, seq")
        self.assertEqual(found, [(*who, *with_time(scene)) for scene in reversed(scenes)])
        ((*found, data),) = rows_of("select * from pointer_marks")
        self.assertEqual(found, [*who, *with_time(marks[0])[:-1]])
        self.assertEqual(json.loads(data), marks[0].data)

    def test_samples_in_scenes_are_the_join_of_the_oracle(self):
        for number, (browser, samples) in enumerate(self.traces.items()):
            chosen = sorted(samples)[5::7]
            scenes = [
                Scene(s.time - n % 3, s.seq + n % 2, scroll_y=n, page=f"/{number}{n}")
                for n, s in enumerate(chosen)
            ]
            store_scenes(browser, [*scenes, Scene(NOW_US, 0)])
            found = rows_of(
                "select time, seq, scroll_y, page from pointer_events_in_scenes"
                " where instance_id = %(id)s order by time, seq",
                {"id": browser.instance_id},
            )
            expected = [
                (moment(s.time), s.seq, *((under.scroll_y, under.page) if under else (None, None)))
                for s in sorted(samples)
                for under in [scene_of(s, scenes)]
            ]
            self.assertEqual(found, expected)
            self.assertIn(None, {page for *_, page in found})

    def test_an_erased_instance_is_in_no_view(self):
        drain_all()
        for browser in self.traces:
            store_scenes(browser, [Scene(NOW_US, 0)])
            store_marks(browser, [Mark(NOW_US, 0, "start", {})])
        for browser in self.traces:
            erase(instance_id=browser.instance_id, token=None)
        for view in VIEWS:
            self.assertEqual(rows_of(f"select * from {view}"), [], view)


class DescriptionTests(TestCase):
    def test_every_view_and_every_column_has_a_comment(self):
        told = rows_of("""
            select class.relname, attname, obj_description(class.oid, 'pg_class'),
                   col_description(class.oid, attnum)
            from pg_class class join pg_attribute on attrelid = class.oid
            where relkind = 'v' and relnamespace = 'public'::regnamespace and attnum > 0
        """)
        self.assertEqual({view for view, *_ in told}, set(VIEWS))
        for view, column, about, text in told:
            self.assertIn("docs/analysis.md", about, view)
            self.assertRegex(text or "", r"\w", f"{view}.{column}")


class MigrationTests(TransactionTestCase):
    def test_an_analyst_of_before_can_read_the_views_of_scenes(self):
        call_command("migrate", "analytics", "0011", verbosity=0)
        group = sql.Identifier(group_name())
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("create role {}").format(group))
            self.addCleanup(forget_roles)
        call_command("migrate", "analytics", verbosity=0)
        allowed = "select has_table_privilege(%(group)s, %(view)s, 'select')"
        for view in SCENIC:
            self.assertEqual(rows_of(allowed, {"group": group_name(), "view": view}), [(True,)])

    def test_the_views_can_be_dropped_and_created_again(self):
        call_command("migrate", "analytics", "0003", verbosity=0)
        count = "select count(*) from pg_views where viewname ~ '^(pointer|page)_'"
        self.assertEqual(rows_of(count), [(0,)])
        call_command("migrate", "analytics", verbosity=0)
        self.assertEqual(rows_of(count), [(len(VIEWS),)])

    def test_who_could_read_a_view_before_can_still_read_it(self):
        reader = f"reader_{secrets.token_hex(4)}"
        call_command("migrate", "analytics", "0009", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(f"create role {reader}; grant select on pointer_statuses_1h to {reader}")
        self.addCleanup(self.drop, reader)
        call_command("migrate", "analytics", verbosity=0)
        with connection.cursor() as cursor, atomic():
            cursor.execute(f"set local role {reader}")
            cursor.execute("select * from pointer_statuses_1h")
            with self.assertRaises(ProgrammingError):
                cursor.execute("select * from dashboard_coarsestatus")

    def drop(self, role):
        with connection.cursor() as cursor:
            cursor.execute(f"drop owned by {role}; drop role {role}")


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", []) for node in nodes(part))]


class PlanTests(TestCase):
    """Three weeks have many chunks; a query's conditions decide how few are read."""

    @classmethod
    def setUpTestData(cls):
        cls.browser: Browser = new_browser()
        for browser in (cls.browser, new_browser()):
            send(browser, [sample(-day * DAY + i, i) for day in range(21) for i in range(3)])
        drain_all()

    def scans(self, sql: str) -> list[dict[str, Any]]:
        """Return the scans of chunks, without sequential ones, which suit small tables better."""
        with connection.cursor() as cursor:
            cursor.execute("set local enable_seqscan = off")
            cursor.execute("set local enable_bitmapscan = off")
            cursor.execute(f"explain (format json) {sql}")
            (answer,) = cursor.fetchone()
        found = json.loads(answer) if isinstance(answer, str) else answer
        return [n for n in nodes(found[0]["Plan"]) if "_chunk" in n.get("Relation Name", "")]

    def test_an_instance_and_a_time_are_one_range_of_the_key_in_one_chunk(self):
        coarse = "pointer_statuses where interval_ms = 60000 and"
        for source in ("pointer_events where", *[f"{view} where" for view in RUNGS], coarse):
            with self.subTest(source):
                (scan,) = self.scans(
                    f"select * from {source} instance_id = '{self.browser.instance_id}'"
                    " and time >= '2026-11-12' and time < '2026-11-13'"
                )
                for part in ("browser_id = ", '"time" >= ', '"time" < '):
                    self.assertIn(part, scan["Index Cond"])

    def test_a_time_alone_leaves_the_other_chunks_out(self):
        inside = "time >= '2026-11-12' and time < '2026-11-13'"
        every = self.scans("select count(*) from pointer_events")
        self.assertEqual(len({scan["Relation Name"] for scan in every}), 21)
        self.assertEqual(len(self.scans(f"select count(*) from pointer_events where {inside}")), 1)
        seconds = self.scans(f"select count(*) from pointer_statuses_1s where {inside}")
        self.assertEqual(len(seconds), 1)

    def test_buckets_of_an_instance_use_the_key_too(self):
        scans = self.scans(f"""
            select time_bucket('1 day', time) as day, sum(traversed_distance), last(end_x, time)
            from pointer_statuses_1m
            where instance_id = '{self.browser.instance_id}' and time >= '2026-11-12'
            group by day
        """)
        self.assertTrue(scans)
        for scan in scans:
            self.assertIn("browser_id = ", scan["Index Cond"])
            self.assertIn('"time" >= ', scan["Index Cond"])
