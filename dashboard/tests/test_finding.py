"""Instances are found by every combination of filters, as an oracle in plain Python finds them."""

from datetime import timedelta
from itertools import product
from unittest.mock import patch

from django.contrib.auth.models import User
from django.test import TestCase

from core.tests.problems import assert_problem
from dashboard.instances import finding
from dashboard.instances.browsers import list_browsers, log_off, log_on
from dashboard.instances.finding import Filters
from dashboard.models import Browser, Page, PageVisit
from dashboard.tests.lives import HOUR, NOW, make_up, matches


class OracleTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.pages, cls.lives = make_up(seed=7)
        cls.newest_first = sorted(cls.lives, key=lambda life: -life.browser.pk)

    def expected(self, filters, active):
        return [life.browser.pk for life in self.newest_first if matches(life, filters, active)]

    def found(self, filters, active, limit=100):
        pks, before = [], None
        while True:
            browsers, before = list_browsers(
                filters=filters, is_active=active, before=before, limit=limit, now=NOW
            )
            pks += [browser.pk for browser in browsers]
            if before is None:
                return pks

    def test_every_combination_finds_what_the_oracle_finds(self):
        ranges = ((None, None), (NOW - 9 * HOUR, None), (NOW - 20 * HOUR, NOW - 3 * HOUR))
        combinations = product(
            ("", "shop.example"),
            ("", "participant", "kiosk 100%"),
            ("", "PRIC", "example", "0"),
            ("", "/pricing", str(self.pages[0].pk)),
            (None, True, False),
            ranges,
        )
        sizes = set()
        for site, label, q, page, active, (since, until) in combinations:
            filters = Filters(site, label, q, page, since, until)
            expected = self.expected(filters, active)
            self.assertEqual(self.found(filters, active), expected, (filters, active))
            sizes.add(len(expected))
        self.assertGreater(len(sizes), 20, "the combinations find different numbers")

    def test_each_filter_alone_takes_its_words_as_they_are(self):
        some = self.newest_first[3].browser.instance_id
        alone = (
            *({"label": label} for label in ("P", "p", "kiosk 100% _", "kiosk%", "x" * 100, "מ")),
            *({"q": q} for q in ("%", "_", "100%", "\\", "תתף", "X" * 100, "-", "shop.example:")),
            *({"q": q} for q in (str(some), some.hex[:8].upper(), str(some)[:14], "zz")),
            *(
                {"page": page}
                for page in ("42", "/PRICING", "100%", "9" * 30, "-1", "\u0664\u0662")
            ),
            *({"site": site} for site in ("shop", "SHOP.example", "docs.example:8443")),
        )
        for words in alone:
            with self.subTest(words):
                filters = Filters(**words)
                self.assertEqual(self.found(filters, None), self.expected(filters, None))

    def test_a_life_is_found_to_its_very_ends(self):
        for life in self.lives:
            ends = life.ends or NOW
            for since, until in (
                (ends, None),
                (ends + timedelta(microseconds=1), None),
                (None, life.begins),
                (None, life.begins + timedelta(microseconds=1)),
                (NOW + HOUR, None),
            ):
                filters = Filters(since=since, until=until)
                self.assertEqual(self.found(filters, None), self.expected(filters, None))

    def test_pages_show_each_once_whatever_their_size(self):
        filters = Filters(q="participant", since=NOW - 20 * HOUR)
        for limit in (1, 2, 5):
            self.assertEqual(self.found(filters, None, limit), self.expected(filters, None))

    def test_one_that_logs_on_or_is_labelled_between_two_pages_shifts_nothing(self):
        filters = Filters(label="p")
        first, before = list_browsers(filters=filters, limit=2, now=NOW)
        log_on(now=NOW, label="participant new")
        rest, _ = list_browsers(filters=filters, before=before, limit=100, now=NOW)
        shown = [browser.pk for browser in (*first, *rest)]
        self.assertEqual(shown, self.expected(filters, None))


class ManyVisitsTests(TestCase):
    """Pages with many visits are looked at in another way."""

    @patch.object(finding, "FEW_VISITS", 100)
    def test_few_and_many_visits_find_the_same(self):
        page, other = (Page.objects.create(site="a.example", name=name) for name in "ab")
        browsers = Browser.objects.bulk_create(Browser(logged_on_at=NOW) for _ in range(102))
        PageVisit.objects.bulk_create(
            PageVisit(browser=browser, page=page, first_at=NOW, last_at=NOW)
            for browser in browsers[:-1]
        )
        PageVisit.objects.create(browser=browsers[-1], page=other, first_at=NOW, last_at=NOW)
        for page, expected in (("a", browsers[-2:0:-1]), ("b", browsers[-1:])):
            found, _ = list_browsers(filters=Filters(page=page), limit=100, now=NOW)
            self.assertEqual(found, expected)


class AnswerTests(TestCase):
    def setUp(self):
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        self.browsers = [
            log_on(now=NOW, label=f"participant {i}", site="shop.example") for i in range(5)
        ]
        log_on(now=NOW, label="participant of another site")

    def get(self, **query):
        return self.client.get("/api/v1/browsers/", query)

    def test_the_next_link_keeps_the_filters(self):
        address = "/api/v1/browsers/?site=shop.example&q=Participant&active=true&limit=2"
        seen = []
        while address:
            page = self.client.get(address).json()
            seen += [one["label"] for one in page["browsers"]]
            address = page["next"]
            self.assertEqual(address is None, page["next_cursor"] is None)
        self.assertEqual(seen, [f"participant {i}" for i in (4, 3, 2, 1, 0)])

    def test_empty_texts_filter_nothing(self):
        answer = self.get(site="", label="", q="", page="").json()
        self.assertEqual(len(answer["browsers"]), 6)

    def test_active_is_is_active(self):
        log_off(instance_id=self.browsers[0].instance_id, token=None, now=NOW)
        for name in ("active", "is_active"):
            for value, count in (("true", 5), ("false", 1)):
                self.assertEqual(len(self.get(**{name: value}).json()["browsers"]), count)
        self.assertEqual(len(self.get(active="true", is_active="true").json()["browsers"]), 5)

    def test_bad_values_are_named(self):
        for pointer, query in (
            ("?active", {"active": "maybe"}),
            ("?is_active", {"active": "true", "is_active": "false"}),
            ("?label", {"label": "a" * 101}),
            ("?label", {"label": "a\0"}),
            ("?site", {"site": "a" * 261}),
            ("?page", {"page": "a" * 201}),
            ("?q", {"q": "a" * 201}),
            ("?since", {"since": "yesterday"}),
            ("?until", {"until": "2026-11-23"}),
            ("?since", {"since": "2026-11-24T00:00:00Z", "until": "2026-11-23T00:00:00Z"}),
        ):
            with self.subTest(query):
                assert_problem(self, self.get(**query), 400, "invalid", pointer)
