"""A filtered list on the pages: what the oracle finds, in the list's order, each once."""

from datetime import timedelta
from itertools import product
from unittest.mock import patch

from django.contrib.auth.models import User
from django.test import TestCase
from django.utils import timezone

from core.tests.problems import assert_problem
from dashboard.instances.browsers import log_off, log_on
from dashboard.instances.finding import Filters
from dashboard.models import Browser, Page, PageVisit
from dashboard.statuses import overview
from dashboard.statuses.overview import Part, Sort, View, list_glimpses, read_cursor
from dashboard.statuses.shared_glimpses import forget, refresh_glimpses, share_page
from dashboard.tests.lives import HOUR, NOW, make_up, matches
from dashboard.tests.moving import add_movement


def part_of(life):
    if life.ends is None:
        return Part.HERE
    return Part.GONE if life.browser.is_active else Part.OFF


class OracleTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        _, cls.lives = make_up(seed=11)
        # The list has those present first.
        cls.in_order = sorted(
            cls.lives, key=lambda life: (part_of(life) != Part.HERE, -life.browser.pk)
        )

    def expected(self, view):
        return [
            life.browser.instance_id
            for life in self.in_order
            if matches(life, view.filters, None) and view.part in (None, part_of(life))
        ]

    def pages(self, view, limit, between=lambda: None):
        pages = [list_glimpses(place=None, limit=limit, view=view, now=NOW)]
        while cursor := pages[-1].next_cursor:
            between()
            place = read_cursor(cursor)
            pages.append(list_glimpses(place=place, limit=limit, view=view, now=NOW + HOUR))
        return pages

    def assert_shown(self, pages, expected):
        shown = [one.instance_id for page in pages for one in page.instances]
        self.assertEqual(shown, expected)

    def test_every_combination_shows_what_the_oracle_finds(self):
        sizes = set()
        for part, site, q, page, since in product(
            (None, *Part), ("", "shop.example"), ("", "PRIC"), ("", "42"), (None, NOW - 9 * HOUR)
        ):
            view = View(Filters(site=site, q=q, page=page, since=since), part)
            with self.subTest(view):
                expected = self.expected(view)
                (shown,) = self.pages(view, 100)
                self.assert_shown([shown], expected)
                sizes.add(len(expected))
                if view.is_whole:
                    self.assertEqual((shown.matching, shown.matching_more), (None, None))
                else:
                    found = (shown.matching, shown.matching_more)
                    self.assertEqual(found, (len(expected), False))
        self.assertGreater(len(sizes), 12)

    def test_pages_show_each_once_and_count_all_that_match(self):
        for part in (None, *Part):
            view = View(Filters(q="participant"), part)
            expected = self.expected(view)
            pages = self.pages(view, 2)
            self.assert_shown(pages, expected)
            self.assertEqual({page.matching for page in pages}, {len(expected)})

    def test_each_part_is_in_the_chosen_order_on_all_pages(self):
        orders = {
            Sort.OLDEST: lambda life: life.browser.pk,
            Sort.LABEL: lambda life: (
                not life.browser.label,
                life.browser.label.lower(),
                life.browser.pk,
            ),
        }
        sizes = set()
        for sort, part in product(Sort, (None, *Part)):
            view = View(Filters(site="shop.example"), part, sort)
            with self.subTest(view):
                wanted = set(self.expected(view))
                lives = [life for life in self.lives if life.browser.instance_id in wanted]
                pages = self.pages(view, 2)
                expected = [life.browser.instance_id for life in sorted(lives, key=orders[sort])]
                self.assert_shown(pages, expected)
                self.assertEqual({page.matching for page in pages}, {len(expected)})
                sizes.add(len(expected))
        self.assertGreater(len(sizes), 3)

    def test_of_all_labels_those_without_one_come_last_and_nothing_is_counted(self):
        (shown,) = self.pages(View(sort=Sort.LABEL), 100)
        labels = [one.label for one in shown.instances]
        self.assertEqual([bool(label) for label in labels], sorted(map(bool, labels), reverse=True))
        self.assertEqual((len(labels), shown.matching), (len(self.lives), None))

    def test_those_here_at_the_first_page_are_shown_while_all_change(self):
        self.assert_part_stays(Part.HERE)

    def test_those_gone_at_the_first_page_are_shown_while_all_change(self):
        self.assert_part_stays(Part.GONE)

    def test_those_off_at_the_first_page_are_shown_while_all_change(self):
        self.assert_part_stays(Part.OFF)

    def assert_part_stays(self, part):
        view = View(Filters(q="example"), part)
        expected = self.expected(view)
        changes = iter([self.change_all])
        pages = self.pages(view, 1, lambda: next(changes, lambda: None)())
        self.assertGreater(len(pages), 1)
        self.assert_shown(pages, expected)

    def change_all(self):
        """Log off those here, log on those that are off, and move those that are gone."""
        later = NOW + timedelta(minutes=1)
        for life in self.lives:
            one = Browser.objects.filter(pk=life.browser.pk)
            match part_of(life):
                case Part.HERE:
                    log_off(instance_id=life.browser.instance_id, token=None, now=later)
                case Part.GONE:
                    add_movement(life.browser, later)
                    one.update(away_since=None)
                case Part.OFF:
                    one.update(is_active=True, logged_on_at=later, logged_off_at=None)

    def test_of_very_many_the_number_is_a_lower_bound(self):
        view = View(Filters(label="p"))
        expected = self.expected(view)
        with patch.object(overview, "MOST_COUNTED", 5):
            first, second, *_ = self.pages(view, 2)
        self.assertGreater(len(expected), 7)
        self.assertEqual((first.matching, first.matching_more), (5, True))
        self.assertEqual((second.matching, second.matching_more), (7, True))


class GlimpseTests(TestCase):
    def test_a_row_has_its_names_and_the_whole_life(self):
        browser = log_on(now=NOW - HOUR, label="participant 7", site="shop.example")
        for name, minutes in (("/", 50), ("/pricing", 40)):
            page = Page.objects.create(site="shop.example", name=name)
            at = NOW - timedelta(minutes=minutes)
            PageVisit.objects.create(browser=browser, page=page, first_at=at, last_at=at)
        log_on(now=NOW)
        bare, named = list_glimpses(place=None, limit=9, now=NOW).instances
        self.assertEqual(
            (named.label, named.place, named.short_id, named.pointer, named.lasted),
            ("participant 7", "shop.example · /pricing", browser.instance_id.hex[:8], None, 0),
        )
        self.assertEqual((bare.label, bare.place, bare.distance), ("", "", 0))

    def test_the_duration_reaches_from_the_first_log_on_to_the_last_sight(self):
        browser = log_on(now=NOW - HOUR)
        log_off(instance_id=browser.instance_id, token=None, now=NOW - HOUR / 4)
        (one,) = list_glimpses(place=None, limit=9, now=NOW).instances
        self.assertEqual(one.lasted, 45 * 60)


class SharedTests(TestCase):
    def setUp(self):
        forget()
        self.browsers = [log_on(now=NOW, label=f"participant {i}") for i in range(3)]

    def test_viewers_of_the_same_view_share_a_read_and_others_do_not(self):
        view = View(Filters(label="participant"))
        arguments = {"place": None, "limit": 50, "now": NOW}
        first = share_page(view=view, **arguments)
        with self.assertNumQueries(0):
            again = share_page(view=View(Filters(label="participant")), **arguments)
        self.assertIs(again, first)
        other = share_page(view=View(Filters(label="participant 1")), **arguments)
        self.assertEqual((first.matching, other.matching), (3, 1))
        later = share_page(view=view, **arguments | {"now": NOW + timedelta(seconds=1)})
        self.assertIsNot(later, first)

    def test_new_ones_count_if_they_match(self):
        log_on(now=NOW, label="participant 9")
        log_on(now=NOW, label="kiosk")
        ids, newest = [self.browsers[0].instance_id], self.browsers[-1].pk
        for view, new in (
            (View(), 2),
            (View(Filters(label="participant")), 1),
            (View(Filters(label="participant"), Part.HERE), 1),
            (View(part=Part.OFF), 0),
        ):
            cells = refresh_glimpses(instance_ids=ids, newest=newest, view=view, now=NOW)
            self.assertEqual(cells.totals.new, new)


class AnswerTests(TestCase):
    def setUp(self):
        forget()
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        now = timezone.now()
        for hours, label in ((1, "new"), (30, "old")):
            browser = log_on(now=now - hours * HOUR, label=label, site="shop.example")
            ended = now - hours * HOUR + timedelta(minutes=1)
            log_off(instance_id=browser.instance_id, token=None, now=ended)
        page = Page.objects.create(site="shop.example", name="/<pricing>")
        PageVisit.objects.create(browser=browser, page=page, first_at=now, last_at=now)

    def labels(self, **query):
        rows = self.client.get("/browsers/rows/", query).json()
        return [one["label"] for one in rows["instances"]]

    def test_the_page_filters_as_the_api_does_and_by_state_and_recent_time(self):
        for query, expected in (
            ({}, ["old", "new"]),
            ({"q": "NEW", "site": "shop.example"}, ["new"]),
            ({"page": "/<pricing>"}, ["old"]),
            ({"time": "24h"}, ["new"]),
            ({"time": "7d", "state": "off"}, ["old", "new"]),
            ({"state": "here"}, []),
            ({"state": "", "time": "", "q": "", "sort": ""}, ["old", "new"]),
            ({"sort": "oldest"}, ["new", "old"]),
            ({"sort": "label"}, ["new", "old"]),
        ):
            with self.subTest(query):
                self.assertEqual(self.labels(**query), expected)

    def test_bad_filters_are_named(self):
        for name, value in (("state", "asleep"), ("time", "1y"), ("since", "x"), ("sort", "size")):
            for path in ("/browsers/rows/", "/browsers/cells/"):
                query = {name: value, "newest": "1", "instances": "0" * 32}
                answer = self.client.get(path, query)
                assert_problem(self, answer, 400, "invalid", f"?{name}")

    def test_the_page_suggests_sites_and_pages(self):
        page = self.client.get("/browsers/")
        self.assertContains(page, '<option value="shop.example">')
        self.assertContains(page, '<option value="/&lt;pricing&gt;">')
