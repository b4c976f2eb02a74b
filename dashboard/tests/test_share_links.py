"""Share links read one instance, until they end, and are made and revoked by those who may."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from urllib.parse import quote

from django.contrib.admin import site
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client, TestCase, override_settings

from core.tests.limits import forget_all_calls
from core.tests.problems import assert_problem
from dashboard.access.api_keys import make_api_key
from dashboard.access.grants import find_void, grant_of
from dashboard.access.share_links import (
    SALT,
    make_page_share,
    make_share_link,
    read_share_ticket,
    revoke_share_links,
    ticket_of,
)
from dashboard.instances.browsers import log_on
from dashboard.instances.erasing import erase
from dashboard.instances.tokens import make_token
from dashboard.instances.tokens import read_ticket as read_stream_ticket
from dashboard.models import Browser, Page, ShareLink

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WEEK = timedelta(days=7)


def path_of(browser):
    return f"/api/v1/browsers/{browser.instance_id}/"


def bearer(browser):
    token = make_token(instance_id=browser.instance_id, version=browser.token_version)
    return {"Authorization": f"Bearer {token}"}


class ShareTestCase(TestCase):
    def setUp(self):
        forget_all_calls()
        clock = patch("django.utils.timezone.now", side_effect=lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)
        self.now = NOW
        self.ann = User.objects.create_user("ann", is_staff=True)
        self.browser, self.other = log_on(now=NOW), log_on(now=NOW)
        self.reader = Client()

    def make(self, browser=None, user="ann", days=7):
        return make_share_link(
            browser=browser or self.browser,
            user=self.ann if user == "ann" else user,
            days=days,
            now=NOW,
        )

    def open(self, ticket, browser=None):
        page = f"/browsers/{(browser or self.browser).instance_id}/shared/"
        return self.reader.post(page, {"ticket": ticket}, content_type="application/json")

    def read(self, browser=None):
        return self.reader.get(path_of(browser or self.browser))

    def open_whole(self, **made):
        link = self.make(**made)
        self.assertEqual(self.open(ticket_of(link)).status_code, 204)
        self.assertEqual(self.read().status_code, 200)
        return link


class OpeningTests(ShareTestCase):
    def test_an_opened_link_reads_its_instance_and_no_other(self):
        self.open_whole()
        for part in ("events", "statuses", "scenes", "marks", "measures"):
            with self.subTest(part):
                self.assertEqual(
                    self.reader.get(f"{path_of(self.browser)}{part}/").status_code, 200
                )
                self.assertEqual(self.reader.get(f"{path_of(self.other)}{part}/").status_code, 401)
        for path in (path_of(self.other), "/api/v1/browsers/", "/api/v1/statuses/"):
            with self.subTest(path):
                assert_problem(self, self.reader.get(path), 401, "not_authenticated")
        self.assertEqual(self.reader.get("/browsers/rows/").status_code, 401)
        self.assertEqual(self.reader.get("/browsers/").status_code, 302)

    def test_a_link_of_another_instance_opens_nothing_here(self):
        ticket = ticket_of(self.make(self.other))
        assert_problem(self, self.open(ticket), 404, "no_such_share")
        self.assertEqual(self.read().status_code, 401)

    def test_links_of_several_instances_are_open_beside_each_other(self):
        self.open_whole()
        self.assertEqual(self.open(ticket_of(self.make(self.other)), self.other).status_code, 204)
        self.assertEqual([self.read().status_code, self.read(self.other).status_code], [200, 200])

    def test_what_is_no_ticket_opens_nothing(self):
        link = self.make()
        ticket = ticket_of(link)
        later = f"{link.link_id.hex}.{int(link.ends_at.timestamp()) + 86_400}"
        for text in (
            *("", "share_", "\x00", link.link_id.hex, ticket[:-1], f"{ticket}x", f"{ticket}\x00"),
            f"share_{later}:{ticket.partition(':')[2]}",
            f"share_{signing.Signer().sign(later)}",
            make_token(instance_id=self.browser.instance_id, version=1),
            make_api_key(user=self.ann, name="x", days=1, now=NOW).text,
        ):
            with self.subTest(text):
                assert_problem(self, self.open(text), 404, "no_such_share")
        unknown = signing.Signer(salt=SALT).sign(f"{uuid.uuid4().hex}.{2**32}")
        assert_problem(self, self.open(f"share_{unknown}"), 410, "share_ended")
        self.assertEqual(self.read().status_code, 401)

    def test_a_ticket_is_no_token(self):
        ticket = ticket_of(self.make())
        headers = {"Authorization": f"Bearer {ticket}"}
        answers = [
            self.client.get(path_of(self.browser), headers=headers),
            self.client.delete(path_of(self.browser), headers=headers),
            self.client.post("/api/v1/browsers/", headers=headers),
        ]
        self.assertEqual([answer.status_code for answer in answers], [401] * 3)

    def test_the_end_in_a_ticket_counts_even_if_the_row_says_later(self):
        ticket = ticket_of(self.make(days=1))
        ShareLink.objects.update(ends_at=NOW + WEEK)
        self.now = NOW + timedelta(days=1)
        assert_problem(self, self.open(ticket), 410, "share_ended")

    def test_nothing_in_the_database_opens_anything(self):
        ticket = ticket_of(self.open_whole())
        rows = [*ShareLink.objects.values(), *(s.get_decoded() for s in Session.objects.all())]
        signature = ticket.partition(":")[2]
        self.assertNotIn(signature, str(rows))

    def test_opening_needs_the_page_s_csrf_token(self):
        self.reader = Client(enforce_csrf_checks=True)
        ticket = ticket_of(self.make())
        assert_problem(self, self.open(ticket), 403, "permission_denied")
        page = f"/browsers/{self.browser.instance_id}/"
        token = re.search('data-csrf-token="(.+?)"', self.reader.get(page).content.decode())[1]
        answer = self.reader.post(
            f"{page}shared/",
            {"ticket": ticket},
            content_type="application/json",
            headers={"X-CSRFToken": token},
        )
        self.assertEqual(answer.status_code, 204)


class EndTests(ShareTestCase):
    def assert_ended(self, link):
        self.assertEqual(self.read().status_code, 401)
        assert_problem(self, self.open(ticket_of(link)), 410, "share_ended")
        page = self.reader.get(f"/browsers/{self.browser.instance_id}/").content.decode()
        self.assertNotIn("Shared with you", page)
        self.assertNotIn("data-ranges", page)

    def test_it_ends_at_its_end(self):
        link = self.open_whole()
        # To the second.
        self.now = (NOW + WEEK).replace(microsecond=0) - SECOND / 10
        self.assertEqual(self.read().status_code, 200)
        self.now += SECOND / 10
        self.assert_ended(link)

    def test_it_ends_when_it_is_revoked(self):
        link = self.open_whole()
        self.assertEqual(revoke_share_links(ShareLink.objects.all(), now=NOW), 1)
        self.assertEqual(revoke_share_links(ShareLink.objects.all(), now=NOW), 0)
        self.assert_ended(link)

    def test_it_ends_while_its_maker_is_not_active_or_not_staff(self):
        link = self.open_whole()
        for name in ("is_active", "is_staff"):
            with self.subTest(name):
                User.objects.update(**{name: False})
                self.assert_ended(link)
                User.objects.update(**{name: True})
                self.assertEqual(self.read().status_code, 200)

    def test_it_ends_when_its_maker_is_deleted(self):
        link = self.open_whole()
        self.ann.delete()
        self.assert_ended(link)

    def test_a_link_made_with_a_token_ends_with_the_token(self):
        link = self.open_whole(user=None)
        Browser.objects.update(token_version=2)
        self.assert_ended(link)

    def test_a_link_made_by_staff_does_not_end_with_the_token(self):
        self.open_whole()
        Browser.objects.update(token_version=2)
        self.assertEqual(self.read().status_code, 200)

    def test_it_goes_with_its_instance(self):
        self.open_whole()
        erase(instance_id=self.browser.instance_id, token=None)
        self.assertEqual(self.read().status_code, 401)
        self.assertFalse(ShareLink.objects.exists())


class StreamTests(ShareTestCase):
    def grant(self, client, **headers):
        url = client.get(path_of(self.browser), headers=headers).json()["stream_url"]
        ticket = read_stream_ticket(url.partition("ticket=")[2])
        self.assertEqual(ticket.instance_id, self.browser.instance_id)
        return ticket.grant

    def test_the_ticket_of_a_stream_names_what_it_was_got_by(self):
        link = self.open_whole()
        key = make_api_key(user=self.ann, name="x", days=1, now=NOW)
        self.assertEqual(self.grant(self.reader), f"share-{link.link_id.hex}")
        by_key = self.grant(self.client, Authorization=f"Bearer {key.text}")
        self.assertEqual(by_key, f"key-{key.key.pk}")
        self.assertEqual(self.grant(self.client, **bearer(self.browser)), "")
        self.client.force_login(self.ann)
        self.assertEqual(self.grant(self.client), "")

    def test_grants_are_void_once_their_key_or_link_is(self):
        key = make_api_key(user=self.ann, name="x", days=1, now=NOW).key
        link, by_token = self.make(), self.make(user=None, days=2)
        grants = {grant_of(one) for one in (key, link, by_token)}
        unknown = {"key-99999999", f"share-{uuid.uuid4().hex}"}
        self.assertEqual(find_void({*grants, *unknown, ""}, now=NOW), unknown)
        after = {1: {grant_of(key)}, 2: {grant_of(key), grant_of(by_token)}, 7: grants}
        for days, expected in after.items():
            self.assertEqual(find_void(grants, now=NOW + timedelta(days=days)), expected)
        User.objects.update(is_staff=False)
        self.assertEqual(find_void(grants, now=NOW), grants - {grant_of(by_token)})


class MakingTests(ShareTestCase):
    def make_by_api(self, client=None, body=None, browser=None, **headers):
        path = f"{path_of(browser or self.browser)}shares/"
        data = json.dumps({} if body is None else body)
        client = client or self.client
        return client.post(path, data, content_type="application/json", headers=headers)

    def revoke_by_api(self, share_id, client=None, browser=None, **headers):
        path = f"{path_of(browser or self.browser)}shares/{share_id}/"
        return (client or self.client).delete(path, headers=headers)

    def test_staff_make_a_link_and_revoke_it(self):
        self.client.force_login(self.ann)
        answer = self.make_by_api(body={"days": 30})
        self.assertEqual(answer.status_code, 201)
        made = answer.json()
        self.assertEqual(made["ends_at"], "2026-12-23T12:00:00.000000Z")
        page, _, ticket = made["url"].partition("#share=")
        self.assertEqual(page, f"http://testserver/browsers/{self.browser.instance_id}/")
        self.assertEqual(read_share_ticket(ticket, now=NOW).created_by, self.ann)
        self.assertEqual(self.open(ticket).status_code, 204)
        self.assertEqual(self.revoke_by_api(made["share_id"]).status_code, 204)
        self.assertEqual(self.read().status_code, 401)

    def test_the_holder_of_the_token_makes_a_link_of_their_instance_alone(self):
        own = bearer(self.browser)
        made = self.make_by_api(**own).json()
        self.assertEqual(made["ends_at"], "2026-11-30T12:00:00.000000Z")
        self.assertEqual(self.open(made["url"].partition("#share=")[2]).status_code, 204)
        self.assertEqual(self.make_by_api(browser=self.other, **own).status_code, 403)
        foreign = self.revoke_by_api(made["share_id"], **bearer(self.other))
        self.assertEqual(foreign.status_code, 403)
        elsewhere = self.revoke_by_api(made["share_id"], browser=self.other, **bearer(self.other))
        assert_problem(self, elsewhere, 404, "no_such_share")
        self.assertEqual(self.read().status_code, 200)
        self.assertEqual(self.revoke_by_api(made["share_id"], **own).status_code, 204)
        self.assertEqual(self.read().status_code, 401)

    def test_who_only_reads_makes_and_revokes_no_link(self):
        link = self.open_whole()
        key = make_api_key(user=User.objects.create_superuser("root"), name="x", days=1, now=NOW)
        by_key = {"Authorization": f"Bearer {key.text}"}
        assert_problem(self, self.make_by_api(self.reader), 401, "not_authenticated")
        assert_problem(self, self.make_by_api(**by_key), 403, "read_only")
        for answer in (
            self.revoke_by_api(link.link_id, self.reader),
            self.revoke_by_api(link.link_id, **by_key),
        ):
            self.assertIn(answer.status_code, (401, 403))
        self.assertEqual(ShareLink.objects.count(), 1)
        self.assertEqual(self.read().status_code, 200)

    def test_staff_revoke_their_own_links_and_a_superuser_all(self):
        links = [self.make(), self.make(user=None)]
        self.client.force_login(User.objects.create_user("bob", is_staff=True))
        for link in links:
            assert_problem(self, self.revoke_by_api(link.link_id), 404, "no_such_share")
        self.client.force_login(User.objects.create_superuser("root"))
        answers = [self.revoke_by_api(link.link_id).status_code for link in links]
        self.assertEqual(answers, [204, 204])
        self.assertEqual(ShareLink.objects.filter(revoked_at=NOW).count(), 2)

    def test_its_days_are_1_to_366(self):
        self.client.force_login(self.ann)
        for days in (0, -1, 367, 1.5, "7", None, 10**30):
            with self.subTest(days):
                assert_problem(self, self.make_by_api(body={"days": days}), 400, "invalid", "/days")
        self.assertEqual(
            [self.make_by_api(body={"days": n}).status_code for n in (1, 366)], [201] * 2
        )

    def test_a_token_makes_few_links_a_day(self):
        own = bearer(self.browser)
        answers = [self.make_by_api(**own).status_code for _ in range(21)]
        self.assertEqual(answers, [201] * 20 + [429])
        self.assertEqual(
            self.make_by_api(browser=self.other, **bearer(self.other)).status_code, 201
        )

    @override_settings(READS_PER_MINUTE=2)
    def test_readers_of_one_link_have_a_limit_for_each_address(self):
        forget_all_calls()
        self.open_whole()
        elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
        self.assertEqual([self.read().status_code for _ in range(2)], [200, 429])
        self.assertEqual(self.reader.get(path_of(self.browser), **elsewhere).status_code, 200)


class AdminTests(ShareTestCase):
    PATH = "/admin/dashboard/sharelink/"

    def test_a_superuser_lists_and_revokes_links_and_sees_no_ticket(self):
        link = self.open_whole()
        self.client.force_login(User.objects.create_superuser("root"))
        for path in (self.PATH, f"{self.PATH}{link.pk}/change/"):
            page = self.client.get(path)
            self.assertContains(page, link.link_id)
            self.assertNotContains(page, ticket_of(link).partition(":")[2])
        chosen = {"action": "revoke", "_selected_action": [link.pk]}
        self.assertContains(self.client.post(self.PATH, chosen, follow=True), "1 is revoked.")
        self.assertEqual(self.read().status_code, 401)

    def test_the_list_says_what_each_link_shows_and_whether_it_is_valid(self):
        self.open_whole()
        page = Page.objects.create(site="shop.example", name="/basket")
        ended = make_page_share(page=page, user=self.ann, days=1, now=NOW - WEEK)
        revoked = make_page_share(page=page, user=self.ann, days=1, now=NOW)
        ShareLink.objects.filter(pk=revoked.pk).update(revoked_at=NOW)
        make_page_share(page=page, user=User.objects.create_user("bob"), days=1, now=NOW)
        self.client.force_login(User.objects.create_superuser("root"))
        shown = self.client.get(self.PATH).context["cl"]
        ours = site.get_model_admin(ShareLink)
        name = self.browser.instance_id.hex[:8]
        self.assertEqual(
            [(ours.shared(link), ours.state(link), ours.maker(link)) for link in shown.result_list],
            [
                ("map of shop.example/basket", "void: its maker may not read it", "bob"),
                ("map of shop.example/basket", "revoked", "ann"),
                ("map of shop.example/basket", "ended", "ann"),
                (name, "valid", "ann"),
            ],
        )
        self.assertContains(
            self.client.get(f"{self.PATH}{ended.pk}/change/"), "shop.example/basket"
        )

    def test_staff_need_permissions(self):
        self.client.force_login(self.ann)
        self.assertEqual(self.client.get(self.PATH).status_code, 403)


class PageTests(ShareTestCase):
    def page(self, query=""):
        return self.reader.get(f"/browsers/{self.browser.instance_id}/{query}")

    def test_it_shows_any_range_without_the_staff_s_navigation(self):
        self.open_whole()
        page = self.page("?range=1h")
        self.assertContains(page, "Shared with you to read, until 30 November 2026, 12:00 UTC")
        self.assertContains(page, 'data-range="1h"')
        self.assertContains(page, "format=parquet")
        for words in ('href="/browsers/"', "Admin", "Log out", "data-share-dialog", "Share…"):
            self.assertNotContains(page, words)

    def test_a_reader_without_a_link_gets_no_data_and_a_login_that_comes_back(self):
        page = self.page("?range=1h")
        self.assertNotContains(page, "data-ranges")
        back = quote(f"/browsers/{self.browser.instance_id}/?range=1h", safe="")
        self.assertContains(page, f"/login/?next={back}")

    def test_staff_see_their_own_page_even_with_a_link(self):
        self.open_whole()
        self.reader.force_login(self.ann)
        page = self.page()
        self.assertNotContains(page, "Shared with you")
        self.assertContains(page, "data-share-dialog")
        self.assertEqual(self.reader.get("/api/v1/browsers/").status_code, 200)

    def test_a_login_that_is_not_staff_reads_by_a_link_too(self):
        self.open_whole()
        link = ShareLink.objects.get()
        self.reader.force_login(User.objects.create_user("visitor"))
        self.open(ticket_of(link))
        self.assertEqual(self.read().status_code, 200)
        self.assertContains(self.page(), "Shared with you")

    def test_nothing_of_the_address_goes_to_other_sites(self):
        for path in (f"/browsers/{self.browser.instance_id}/", "/"):
            self.assertEqual(self.reader.get(path)["Referrer-Policy"], "same-origin")
