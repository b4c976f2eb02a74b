"""A share link of a page reads its map and hours, until it ends, and nothing else."""

import json
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client, TestCase

from core.tests.limits import forget_all_calls
from core.tests.problems import assert_problem
from dashboard.access.api_keys import make_api_key
from dashboard.access.share_links import make_page_share, make_share_link, ticket_of
from dashboard.instances.browsers import log_on
from dashboard.instances.tokens import make_token
from dashboard.models import Browser, Page, ShareLink

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)


class PageShareTestCase(TestCase):
    def setUp(self):
        forget_all_calls()
        clock = patch("django.utils.timezone.now", side_effect=lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)
        self.now = NOW
        self.ann = User.objects.create_user("ann", is_staff=True)
        self.page = Page.objects.create(site="shop.example", name="/a")
        self.other = Page.objects.create(site="docs.example", name="/a")
        self.browser = log_on(now=NOW)
        self.reader = Client()

    def open(self, ticket, page=None):
        path = f"/pages/{(page or self.page).pk}/shared/"
        return self.reader.post(path, {"ticket": ticket}, content_type="application/json")

    def read(self, call="map", page=None, **query):
        return self.reader.get(f"/api/v1/pages/{(page or self.page).pk}/{call}/", query)

    def open_whole(self, days=7):
        link = make_page_share(page=self.page, user=self.ann, days=days, now=NOW)
        self.assertEqual(self.open(ticket_of(link)).status_code, 204)
        self.assertEqual(self.read().status_code, 200)
        return link


class ReadingTests(PageShareTestCase):
    def test_it_reads_the_map_and_the_hours_of_its_page_in_every_format(self):
        self.open_whole()
        for call in ("map", "statuses"):
            for kind in ("json", "csv", "parquet"):
                self.assertEqual(self.read(call, format=kind).status_code, 200, (call, kind))
        self.assertEqual(self.read(width=1024, pointer="mouse", weight="samples").status_code, 200)

    def test_it_tells_no_instances_apart(self):
        self.open_whole()
        assert_problem(self, self.read(label="p"), 403, "permission_denied")
        self.assertEqual(self.read(label="").status_code, 200)

    def test_it_reads_nothing_else(self):
        self.open_whole()
        instance = f"/api/v1/browsers/{self.browser.instance_id}/"
        for path in (
            *(f"/api/v1/pages/{self.other.pk}/{call}/" for call in ("map", "statuses")),
            *("/api/v1/pages/", "/api/v1/browsers/", "/api/v1/statuses/", instance),
            *(f"{instance}{part}/" for part in ("events", "statuses", "scenes", "marks")),
        ):
            with self.subTest(path):
                assert_problem(self, self.reader.get(path), 401, "not_authenticated")
        for path in ("/browsers/", "/access/", "/admin/"):
            self.assertEqual(self.reader.get(path).status_code, 302, path)

    def test_it_writes_and_erases_nothing(self):
        link = self.open_whole()
        shares = f"/api/v1/pages/{self.page.pk}/shares/"
        for method, path in (
            ("post", shares),
            ("delete", f"{shares}{link.link_id}/"),
            ("delete", f"/api/v1/browsers/{self.browser.instance_id}/"),
            ("patch", f"/api/v1/browsers/{self.browser.instance_id}/"),
            ("post", f"/api/v1/browsers/{self.browser.instance_id}/log-off/"),
        ):
            answer = getattr(self.reader, method)(path, "{}", content_type="application/json")
            self.assertEqual(answer.status_code, 401, path)
        for path in (f"/api/v1/pages/{self.page.pk}/map/", f"/api/v1/pages/{self.page.pk}/"):
            for method in ("post", "put", "patch", "delete"):
                self.assertIn(getattr(self.reader, method)(path).status_code, (401, 404, 405))
        self.assertEqual(ShareLink.objects.filter(revoked_at=None).count(), 1)
        self.assertTrue(Browser.objects.filter(pk=self.browser.pk, is_active=True).exists())

    def test_links_of_an_instance_and_of_pages_open_only_what_they_share(self):
        ticket = ticket_of(make_page_share(page=self.other, user=self.ann, days=7, now=NOW))
        assert_problem(self, self.open(ticket), 404, "no_such_share")
        of_instance = make_share_link(browser=self.browser, user=self.ann, days=7, now=NOW)
        assert_problem(self, self.open(ticket_of(of_instance)), 404, "no_such_share")
        path = f"/browsers/{self.browser.instance_id}/shared/"
        answer = self.reader.post(path, {"ticket": ticket}, content_type="application/json")
        assert_problem(self, answer, 404, "no_such_share")
        self.assertEqual(self.read().status_code, 401)
        self.open_whole()
        self.assertEqual(self.open(ticket, self.other).status_code, 204)
        self.assertEqual(
            [self.read().status_code, self.read(page=self.other).status_code], [200] * 2
        )

    def test_a_ticket_is_no_token(self):
        ticket = ticket_of(make_page_share(page=self.page, user=self.ann, days=7, now=NOW))
        headers = {"Authorization": f"Bearer {ticket}"}
        path = f"/api/v1/pages/{self.page.pk}/map/"
        self.assertEqual(self.client.get(path, headers=headers).status_code, 401)


class EndTests(PageShareTestCase):
    def test_it_ends_at_its_end(self):
        link = self.open_whole(days=1)
        self.now = link.ends_at - timedelta(microseconds=1)
        self.assertEqual(self.read().status_code, 200)
        self.now = link.ends_at
        assert_problem(self, self.read(), 401, "not_authenticated")
        assert_problem(self, self.open(ticket_of(link)), 410, "share_ended")
        self.assertContains(self.reader.get(f"/pages/{self.page.pk}/"), "data-closed")

    def test_it_ends_once_it_is_revoked_or_its_maker_is_no_staff(self):
        self.open_whole()
        User.objects.filter(pk=self.ann.pk).update(is_staff=False)
        self.assertEqual(self.read().status_code, 401)
        User.objects.filter(pk=self.ann.pk).update(is_staff=True)
        self.assertEqual(self.read().status_code, 200)
        ShareLink.objects.update(revoked_at=NOW)
        self.assertEqual(self.read().status_code, 401)

    def test_it_goes_with_its_page(self):
        self.open_whole()
        self.page.delete()
        self.assertEqual(ShareLink.objects.count(), 0)


class MakingTests(PageShareTestCase):
    def make(self, body=None, client=None, page=None, **headers):
        path = f"/api/v1/pages/{page or self.page.pk}/shares/"
        return (client or self.client).post(
            path, json.dumps(body or {}), content_type="application/json", headers=headers
        )

    def test_staff_make_a_link_and_revoke_it(self):
        self.client.force_login(self.ann)
        made = self.make({"days": 30})
        self.assertEqual(made.status_code, 201)
        self.assertEqual(made.json()["ends_at"], "2026-12-23T12:00:00.000000Z")
        address, _, ticket = made.json()["url"].partition("#share=")
        self.assertEqual(address, f"http://testserver/pages/{self.page.pk}/")
        self.assertEqual(self.open(ticket).status_code, 204)
        elsewhere = f"/api/v1/pages/{self.other.pk}/shares/{made.json()['share_id']}/"
        assert_problem(self, self.client.delete(elsewhere), 404, "no_such_share")
        path = f"/api/v1/pages/{self.page.pk}/shares/{made.json()['share_id']}/"
        self.assertEqual(self.read().status_code, 200)
        self.assertEqual(self.client.delete(path).status_code, 204)
        self.assertEqual(self.read().status_code, 401)

    def test_nobody_else_does(self):
        key = make_api_key(user=User.objects.create_superuser("root"), name="x", days=1, now=NOW)
        token = make_token(instance_id=self.browser.instance_id, version=1)
        assert_problem(self, self.make(), 401, "not_authenticated")
        assert_problem(self, self.make(Authorization=f"Bearer {key.text}"), 403, "read_only")
        self.assertIn(self.make(Authorization=f"Bearer {token}").status_code, (401, 403))
        self.client.force_login(User.objects.create_user("joe"))
        self.assertEqual(self.make().status_code, 403)
        self.assertEqual(ShareLink.objects.count(), 0)

    def test_staff_revoke_their_own_links_and_a_superuser_all(self):
        link = make_page_share(page=self.page, user=self.ann, days=7, now=NOW)
        path = f"/api/v1/pages/{self.page.pk}/shares/{link.link_id}/"
        self.client.force_login(User.objects.create_user("bob", is_staff=True))
        assert_problem(self, self.client.delete(path), 404, "no_such_share")
        self.client.force_login(User.objects.create_superuser("root"))
        self.assertEqual(self.client.delete(path).status_code, 204)

    def test_bad_wishes_are_refused(self):
        self.client.force_login(self.ann)
        for days in (0, 367, "7"):
            assert_problem(self, self.make({"days": days}), 400, "invalid", "/days")
        assert_problem(self, self.make(page=self.other.pk + 1), 404, "no_such_page")

    def test_the_database_refuses_a_link_of_two_things_of_none_or_of_a_token(self):
        once = {"created_at": NOW, "ends_at": NOW}
        for wrong in (
            {"created_by": self.ann},
            {"created_by": self.ann, "page": self.page, "browser": self.browser},
            {"token_version": 1, "page": self.page},
        ):
            with self.assertRaises(IntegrityError), transaction.atomic():
                ShareLink.objects.create(**wrong, **once)


class ShownTests(PageShareTestCase):
    def test_a_reader_sees_the_map_without_what_staff_have(self):
        self.open_whole()
        page = self.reader.get(f"/pages/{self.page.pk}/?label=x")
        self.assertContains(page, "Shared with you to read, until 30 November 2026, 12:00 UTC")
        for words in ("data-share-dialog", "Share…", "Other labels", "docs.example", "Log out"):
            self.assertNotContains(page, words)

    def test_others_see_nothing_of_it_and_a_way_to_log_in(self):
        make_page_share(page=self.page, user=self.ann, days=7, now=NOW)
        page = self.reader.get(f"/pages/{self.page.pk}/?width=0")
        self.assertContains(page, f"/login/?next=%2Fpages%2F{self.page.pk}%2F%3Fwidth%3D0")
        self.assertNotContains(page, "shop.example")
        self.assertEqual(page["Cache-Control"], "private, no-store")
        # Whether there is such a page is nothing that they learn.
        missing = self.reader.get(f"/pages/{self.page.pk + 100}/?width=0")
        self.assertEqual(missing.status_code, 200)

    def test_access_lists_it_to_copy_and_to_revoke(self):
        link = make_page_share(page=self.page, user=self.ann, days=7, now=NOW)
        self.client.force_login(self.ann)
        listed = self.client.get("/access/")
        self.assertContains(listed, "Map of shop.example/a")
        self.assertContains(listed, f"/pages/{self.page.pk}/#share={ticket_of(link)}")
        self.client.post(f"/access/links/{link.link_id}/revoke/")
        self.assertIsNotNone(ShareLink.objects.get().revoked_at)
