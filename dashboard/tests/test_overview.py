"""The list of all instances: its permission, its order, and that the order is stable."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.tests.problems import assert_problem
from dashboard.instances.browsers import list_browsers, log_off, log_on, set_active
from dashboard.instances.erasing import erase
from dashboard.models import Browser
from dashboard.statuses.departures import note_departures
from dashboard.statuses.overview import Place, Totals, list_glimpses, read_cursor
from dashboard.statuses.presence import State
from dashboard.statuses.shared_glimpses import forget, refresh_glimpses
from dashboard.tests.moving import add_movement

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def add_browser(*, moved=(), on=600, off=None):
    """Log an instance on; all numbers are minutes before now."""
    browser = log_on(now=NOW - on * MINUTE)
    add_movement(browser, *(NOW - minutes * MINUTE for minutes in moved))
    if off is not None:
        log_off(instance_id=browser.instance_id, token=None, now=NOW - off * MINUTE)
    return browser


def ids(glimpses):
    return [glimpse.instance_id for glimpse in glimpses.instances]


def ids_of(*browsers):
    return [browser.instance_id for browser in browsers]


def read_pages(*, limit, now=NOW, between=lambda: None):
    """Return all pages in order; `between` runs between them."""
    pages = [list_glimpses(place=None, limit=limit, now=now)]
    while cursor := pages[-1].next_cursor:
        between()
        now += MINUTE
        pages.append(list_glimpses(place=read_cursor(cursor), limit=limit, now=now))
    return pages


class OrderTests(TestCase):
    def test_present_ones_come_first_and_each_part_starts_with_the_newest(self):
        killed, off = add_browser(moved=[45]), add_browser(moved=[1], off=1)
        old, new, never = add_browser(moved=[20]), add_browser(moved=[1]), add_browser(on=1)
        silent = add_browser()
        page = list_glimpses(place=None, limit=9, now=NOW)
        self.assertEqual(ids(page), ids_of(never, new, old, silent, off, killed))
        states = [glimpse.state for glimpse in page.instances]
        expected = [State.RESTING] * 3 + [State.GONE, State.OFF, State.GONE]
        self.assertEqual(states, expected)

    def test_movement_changes_no_place(self):
        browsers = [add_browser(moved=[9]) for _ in range(3)]
        before = ids(list_glimpses(place=None, limit=9, now=NOW))
        add_movement(browsers[0], NOW)
        page = list_glimpses(place=None, limit=9, now=NOW)
        self.assertEqual(ids(page), before)
        self.assertEqual(page.instances[-1].state, State.MOVING)

    def test_the_recent_velocities_have_their_seconds(self):
        browser = add_browser()
        add_movement(browser, NOW - timedelta(seconds=1), velocity=1)
        add_movement(browser, NOW - timedelta(seconds=30), velocity=30.04)
        add_movement(browser, NOW - timedelta(seconds=500))
        (glimpse,) = list_glimpses(place=None, limit=9, now=NOW).instances
        self.assertEqual(glimpse.velocities, [(90, 30.0), (119, 1.0)])

    def test_the_totals_count_who_is_here(self):
        for moved, off in ([1], None), ([45], None), ([1], 1):
            add_browser(moved=moved, off=off)
        totals = list_glimpses(place=None, limit=1, now=NOW).totals
        self.assertEqual((totals.all, totals.here, totals.new), (3, 1, 0))


class PagingTests(TestCase):
    def setUp(self):
        self.browsers = [
            add_browser(moved=[1 + i] if i % 3 else [40 + i], off=i if i % 5 == 0 else None)
            for i in range(23)
        ]
        self.whole = ids(list_glimpses(place=None, limit=100, now=NOW))

    def assert_each_once(self, pages):
        self.assertEqual([shown for page in pages for shown in ids(page)], self.whole)

    def test_pages_follow_each_other_without_a_gap(self):
        for limit in (1, 2, 7, 23, 24):
            with self.subTest(limit):
                pages = read_pages(limit=limit)
                self.assert_each_once(pages)
                self.assertEqual([page.before for page in pages], list(range(0, 23, limit)))

    def test_each_is_shown_once_while_all_of_them_move(self):
        def move():
            for browser in self.browsers:
                add_movement(browser, timezone.now())

        self.assert_each_once(read_pages(limit=4, between=move))

    def test_each_is_shown_once_while_some_log_off_and_others_come_back_or_are_new(self):
        later = NOW + MINUTE

        def change():
            nonlocal later
            for browser in self.browsers:
                browser.refresh_from_db()
                set_active(browser, is_active=not browser.is_active, now=later)
            log_on(now=later)
            later += MINUTE

        first = list_glimpses(place=None, limit=4, now=NOW)
        change()
        second = list_glimpses(place=read_cursor(first.next_cursor), limit=99, now=later)
        # An instance that logs off and on again between two pages may be on both.
        self.assert_each_once([first, second])
        self.assertEqual(second.totals.new, 1)

    def test_each_is_shown_once_while_time_goes_on_and_some_become_gone(self):
        pages = read_pages(limit=2)
        self.assertGreater(len(pages), 10)
        self.assert_each_once(pages)


class CellsTests(TestCase):
    def setUp(self):
        forget()

    def test_the_requested_rows_show_the_current_state(self):
        first, second, other = add_browser(), add_browser(), add_browser()
        add_movement(first, NOW)
        erase(instance_id=second.instance_id, token=None)
        asked = [*ids_of(first, second), uuid4()]
        cells = refresh_glimpses(instance_ids=asked, newest=second.pk, now=NOW)
        self.assertEqual(ids(cells), ids_of(first))
        self.assertEqual(cells.instances[0].state, State.MOVING)
        self.assertEqual(cells.totals.new, 1)
        self.assertEqual(cells.totals.all, 2)
        self.assertNotIn(other.instance_id, ids(cells))

    def test_the_number_of_queries_does_not_depend_on_the_instances(self):
        for i in range(40):
            add_browser(moved=[i], off=i if i % 2 else None)
        with self.assertNumQueries(12):
            page = list_glimpses(place=None, limit=25, now=NOW)
        with self.assertNumQueries(8):
            refresh_glimpses(instance_ids=ids(page), newest=int(page.newest), now=NOW)


class SharedTests(TransactionTestCase):
    """Many viewers in one second cause one read."""

    def setUp(self):
        forget()
        self.browsers = [add_browser(moved=[1]) for _ in range(6)]
        self.now = NOW

    def refresh(self, browsers, *, newest=None):
        statements = []

        def count(execute, sql, *rest):
            statements.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(count):
            cells = refresh_glimpses(
                instance_ids=ids_of(*browsers),
                newest=newest or self.browsers[-1].pk,
                now=self.now,
            )
        connection.close()
        return ids(cells), cells.totals, statements

    def test_many_viewers_at_once_cause_one_read_a_second(self):
        with ThreadPoolExecutor(8) as viewers:
            for number in range(3):
                self.now = NOW + timedelta(seconds=number)
                found = list(viewers.map(self.refresh, [self.browsers] * 40))
                statements = [sql for _, _, read in found for sql in read]
                self.assertEqual(len(statements), 8)
                for shown, totals, _ in found:
                    self.assertEqual(shown, ids_of(*self.browsers))
                    self.assertEqual(totals, Totals(6, 6, 0))

    def test_of_another_page_only_what_nobody_read_is_read(self):
        self.refresh(self.browsers[:4])
        shown, totals, statements = self.refresh(self.browsers[2:], newest=self.browsers[2].pk)
        self.assertEqual((shown, totals), (ids_of(*self.browsers[2:]), Totals(6, 6, 3)))
        self.assertEqual(len(statements), 6)

    def test_an_erased_one_is_read_once_too(self):
        erase(instance_id=self.browsers[0].instance_id, token=None)
        for expected in (8, 0):
            shown, totals, statements = self.refresh(self.browsers)
            self.assertEqual((shown, totals.all), (ids_of(*self.browsers[1:]), 5))
            self.assertEqual(len(statements), expected)

    def test_while_a_read_takes_long_others_read_for_themselves(self):
        is_held, go_on = threading.Event(), threading.Event()

        def hold(execute, *rest):
            is_held.set()
            go_on.wait(5)
            return execute(*rest)

        def read_slowly():
            with connection.execute_wrapper(hold):
                return self.refresh(self.browsers)

        with ThreadPoolExecutor(1) as slow:
            first = slow.submit(read_slowly)
            self.assertTrue(is_held.wait(10))
            shown, _, statements = self.refresh(self.browsers)
            self.assertFalse(first.done())
            go_on.set()
            self.assertEqual((shown, len(statements)), (ids_of(*self.browsers), 8))
            self.assertEqual(first.result()[0], shown)

    def test_a_read_that_fails_leaves_nothing_to_the_next_viewer(self):
        def fail(*_):
            raise OperationalError

        with connection.execute_wrapper(fail), self.assertRaises(OperationalError):
            refresh_glimpses(instance_ids=ids_of(*self.browsers), newest=1, now=NOW)
        shown, _, _ = self.refresh(self.browsers)
        self.assertEqual(shown, ids_of(*self.browsers))


MANY = """
insert into dashboard_browser (instance_id, is_active, logged_on_at, logged_off_at, token_version)
select gen_random_uuid(), n %% 2 = 0, %(now)s - interval '1 day',
       case when n %% 2 = 1 then %(now)s - interval '1 hour' end, 1
from generate_series(1, %(count)s) n
"""


class CostTests(TransactionTestCase):
    """The pages in PostgreSQL that a read looks at do not grow with the instances."""

    def setUp(self):
        forget()

    def test_the_list_and_the_api_read_as_much_of_50000_as_of_500(self):
        few = self.fill_and_read(500)
        many = self.fill_and_read(50_000)
        self.assertEqual(few.keys(), many.keys())
        for what, pages in many.items():
            with self.subTest(what):
                self.assertLess(pages, 2 * few[what] + 50)

    def fill_and_read(self, count):
        with connection.cursor() as cursor:
            cursor.execute(MANY, {"now": NOW, "count": count})
            for browser in [add_browser(moved=[1]) for _ in range(60)][::2]:
                log_off(instance_id=browser.instance_id, token=None, now=NOW)
            note_departures(now=NOW)
            cursor.execute("vacuum analyze dashboard_browser, dashboard_browsercount")
        newest = Browser.objects.latest("pk").pk
        shown = ids(list_glimpses(place=None, limit=50, now=NOW))
        middle = Place(NOW, newest, is_here=False, pk=newest - count // 2)
        old = {"before": newest - 60, "limit": 100, "now": NOW}
        forget()
        return {
            "first page": self.pages(list_glimpses, place=None, limit=50, now=NOW),
            "middle": self.pages(list_glimpses, place=middle, limit=50, now=NOW),
            "cells": self.pages(refresh_glimpses, instance_ids=shown, newest=newest, now=NOW),
            "API": self.pages(list_browsers, limit=100, now=NOW),
            "active": self.pages(list_browsers, is_active=True, **old),
            "off": self.pages(list_browsers, is_active=False, **old),
        }

    def pages(self, read, **arguments):
        """Return how many pages of 8 kB a read looks at, by PostgreSQL's own count."""
        with CaptureQueriesContext(connection) as captured:
            read(**arguments)
        with connection.cursor() as cursor:
            return sum(self.pages_of(cursor, query["sql"]) for query in captured)

    def pages_of(self, cursor, sql):
        cursor.execute(f"explain (analyze, buffers, format json) {sql}")
        (([found],),) = cursor.fetchall()
        return found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]


class AnswerTests(TestCase):
    def setUp(self):
        forget()
        self.client.force_login(User.objects.create_user("ann", is_staff=True))

    def test_the_page_reads_its_rows_and_then_their_cells(self):
        browser = log_on(now=timezone.now())
        rows = self.client.get("/browsers/rows/").json()
        (row,) = rows["instances"]
        self.assertEqual(UUID(row["instance_id"]), browser.instance_id)
        self.assertEqual((row["state"], row["has_moved"]), ("resting", False))
        query = {"instances": row["instance_id"], "newest": rows["newest"]}
        cells = self.client.get("/browsers/cells/", query).json()
        self.assertEqual(cells["instances"], [row])
        self.assertEqual(cells["totals"], {"all": 1, "here": 1, "new": 0})

    def test_a_foreign_cursor_is_refused(self):
        cursors = (
            *("x", "1,2", "1,2,3,4,5", "0,1,1,-5,0", "1,1,1,1", "\u0661,1,1,1,1", "1,1,1,1,1\n"),
            *(f"{'9' * 18},1,1,1,1", f"1,{'9' * 20},1,1,1", "1,1,1,1,1,1", ""),
        )
        for cursor in cursors:
            with self.subTest(cursor):
                response = self.client.get("/browsers/rows/", {"cursor": cursor})
                assert_problem(self, response, 400, "invalid")

    def test_the_latest_moment_that_a_cursor_can_name_is_a_moment(self):
        cursor = ",".join(["9" * 17, "9" * 18, "1", "9" * 18, "9" * 18])
        self.assertEqual(self.client.get("/browsers/rows/", {"cursor": cursor}).status_code, 200)

    def test_cells_of_invalid_ids_are_refused(self):
        many = ",".join(str(uuid4()) for _ in range(101))
        for query in (
            {"instances": "x", "newest": "1"},
            {"instances": "", "newest": "1"},
            {"instances": many, "newest": "1"},
            {"instances": str(uuid4()), "newest": "9" * 30},
            {"instances": str(uuid4())},
            {"newest": "1"},
        ):
            with self.subTest(query):
                response = self.client.get("/browsers/cells/", query)
                assert_problem(self, response, 400, "invalid")

    def test_the_empty_list_has_the_tag_with_the_address_of_the_request(self):
        page = self.client.get("/browsers/", headers={"host": "localhost:8123"})
        tag = (
            "&lt;script src=&quot;http://localhost:8123/static/analytics/tracker.js&quot;"
            " data-endpoint=&quot;http://localhost:8123&quot; async&gt;&lt;/script&gt;"
        )
        self.assertContains(page, tag)

    def test_without_a_login_the_page_leads_to_it_and_back(self):
        self.client.logout()
        self.assertRedirects(self.client.get("/browsers/"), "/login/?next=/browsers/")
        for path in ("/browsers/rows/", "/browsers/cells/"):
            self.assertIn(self.client.get(path).status_code, (401, 403))

    def test_others_than_staff_see_none_also_of_what_staff_just_read(self):
        browser = log_on(now=timezone.now())
        query = {"instances": str(browser.instance_id), "newest": browser.pk}
        self.assertEqual(len(self.client.get("/browsers/cells/", query).json()["instances"]), 1)
        self.client.force_login(User.objects.create_user("bob"))
        self.assertEqual(self.client.get("/browsers/cells/", query).status_code, 403)
        for path in ("/browsers/", "/browsers/rows/", "/browsers/cells/"):
            self.assertEqual(self.client.get(path).status_code, 403)
