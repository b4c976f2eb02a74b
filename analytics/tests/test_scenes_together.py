"""Scenes and marks of groups, of concurrent sessions, and of many sites at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction
from django.test import TransactionTestCase, override_settings
from rest_framework.exceptions import APIException

from analytics.ingest.batch import Batch
from analytics.ingest.group_commit import MOST_EVENTS, Waiting, load_of, store_group, take_group
from analytics.ingest.scenes import Mark, Pointer, Scene
from analytics.ingest.store import STORE_SCENES, to_sent
from analytics.models import PointerMark, PointerScene
from analytics.tests.interleaving import Session, until_sessions_wait
from analytics.tests.pointers import NOW, new_browser, sample, send_batch, to_event, token_of
from analytics.tests.posting import PostingTestCase
from analytics.wire import Receipt
from dashboard.models import Browser, Page, PageVisit


def scene(seq: int, page: str) -> Scene:
    return Scene(NOW, seq, (1, 1), (1, 1), (0, 0), 1, Pointer.MOUSE, page)


def batch(*pages: str, events: int = 0, marks: int = 0, first: int = 0) -> Batch:
    return Batch(
        events=[to_event(sample(n, n)) for n in range(events)],
        scenes=[scene(first + n, page) for n, page in enumerate(pages)],
        marks=[Mark(NOW, "start", first + n) for n in range(marks)],
    )


def pages_of(browser: Browser) -> list[str]:
    rows = PointerScene.objects.filter(browser=browser).order_by("seq")
    return list(rows.values_list("page__name", flat=True))


class GroupTests(PostingTestCase):
    def store(self, *batches):
        sent = [to_sent(batch, token_of(browser), "", now=NOW) for browser, batch in batches]
        settled = asyncio.run(store_group(sent, self.groups.database))
        return [
            outcome.default_code if isinstance(outcome, APIException) else outcome
            for outcome in settled
        ]

    def test_each_batch_of_a_group_has_its_own_counts(self):
        second, revoked, plain, gone = (new_browser() for _ in range(4))
        send_batch(second, batch("/a", marks=1))
        Browser.objects.filter(pk=revoked.pk).update(token_version=2)
        Browser.objects.filter(pk=gone.pk).delete()
        receipts = self.store(
            (revoked, batch("/r", marks=1)),
            (second, batch("/a", "/b", events=2, marks=2)),
            (gone, batch("/g")),
            (plain, batch(events=2)),
            (self.browser, batch("/b", marks=3)),
        )
        self.assertEqual(
            receipts,
            [
                "authentication_failed",
                Receipt(2, 0, 0, scenes=1, marks=1),
                None,
                Receipt(2, 0, 0),
                Receipt(0, 0, 0, scenes=1, marks=3),
            ],
        )
        self.assertEqual(pages_of(second), ["/a", "/b"])
        self.assertEqual(pages_of(self.browser), ["/b"])
        self.assertEqual(PointerScene.objects.count(), 3)
        self.assertEqual(PointerMark.objects.count(), 5)

    def test_a_group_is_bounded_by_all_that_its_batches_hold(self):
        full = batch(*["/"] * 100, events=10, marks=100)
        waiting = [
            Waiting(to_sent(full, token_of(new_browser()), "", now=NOW), None) for _ in range(40)
        ]
        group, rest = take_group(waiting)
        self.assertEqual((len(group), len(rest)), (MOST_EVENTS // 210, 40 - MOST_EVENTS // 210))
        self.assertEqual(load_of(waiting[0].sent).cost, 210)


class ConcurrentTests(TransactionTestCase):
    def setUp(self):
        self.browser = new_browser()

    @transaction.atomic
    def send(self, sent, browser=None):
        self.receipt = send_batch(browser or self.browser, sent)

    def beside_a_slow_one(self, slow, other, browser=None):
        holding = Session(lambda: self.send(slow), after=STORE_SCENES).until_held()
        waiting = Session(lambda: self.send(other, browser))
        until_sessions_wait(1)
        holding.finish()
        waiting.finish()

    def test_of_two_scenes_and_marks_of_a_key_the_first_to_commit_stays(self):
        send_batch(self.browser, batch("/a", "/b", first=8))
        self.beside_a_slow_one(batch("/a", marks=1), batch("/b", "/b", marks=2))
        self.assertEqual(self.receipt, Receipt(0, 0, 0, scenes=1, marks=1))
        self.assertEqual(pages_of(self.browser), ["/a", "/b", "/a", "/b"])

    def test_a_page_is_made_once_by_two_sessions(self):
        other = new_browser()
        self.beside_a_slow_one(batch("/a", "/b"), batch("/b", "/c"), other)
        self.assertEqual(pages_of(other), ["/b", "/c"])
        names = list(Page.objects.order_by("name").values_list("name", flat=True))
        self.assertEqual(names, ["(other)", "/a", "/b", "/c"])

    def test_a_session_whose_pages_are_known_does_not_wait_for_one_that_makes_pages(self):
        send_batch(self.browser, batch("/a"))
        holding = Session(lambda: self.send(batch("/b", first=1)), after=STORE_SCENES).until_held()
        send_batch(new_browser(), batch("/a"))
        holding.finish()

    @override_settings(MAX_PAGES=30)
    def test_many_sites_at_once_make_no_more_pages_than_allowed(self):
        browsers = [new_browser() for _ in range(12)]
        for number, browser in enumerate(browsers):
            Browser.objects.filter(pk=browser.pk).update(site=f"{number % 4}.example")

        def send_all(number):
            try:
                for turn in range(8):
                    names = [f"/{chr(97 + number % 3)}/{turn}/{n}" for n in range(3)]
                    send_batch(browsers[number], batch(*names, first=3 * turn))
            finally:
                connection.close()

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(send_all, range(len(browsers))))
        self.assertEqual(Page.objects.exclude(name="(other)").count(), 30)
        self.assertEqual(Page.objects.filter(name="(other)").count(), 1)
        self.assertEqual(PointerScene.objects.count(), 12 * 24)
        self.assertFalse(PointerScene.objects.filter(page=None).exists())
        for browser in browsers:
            sites = {page.site for page in Page.objects.filter(visits__browser=browser)}
            self.assertLessEqual(sites, {browser_site(browser), ""})
        self.assertTrue(PageVisit.objects.filter(page__name="(other)").exists())


def browser_site(browser: Browser) -> str:
    return Browser.objects.get(pk=browser.pk).site
