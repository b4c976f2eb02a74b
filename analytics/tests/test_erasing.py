"""An erased instance is gone with all its data, even if work for it is in progress."""

import time
from functools import partial

from django.db import OperationalError, transaction
from django.test import TransactionTestCase

from analytics.ingest.batch import Batch
from analytics.ingest.scenes import Mark, Pointer, Scene
from analytics.ingest.store import STORE, STORE_SCENES
from analytics.models import DirtyRange, PointerMark, PointerPositionEvent, PointerScene, Trial
from analytics.rollups.recompute import ROLL_UP
from analytics.tests.interleaving import Session, until_sessions_wait
from analytics.tests.pointers import (
    NOW,
    drain_all,
    drain_shard_of,
    new_browser,
    sample,
    send,
    send_batch,
    token_of,
)
from core.api.problems import NoSuchInstance
from dashboard.instances.browsers import log_off, set_active
from dashboard.instances.erasing import LOCK_BROWSER, erase
from dashboard.models import Browser, Page, PageVisit, PointerStatus

# How long a request waits for a lock (core/settings.py).
LOCK_SECONDS = 2
# Its own rows; two browsers have the same page.
OWNED = (
    *(PointerPositionEvent, PointerScene, PointerMark, PointerStatus, DirtyRange, PageVisit),
    Trial,
)


def look(browser: Browser, *, seq: int = 0) -> None:
    """Send a scene on a page, and a mark."""
    scene = Scene(NOW, seq, (1, 1), (1, 1), (0, 0), 1, Pointer.MOUSE, "/pricing")
    batch = Batch(events=[], scenes=[scene], marks=[Mark(NOW, "start", seq)])
    send_batch(browser, batch)


def add_trial(browser: Browser) -> None:
    """Store a trial as its drain would."""
    Trial.objects.create(
        browser=browser, started_at=NOW, start_seq=0, ended_at=NOW, end_seq=1, rt=0, targets={}
    )


class EraseTests(TransactionTestCase):
    def setUp(self):
        self.browser, self.other = new_browser(), new_browser()
        for browser in (self.browser, self.other):
            send(browser, [sample(0.1, 0), sample(1.2, 5)])
        drain_all()
        for browser in (self.browser, self.other):
            send(browser, [sample(0.3, 7)])
            look(browser)
            add_trial(browser)
        self.erase = partial(
            erase, instance_id=self.browser.instance_id, token=token_of(self.browser)
        )
        self.drain = partial(drain_shard_of, self.browser)

    @transaction.atomic
    def send_slowly(self):
        send(self.browser, [sample(5, 5)])

    @transaction.atomic
    def look_slowly(self):
        look(self.browser, seq=1)

    def assert_gone(self):
        for model in OWNED:
            self.assertFalse(model.objects.filter(browser_id=self.browser.pk).exists(), model)
        self.assertFalse(Browser.objects.filter(pk=self.browser.pk).exists())
        self.assertEqual(PointerPositionEvent.objects.filter(browser=self.other).count(), 3)
        self.assertEqual(PointerStatus.objects.filter(browser=self.other).count(), 2)
        for model in (PointerScene, PointerMark, PageVisit, Trial):
            self.assertEqual(model.objects.filter(browser=self.other).count(), 1)
        self.assertTrue(Page.objects.filter(name="/pricing").exists())

    def test_events_statuses_and_marks_go_with_it_and_others_stay(self):
        self.erase()
        self.assert_gone()

    def test_it_waits_for_a_drain_that_has_computed_and_not_committed(self):
        session = Session(self.drain, after=ROLL_UP).until_held()
        erasing = Session(self.erase)
        until_sessions_wait(1)
        session.finish()
        erasing.finish()
        self.assert_gone()

    def test_a_drain_between_claim_and_compute_writes_nothing_back(self):
        session = Session(self.drain, before=ROLL_UP).until_held()
        erasing = Session(self.erase)
        session.finish()
        erasing.finish()
        drain_all()
        self.assert_gone()

    def test_a_drain_that_waits_for_the_erasure_finds_it_gone(self):
        erasing = Session(self.erase, after=LOCK_BROWSER).until_held()
        draining = Session(self.drain)
        until_sessions_wait(1)
        erasing.finish()
        draining.finish()
        self.assert_gone()

    def test_a_batch_that_comes_during_the_erasure_finds_it_gone(self):
        erasing = Session(self.erase, after=LOCK_BROWSER).until_held()
        late = Session(lambda: send(self.browser, [sample(5, 5)]))
        until_sessions_wait(1)
        erasing.finish()
        with self.assertRaises(NoSuchInstance):
            late.finish()
        self.assert_gone()

    def test_it_waits_for_a_batch_that_is_being_stored(self):
        batch = Session(self.send_slowly, after=STORE).until_held()
        erasing = Session(self.erase)
        until_sessions_wait(1)
        batch.finish()
        erasing.finish()
        self.assert_gone()

    def test_scenes_that_come_during_the_erasure_find_it_gone(self):
        erasing = Session(self.erase, after=LOCK_BROWSER).until_held()
        late = Session(lambda: look(self.browser, seq=1))
        until_sessions_wait(1)
        erasing.finish()
        with self.assertRaises(NoSuchInstance):
            late.finish()
        self.assert_gone()

    def test_it_waits_for_scenes_that_are_being_stored(self):
        batch = Session(self.look_slowly, after=STORE_SCENES).until_held()
        erasing = Session(self.erase)
        until_sessions_wait(1)
        batch.finish()
        erasing.finish()
        self.assert_gone()

    def test_it_waits_for_a_drain_for_longer_than_a_request_waits_for_a_lock(self):
        session = Session(self.drain, after=ROLL_UP).until_held()
        erasing = Session(self.erase)
        until_sessions_wait(1)
        time.sleep(LOCK_SECONDS + 0.5)
        session.finish()
        erasing.finish()
        self.assert_gone()

    def test_a_long_erasure_does_not_delay_a_log_off(self):
        erasing = Session(self.erase, after=LOCK_BROWSER).until_held()
        token = token_of(self.browser)
        log_off(instance_id=self.browser.instance_id, token=token, now=NOW)
        erasing.finish()
        self.assert_gone()

    def test_other_changes_may_be_retried_after_a_long_erasure(self):
        erasing = Session(self.erase, after=LOCK_BROWSER).until_held()
        with self.assertRaises(OperationalError):
            set_active(self.browser, is_active=False, now=NOW)
        erasing.finish()
        self.browser.is_active = True
        with self.assertRaises(NoSuchInstance):
            set_active(self.browser, is_active=False, now=NOW)

    def test_the_second_of_two_concurrent_erasures_finds_it_gone(self):
        first = Session(self.erase, after=LOCK_BROWSER).until_held()
        second = Session(self.erase)
        until_sessions_wait(1)
        first.finish()
        with self.assertRaises(NoSuchInstance):
            second.finish()
        self.assert_gone()
