"""The made-up shop's pages look like pages, and the maps of its visitors like its layouts."""

import json
from collections import Counter
from datetime import timedelta
from itertools import combinations
from unittest import TestCase, mock

from django.contrib.auth.models import User
from django.test import TestCase as DatabaseTestCase

from analytics.ingest import decode_batch
from analytics.recordings.made_up.hand import Device, Happening
from analytics.recordings.made_up.history import history_window, plan_visits, record_visit
from analytics.recordings.made_up.layout import Element, lay_out
from analytics.recordings.made_up.motion import Point
from analytics.recordings.made_up.site import PAGES, SITE
from analytics.recordings.made_up.visitors import DEVICES, LAPTOP, PHONE, label_of, visit
from analytics.recordings.playback.batches import paced, with_scenes
from analytics.tests.pointers import NOW, send_batch
from core.tests.limits import forget_all_calls
from dashboard.instances.browsers import log_on
from dashboard.models import Page

WEEK = timedelta(days=7)


def happenings(seed: str, device: Device = LAPTOP) -> list[Happening]:
    return list(visit(seed=seed, rate=30, device=device, pages=6))


class LayoutTests(TestCase):
    def layouts(self):
        for name, page in PAGES.items():
            for device in DEVICES:
                with self.subTest(name, device=device.name):
                    yield lay_out(page, device.view.width)

    def test_elements_lie_in_the_page_beside_each_other(self):
        for layout in self.layouts():
            for one in layout.elements:
                self.assertGreaterEqual(one.left, 0)
                self.assertLessEqual(one.left + one.width, layout.width)
                self.assertLessEqual(one.top + one.height, layout.height)
                self.assertGreater(min(one.width, one.height), 30)
            for one, other in combinations(layout.elements, 2):
                self.assertFalse(overlap(one, other), (one.part.name, other.part.name))

    def test_a_phone_has_the_same_parts_below_each_other(self):
        for page in PAGES.values():
            phone, laptop = (lay_out(page, device.view.width) for device in (PHONE, LAPTOP))
            names = [[one.part.name for one in layout.elements] for layout in (phone, laptop)]
            self.assertEqual(*names)
            self.assertGreaterEqual(phone.height, laptop.height)


def overlap(one: Element, other: Element) -> bool:
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


class VisitTests(TestCase):
    def test_a_visit_is_in_order_and_each_sample_has_a_scene(self):
        for device in (PHONE, LAPTOP):
            found = happenings("order", device)
            self.assertEqual(found[0].kind, "scenes")
            keys = [(one.us, one.fields["seq"]) for one in found]
            self.assertEqual(keys, sorted(keys))
            own = [key for key, one in zip(keys, found, strict=True) if one.kind != "scenes"]
            self.assertEqual(len(own), len(set(own)))

    def test_scenes_are_those_of_the_layout_and_tell_of_scrolling(self):
        scenes = [one.fields for one in happenings("scenes", PHONE) if one.kind == "scenes"]
        for scene in scenes:
            layout = lay_out(PAGES[scene["page"]], 390)
            self.assertEqual(scene["document"], [390, layout.height])
            self.assertEqual((scene["viewport"], scene["pointer"]), ([390, 760], "touch"))
            self.assertTrue(0 <= scene["scroll"][1] <= layout.height - 760, scene)
        self.assertGreater(len({scene["scroll"][1] for scene in scenes}), 5)

    def test_a_finger_enters_with_each_touch_and_a_mouse_with_each_page(self):
        for device, share in ((PHONE, 0.05), (LAPTOP, 0.0005)):
            samples = [one.fields for one in happenings("enter", device) if one.kind == "events"]
            entering = sum("enter" in sample for sample in samples)
            self.assertGreater(entering / len(samples), share)

    def test_visitors_buy_and_search(self):
        names = Counter(
            one.fields["name"]
            for n in range(30)
            for one in happenings(f"{n}")
            if one.kind == "marks"
        )
        self.assertEqual(set(names), {"search", "add to basket", "order"})

    def test_a_visit_is_that_of_its_seed(self):
        self.assertEqual(happenings("1"), happenings("1"))
        self.assertNotEqual(happenings("1"), happenings("2"))


class HistoryTests(TestCase):
    def test_more_people_come_by_day_than_by_night_and_fewer_at_the_weekend(self):
        since, until = NOW - 4 * WEEK, NOW
        visits = list(plan_visits(seed=1, since=since, until=until, each_day=100))
        self.assertEqual([one.number for one in visits], list(range(len(visits))))
        self.assertTrue(all(since <= one.begins < until for one in visits))
        by_hour = Counter(one.begins.hour for one in visits)
        self.assertGreater(by_hour[14], 4 * (by_hour[3] + 1))
        by_day = Counter(one.begins.weekday() for one in visits)
        self.assertAlmostEqual(by_day[2] / 4, 100, delta=20)
        self.assertAlmostEqual(by_day[5] / 4, 50, delta=15)

    def test_visits_lie_within_retention_whatever_is_asked_for(self):
        for days, first in ((14, NOW - 2 * WEEK), (400, NOW - timedelta(days=30, hours=-2))):
            self.assertEqual(history_window(days=days, now=NOW), (first, NOW - timedelta(hours=1)))

    def test_a_history_is_that_of_its_seed(self):
        since, until = history_window(days=3, now=NOW)
        plans = [
            list(plan_visits(seed=seed, since=since, until=until, each_day=9)) for seed in (1, 1, 2)
        ]
        self.assertEqual(plans[0], plans[1])
        self.assertNotEqual(plans[0], plans[2])
        past = plans[0][0]
        first, second = (record_visit(past, seed=1, rate=30, now=NOW) for _ in range(2))
        self.assertEqual(first, second)
        self.assertEqual(first[1].label, label_of(past.number))


class MapTests(DatabaseTestCase):
    """Two weeks of visits by the store that ingest uses, and their maps by the API."""

    @classmethod
    def setUpTestData(cls):
        since, until = history_window(days=14, now=NOW)
        for past in plan_visits(seed=5, since=since, until=until, each_day=7):
            recording, beside = record_visit(past, seed=5, rate=10, now=NOW)
            browser = log_on(now=past.begins, label=beside.label, site=SITE)
            for body in with_scenes(paced(recording, None, 0), beside, 0):
                send_batch(browser, decode_batch(json.dumps(body).encode()))
        cls.staff = User.objects.create_user("sue", password="x", is_staff=True)

    def setUp(self):
        forget_all_calls()
        self.client.force_login(self.staff)
        patched = mock.patch("django.utils.timezone.now", return_value=NOW)
        patched.start()
        self.addCleanup(patched.stop)

    def shares(self, page: str, device: Device, weeks_ago: int = 0) -> dict[str, float]:
        """Return each element's share of a week's dwell on a page."""
        until = NOW - weeks_ago * WEEK
        query = {"since": (until - WEEK).isoformat(), "until": until.isoformat()}
        path = f"/api/v1/pages/{Page.objects.get(site=SITE, name=page).pk}/map/"
        width = {PHONE: 0, LAPTOP: 1024}[device]
        cells = self.client.get(path, {**query, "width": width}).json()["cells"]
        layout, shares = lay_out(PAGES[page], device.view.width), Counter()
        total = sum(value for *_, value in cells)
        for column, row, value in cells:
            middle = Point(column * 16 + 8, row * 16 + 8)
            for element in layout.elements:
                if element.holds(middle):
                    shares[element.part.name] += value / total
        return shares

    def test_all_five_pages_are_listed(self):
        pages = self.client.get("/api/v1/pages/", {"site": SITE}).json()["pages"]
        self.assertEqual({page["name"] for page in pages}, set(PAGES))
        self.assertTrue(all(page["instances"] >= 5 for page in pages), pages)

    def test_maps_are_hottest_in_the_elements_that_people_aim_at(self):
        for page, expected in (
            ("/", {"headline", "lamps", "story"}),
            ("/products", {"price filter", "search", "card 1", "card 2", "card 3"}),
            ("/products/lamp", {"gallery", "price", "buy", "description", "reviews"}),
            ("/help", {"question", "answer 1", "answer 2", "answer 3"}),
        ):
            with self.subTest(page):
                shares = self.shares(page, LAPTOP)
                hottest = [name for name, _ in shares.most_common(2)]
                self.assertLessEqual(set(hottest), expected, shares)
                self.assertGreater(sum(shares.values()), 0.6, shares)

    def test_phones_have_other_maps_than_laptops(self):
        """Who reads with a mouse leaves it in the text; a finger is away meanwhile."""
        phone, laptop = (self.shares("/products/lamp", device) for device in (PHONE, LAPTOP))
        self.assertGreater(phone["gallery"], 1.5 * phone["description"], phone)
        self.assertGreater(laptop["description"], 1.5 * laptop["gallery"], laptop)

    def test_the_checkout_changed_since_last_week(self):
        before, after = (self.shares("/checkout", LAPTOP, weeks_ago=n) for n in (1, 0))
        self.assertGreater(before["coupon"], 0.15, before)
        self.assertLess(after["coupon"], before["coupon"] / 2, after)
