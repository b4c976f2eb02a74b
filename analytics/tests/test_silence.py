"""Write tokens end with the samples, after no log-on or movement for the raw retention."""

from datetime import timedelta
from functools import partial
from unittest.mock import patch

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.test import TestCase, TransactionTestCase
from rest_framework.exceptions import AuthenticationFailed

from analytics.models import PointerPositionEvent
from analytics.tasks import end_tokens
from analytics.tests.interleaving import Session
from analytics.tests.pointers import NOW, new_browser, sample, send
from analytics.upkeep import token_expiry
from analytics.upkeep.token_expiry import end_silent_tokens
from core.tests.problems import assert_problem
from dashboard.instances.browsers import get_browser, log_on, resume
from dashboard.instances.erasing import erase
from dashboard.instances.tokens import WriteToken, make_token
from dashboard.models import Browser

RETENTION = timedelta(days=settings.RAW_RETENTION_DAYS)
DAY = timedelta(days=1)


def token_of(browser: Browser) -> WriteToken:
    return WriteToken(browser.instance_id, browser.token_version)


class SilenceTests(TestCase):
    def setUp(self):
        self.browser = new_browser()
        self.token = token_of(self.browser)

    def holds(self, token: WriteToken | None = None) -> bool:
        token = token or self.token
        try:
            get_browser(instance_id=token.instance_id, token=token)
        except AuthenticationFailed:
            return False
        return True

    def test_the_tokens_of_an_instance_end_once_it_is_silent_and_not_before(self):
        self.assertEqual(end_silent_tokens(now=NOW + RETENTION), 0)
        self.assertTrue(self.holds())
        self.assertEqual(end_silent_tokens(now=NOW + RETENTION + DAY), 1)
        self.assertFalse(self.holds())

    def test_beat_runs_it(self):
        tasks = [job["task"] for job in settings.CELERY_BEAT_SCHEDULE.values()]
        self.assertIn(end_tokens.name, tasks)
        with patch("django.utils.timezone.now", return_value=NOW + RETENTION + DAY):
            end_tokens()
        self.assertFalse(self.holds())

    def test_an_extra_run_changes_nothing(self):
        end_silent_tokens(now=NOW + RETENTION + DAY)
        after = list(Browser.objects.values())
        self.assertEqual(end_silent_tokens(now=NOW + RETENTION + 2 * DAY), 0)
        self.assertEqual(list(Browser.objects.values()), after)

    def test_a_movement_extends_the_token_by_the_whole_time(self):
        send(self.browser, [sample(0, 0), sample(1, 10)])
        Browser.objects.update(token_used_at=NOW - 10 * DAY)
        last = PointerPositionEvent.objects.latest("time").time
        for now, ended in ((last + RETENTION, 0), (last + RETENTION + DAY, 1)):
            self.assertEqual(end_silent_tokens(now=now), ended)
            self.assertEqual(self.holds(), not ended)

    def test_an_instance_that_logged_on_again_keeps_its_token(self):
        # A page that ended without a log-off is still logged on, so nothing else of it changes.
        resume(instance_id=self.token.instance_id, token=self.token, now=NOW + RETENTION)
        self.assertEqual(end_silent_tokens(now=NOW + RETENTION + DAY), 0)
        self.assertTrue(self.holds())

    def test_others_are_left_alone_however_many_there_are(self):
        silent = [new_browser() for _ in range(6)]
        young = log_on(now=NOW + RETENTION)
        with patch.object(token_expiry, "MOST", 2):
            self.assertEqual(end_silent_tokens(now=NOW + RETENTION + DAY), 7)
        self.assertTrue(self.holds(token_of(young)))
        self.assertFalse(any(self.holds(token_of(browser)) for browser in silent))

    def test_an_ended_token_sends_nothing_and_its_page_logs_on_anew(self):
        end_silent_tokens(now=NOW + RETENTION + DAY)
        text = make_token(instance_id=self.token.instance_id, version=self.token.version)
        path = f"/api/v1/browsers/{self.token.instance_id}/events/"
        body = {"events": [{"time": 0, "x": 1, "y": 2}], "token": text}
        with patch("django.utils.timezone.now", return_value=NOW):
            body["events"][0]["time"] = NOW.timestamp() * 1000
            answer = self.client.post(path, body, content_type="application/json")
        assert_problem(self, answer, 401, "authentication_failed")
        own = {"instance_id": str(self.token.instance_id), "write_token": text}
        again = self.client.post("/api/v1/browsers/", own, content_type="application/json")
        assert_problem(self, again, 401, "authentication_failed")
        anew = self.client.post("/api/v1/browsers/", {}, content_type="application/json")
        self.assertEqual(anew.status_code, 201)

    def test_a_visitor_of_the_page_gets_a_new_instance(self):
        first = self.client.post("/log-on/").json()
        Browser.objects.update(token_used_at=NOW)
        end_silent_tokens(now=NOW + RETENTION + DAY)
        again = self.client.post("/log-on/")
        self.assertEqual(again.status_code, 201)
        self.assertNotEqual(again.json()["instance_id"], first["instance_id"])

    def test_an_ended_token_can_still_erase(self):
        end_silent_tokens(now=NOW + RETENTION + DAY)
        text = make_token(instance_id=self.token.instance_id, version=self.token.version)
        path, header = f"/api/v1/browsers/{self.token.instance_id}/", f"Bearer {text}"
        self.assertEqual(self.client.get(path, headers={"Authorization": header}).status_code, 401)
        erased = self.client.delete(path, headers={"Authorization": header})
        self.assertEqual(erased.status_code, 204)
        self.assertFalse(Browser.objects.exists())

    def test_a_revoked_token_cannot_erase_whether_it_was_revoked_before_the_end_or_after(self):
        other = new_browser()
        Browser.objects.filter(pk=self.browser.pk).update(token_version=2)
        end_silent_tokens(now=NOW + RETENTION + DAY)
        Browser.objects.filter(pk=other.pk).update(token_version=F("token_version") + 1)
        for token in (self.token, token_of(other)):
            with self.assertRaises(AuthenticationFailed):
                erase(instance_id=token.instance_id, token=token)
        self.assertEqual(Browser.objects.count(), 2)

    def test_a_valid_token_erases_only_with_its_own_version(self):
        Browser.objects.update(token_version=2)
        with self.assertRaises(AuthenticationFailed):
            erase(instance_id=self.token.instance_id, token=self.token)


def hold(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


class LockTests(TransactionTestCase):
    def held(self, browser: Browser, strength: str) -> Session:
        statement = f"select from dashboard_browser where id = {browser.pk} {strength}"
        session = Session(partial(hold, statement), after=statement).until_held()
        self.addCleanup(session.finish)
        return session

    def test_an_instance_locked_by_an_erasure_or_a_log_on_waits_for_the_next_run(self):
        browser, free = new_browser(), new_browser()
        session = self.held(browser, "for no key update")
        self.assertEqual(end_silent_tokens(now=NOW + RETENTION + DAY), 1)
        self.assertEqual(Browser.objects.get(pk=free.pk).token_version, 2)
        session.finish()
        self.assertEqual(end_silent_tokens(now=NOW + RETENTION + DAY), 1)

    def test_a_batch_in_progress_does_not_delay_it(self):
        self.held(new_browser(), "for key share")
        self.assertEqual(end_silent_tokens(now=NOW + RETENTION + DAY), 1)
