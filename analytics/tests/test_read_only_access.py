"""Who reads without a login changes nothing, by any call of the API's description."""

import json
from datetime import timedelta
from uuid import UUID

from django.apps import apps
from django.contrib.auth.models import User
from django.test import TestCase
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from analytics.models import Trial
from analytics.tests.pointers import new_browser, sample, send
from core.tests.limits import forget_all_calls
from core.values.times import EPOCH, MICROSECOND, to_rfc3339
from dashboard.access.api_keys import make_api_key
from dashboard.access.share_links import (
    make_page_share,
    make_share_link,
    make_study_share,
    ticket_of,
)
from dashboard.models import Browser, Page, ShareLink

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
READING = METHODS[:3]
# It makes a new instance for anyone, by no right of the caller's.
LOG_ON = ("POST", "/api/v1/browsers/")
# Bodies that one call or another accepts.
BODIES = (
    {},
    {"is_active": False},
    {"label": "mine"},
    {"events": [{"time": to_rfc3339(EPOCH), "x": 1, "y": 2}]},
)


def described_paths():
    """Return every path of the API's description."""
    return sorted(SchemaGenerator().get_schema(request=None, public=True)["paths"])


def whole_database():
    """Return all rows of all tables but sessions, as text."""
    return {
        model: sorted(map(repr, model.objects.values_list()))
        for model in apps.get_models()
        if not model._meta.proxy and model._meta.label != "sessions.Session"
    }


def unfit(path, body):
    """Return 400 if the body may have a token and does not fit the call: it is read first."""
    fits = {"events/": "events" in body, "log-off/": body == {}}
    return [400 for part, is_fit in fits.items() if path.endswith(part) and not is_fit]


class ReadOnlyTests(TestCase):
    def setUp(self):
        forget_all_calls()
        self.now = EPOCH + timedelta(days=20_000)
        self.browser = new_browser()
        self.page = Page.objects.create(site="", name="/a")
        self.trial = Trial.objects.create(
            browser=self.browser,
            started_at=self.now,
            ended_at=self.now,
            start_seq=0,
            end_seq=0,
            targets={},
            rt=0,
        )
        moved = sample(0, 1, 2)
        send(self.browser, [moved])
        self.key = f"{to_rfc3339(EPOCH + moved.time * MICROSECOND)},0"

    def call(self, method, path, body=None, **headers):
        link = ShareLink.objects.first()
        place = path.format(
            instance_id=self.browser.instance_id,
            key=self.key,
            page_id=self.page.pk,
            trial_id=self.trial.pk,
            share_id=link.link_id if link else UUID(int=0),
        )
        data = {} if method in READING else {"data": json.dumps(body or {})}
        data |= {} if method in READING else {"content_type": "application/json"}
        return getattr(self.client, method.lower())(place, **data, headers=headers)

    def assert_only_reads(self, *, reads, anyones=(), **headers):
        """Call everything by every method but `anyones`; `reads` are the paths that must answer."""
        before = whole_database()
        for path in described_paths():
            for method in set(METHODS) - {method for method, open_ in anyones if open_ == path}:
                for body in BODIES if method not in READING else BODIES[:1]:
                    status = self.call(method, path, body, **headers).status_code
                    asked = f"{method} {path} {body}: {status}"
                    if method == "OPTIONS":
                        self.assertIn(status, (200, 204, 401, 403), asked)
                    elif method in READING:
                        self.assertEqual(status < 300, path in reads, asked)
                    else:
                        self.assertIn(status, (401, 403, 405, *unfit(path, body)), asked)
        self.assertEqual(whole_database(), before)


class ShareLinkTests(ReadOnlyTests):
    OWN = "/api/v1/browsers/{instance_id}/"

    def setUp(self):
        super().setUp()
        root = User.objects.create_superuser("root")
        now = timezone.now()
        link = make_share_link(browser=self.browser, user=root, days=366, now=now)
        opened = self.client.post(
            f"/browsers/{self.browser.instance_id}/shared/",
            {"ticket": ticket_of(link)},
            content_type="application/json",
        )
        self.assertEqual(opened.status_code, 204)

    def test_a_link_of_a_superuser_reads_its_instance_and_changes_nothing(self):
        own = [path for path in described_paths() if path.startswith(self.OWN)]
        self.assertGreater(len(own), 6)
        unread = {"log-off/", "shares/", "shares/{share_id}/"}
        readable = {*own, "/api/v1/time/"} - {self.OWN + part for part in unread}
        self.assert_only_reads(reads=readable, anyones=[LOG_ON])

    def test_it_reads_nothing_of_another_instance(self):
        self.browser = new_browser()
        self.assert_only_reads(reads={"/api/v1/time/"}, anyones=[LOG_ON])


class PageLinkTests(ReadOnlyTests):
    OWN = "/api/v1/pages/{page_id}/"

    def setUp(self):
        super().setUp()
        root = User.objects.create_superuser("root")
        link = make_page_share(page=self.page, user=root, days=366, now=timezone.now())
        opened = self.client.post(
            f"/pages/{self.page.pk}/shared/",
            {"ticket": ticket_of(link)},
            content_type="application/json",
        )
        self.assertEqual(opened.status_code, 204)

    def test_a_link_of_a_superuser_reads_its_map_and_changes_nothing(self):
        readable = {f"{self.OWN}map/", f"{self.OWN}statuses/", "/api/v1/time/"}
        self.assert_only_reads(reads=readable, anyones=[LOG_ON])

    def test_it_reads_nothing_of_another_page(self):
        self.page = Page.objects.create(site="", name="/b")
        self.assert_only_reads(reads={"/api/v1/time/"}, anyones=[LOG_ON])


class ApiKeyTests(ReadOnlyTests):
    def setUp(self):
        super().setUp()
        root = User.objects.create_superuser("root")
        now = self.browser.logged_on_at
        self.made = make_api_key(user=root, name="all", days=366, now=now)
        # Its use would be noted, which is the one write that a key causes.
        self.made.key.used_at = now + timedelta(days=3660)
        self.made.key.save()
        self.bearer = {"Authorization": f"Bearer {self.made.text}"}

    def readable(self):
        described = SchemaGenerator().get_schema(request=None, public=True)["paths"]
        return {path for path, methods in described.items() if "get" in methods}

    def test_a_superusers_key_reads_everything_and_changes_nothing(self):
        self.assert_only_reads(reads=self.readable(), **self.bearer)

    def test_its_user_s_login_beside_it_does_not_help(self):
        self.client.force_login(self.made.key.user)
        csrf = {"X-CSRFToken": "a" * 32}
        self.assert_only_reads(reads=self.readable(), **self.bearer, **csrf)

    def test_its_user_may_change_and_erase_by_login(self):
        """Otherwise the tests above would prove little."""
        self.client.force_login(self.made.key.user)
        path = "/api/v1/browsers/{instance_id}/"
        self.assertEqual(self.call("PATCH", path, {"label": "mine"}).status_code, 200)
        self.assertEqual(self.call("DELETE", path).status_code, 204)
        self.assertFalse(Browser.objects.exists())


class StudyLinkTests(ReadOnlyTests):
    def test_a_link_of_a_superuser_reads_no_call_and_changes_nothing(self):
        root = User.objects.create_superuser("root")
        link = make_study_share(study="mt", user=root, days=366, now=timezone.now())
        opened = self.client.post(
            "/study/shared/open/?study=mt",
            {"ticket": ticket_of(link)},
            content_type="application/json",
        )
        self.assertEqual(opened.status_code, 204)
        self.assert_only_reads(reads={"/api/v1/time/"}, anyones=[LOG_ON])
