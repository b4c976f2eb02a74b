"""A share link of a study shows its page, until it ends, and nothing else."""

import json
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client, TestCase

from analytics.models import Trial
from core.tests.limits import forget_all_calls
from core.tests.problems import assert_problem
from dashboard.access.api_keys import make_api_key
from dashboard.access.share_links import make_page_share, make_study_share, ticket_of
from dashboard.instances.browsers import log_on
from dashboard.instances.tokens import make_token
from dashboard.models import Browser, Page, ShareLink

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
NAME, ODD = "mt-1", "../50% & more?"
SHARES = "/api/v1/studies/shares/"


class StudyShareTestCase(TestCase):
    def setUp(self):
        forget_all_calls()
        clock = patch("django.utils.timezone.now", side_effect=lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)
        self.now = NOW
        self.ann = User.objects.create_user("ann", is_staff=True)
        self.browser = log_on(now=NOW, label="participant 7")
        for n, study in enumerate((NAME, ODD, "other")):
            Trial.objects.create(
                browser=self.browser,
                study=study,
                started_at=NOW + timedelta(seconds=n),
                ended_at=NOW + timedelta(seconds=n + 1),
                start_seq=n,
                end_seq=n,
                targets={},
                rt=0,
            )
        self.reader = Client()

    def open(self, ticket, study=NAME):
        return self.reader.post(
            f"/study/shared/open/?{urlencode({'study': study})}",
            {"ticket": ticket},
            content_type="application/json",
        )

    def figures(self, study=NAME):
        return self.reader.get("/study/figures/", {"study": study})

    def open_whole(self, study=NAME, days=7):
        link = make_study_share(study=study, user=self.ann, days=days, now=NOW)
        self.assertEqual(self.open(ticket_of(link), study).status_code, 204)
        self.assertEqual(self.figures(study).status_code, 200)
        return link


class ReadingTests(StudyShareTestCase):
    def test_it_shows_its_study_whatever_the_name(self):
        for study, path in (
            (NAME, "/studies/mt-1/"),
            (ODD, f"/study/?{urlencode({'study': ODD})}"),
        ):
            self.open_whole(study)
            page = self.reader.get(path)
            self.assertContains(page, "Shared with you to read, until 30 November 2026, 12:00 UTC")
            for words in ("data-share-dialog", "Share…", "data-export", "Log out"):
                self.assertNotContains(page, words)

    def test_it_reads_nothing_else(self):
        self.open_whole()
        instance = f"/api/v1/browsers/{self.browser.instance_id}/"
        trials = f"/api/v1/trials/?study={NAME}"
        for path in (
            *("/study/figures/?study=other", "/study/figures/?study=", "/study/list/", trials),
            *("/api/v1/studies/", f"/api/v1/studies/throughput/?study={NAME}", "/api/v1/browsers/"),
            *(f"{instance}?study={NAME}", f"{instance}events/?study={NAME}", "/api/v1/pages/"),
        ):
            with self.subTest(path):
                assert_problem(self, self.reader.get(path), 401, "not_authenticated")
        for path in ("/studies/", "/studies/other/", "/study/", "/browsers/", "/access/"):
            self.assertEqual(self.reader.get(path).status_code, 302, path)

    def test_it_changes_and_erases_nothing(self):
        link = self.open_whole()
        for method, path in (
            ("post", SHARES),
            ("delete", f"{SHARES}{link.link_id}/"),
            ("delete", f"/api/v1/browsers/{self.browser.instance_id}/"),
            ("patch", f"/api/v1/browsers/{self.browser.instance_id}/"),
        ):
            answer = getattr(self.reader, method)(path, "{}", content_type="application/json")
            self.assertEqual(answer.status_code, 401, path)
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(self.reader, method)(f"/study/figures/?study={NAME}")
            self.assertIn(answer.status_code, (401, 403, 405))
        self.assertEqual(ShareLink.objects.filter(revoked_at=None).count(), 1)
        self.assertTrue(Browser.objects.filter(pk=self.browser.pk, is_active=True).exists())

    def test_links_of_other_things_open_nothing_here(self):
        page = Page.objects.create(site="", name=NAME)
        of_page = make_page_share(page=page, user=self.ann, days=7, now=NOW)
        of_other = make_study_share(study="other", user=self.ann, days=7, now=NOW)
        for link in (of_page, of_other):
            assert_problem(self, self.open(ticket_of(link)), 404, "no_such_share")
        elsewhere = f"/pages/{page.pk}/shared/?study=other"
        ticket = {"ticket": ticket_of(of_other)}
        answer = self.reader.post(elsewhere, ticket, content_type="application/json")
        assert_problem(self, answer, 404, "no_such_share")
        self.assertEqual(self.figures().status_code, 401)


class EndTests(StudyShareTestCase):
    def test_it_ends_at_its_end(self):
        link = self.open_whole(days=1)
        self.now = link.ends_at - timedelta(microseconds=1)
        self.assertEqual(self.figures().status_code, 200)
        self.now = link.ends_at
        assert_problem(self, self.figures(), 401, "not_authenticated")
        assert_problem(self, self.open(ticket_of(link)), 410, "share_ended")
        self.assertEqual(self.reader.get(f"/studies/{NAME}/").status_code, 302)

    def test_it_ends_once_it_is_revoked_or_its_maker_is_no_staff(self):
        self.open_whole()
        User.objects.filter(pk=self.ann.pk).update(is_staff=False)
        self.assertEqual(self.figures().status_code, 401)
        User.objects.filter(pk=self.ann.pk).update(is_staff=True)
        self.assertEqual(self.figures().status_code, 200)
        ShareLink.objects.update(revoked_at=NOW)
        self.assertEqual(self.figures().status_code, 401)


class MakingTests(StudyShareTestCase):
    def make(self, body=None, **headers):
        return self.client.post(
            SHARES,
            json.dumps({"study": NAME, **(body or {})}),
            content_type="application/json",
            headers=headers,
        )

    def test_staff_make_a_link_and_revoke_it(self):
        self.client.force_login(self.ann)
        made = self.make({"days": 30, "study": ODD})
        self.assertEqual(made.status_code, 201)
        self.assertEqual(made.json()["ends_at"], "2026-12-23T12:00:00.000000Z")
        address, _, ticket = made.json()["url"].partition("#share=")
        self.assertEqual(address, f"http://testserver/study/shared/?{urlencode({'study': ODD})}")
        self.assertEqual(self.open(ticket, ODD).status_code, 204)
        path = f"{SHARES}{made.json()['share_id']}/"
        self.assertEqual(self.client.delete(path).status_code, 204)
        self.assertEqual(self.figures(ODD).status_code, 401)
        assert_problem(self, self.client.delete(f"{SHARES}{UUID(int=0)}/"), 404, "no_such_share")

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
        link = make_study_share(study=NAME, user=self.ann, days=7, now=NOW)
        path = f"{SHARES}{link.link_id}/"
        self.client.force_login(User.objects.create_user("bob", is_staff=True))
        assert_problem(self, self.client.delete(path), 404, "no_such_share")
        self.client.force_login(User.objects.create_superuser("root"))
        self.assertEqual(self.client.delete(path).status_code, 204)

    def test_bad_wishes_are_refused(self):
        self.client.force_login(self.ann)
        for name, value in (("days", 0), ("days", 367), ("study", ""), ("study", "a\0b")):
            assert_problem(self, self.make({name: value}), 400, "invalid", f"/{name}")
        assert_problem(self, self.make({"study": "none like this"}), 404, "no_such_study")

    def test_the_database_refuses_a_link_of_two_things_or_of_a_token(self):
        page = Page.objects.create(site="", name="/a")
        once = {"created_at": NOW, "ends_at": NOW, "study": NAME}
        for wrong in (
            {"created_by": self.ann, "page": page},
            {"created_by": self.ann, "browser": self.browser},
            {"token_version": 1},
        ):
            with self.assertRaises(IntegrityError), transaction.atomic():
                ShareLink.objects.create(**wrong, **once)


class ShownTests(StudyShareTestCase):
    def test_the_address_of_a_link_shows_nothing_and_leads_those_who_may_see_it_on(self):
        path = f"/study/shared/?{urlencode({'study': ODD, 'time': '7d'})}"
        for study in (ODD, "none like this"):
            page = self.reader.get("/study/shared/", {"study": study})
            self.assertContains(page, "data-closed")
            self.assertNotContains(page, "participant")
            self.assertEqual(page["Cache-Control"], "private, no-store")
        self.open_whole(ODD)
        self.client.force_login(self.ann)
        for client in (self.reader, self.client):
            answer = client.get(path)
            self.assertRedirects(answer, path.replace("/shared/", "/"))

    def test_staff_see_their_own_page_and_may_share_it(self):
        self.client.force_login(self.ann)
        self.assertContains(self.client.get(f"/studies/{NAME}/"), "data-share-dialog")

    def test_access_lists_it_to_copy_and_to_revoke(self):
        link = make_study_share(study=ODD, user=self.ann, days=7, now=NOW)
        self.client.force_login(self.ann)
        listed = self.client.get("/access/", {"q": "50%"})
        self.assertContains(listed, "Study ../50% &amp; more?")
        self.assertContains(listed, f"#share={ticket_of(link)}")
        self.client.post(f"/access/links/{link.link_id}/revoke/")
        self.assertIsNotNone(ShareLink.objects.get().revoked_at)
