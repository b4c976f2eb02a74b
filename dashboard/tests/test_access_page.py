"""`/access/` lists keys and links, makes a key that is shown once, and revokes both."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.contrib.auth.models import User
from django.test import Client, TestCase

from dashboard.access.api_keys import make_api_key
from dashboard.access.share_links import make_page_share, make_share_link, ticket_of
from dashboard.instances.browsers import log_on
from dashboard.models import ApiKey, Page, ShareLink

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
PATH = "/access/"


class AccessPageTests(TestCase):
    def setUp(self):
        clock = patch("django.utils.timezone.now", side_effect=lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)
        self.now = NOW
        self.ann = User.objects.create_user("ann", is_staff=True)
        self.bob = User.objects.create_user("bob", is_staff=True)
        self.root = User.objects.create_superuser("root")
        self.browser = log_on(now=NOW, label="participant 7")
        self.client.force_login(self.ann)

    def add(self, user, name="notebook", days=7):
        key = make_api_key(user=user, name=name, days=days, now=NOW).key
        link = make_share_link(browser=self.browser, user=user, days=days, now=NOW)
        return key, link

    def shown(self, **query):
        page = self.client.get(PATH, query)
        return [key.name for key in page.context["keys"]], len(page.context["links"])

    def test_it_is_for_staff(self):
        for path in (PATH, "/access/keys/"):
            guest = Client()
            method = guest.get if path == PATH else guest.post
            self.assertRedirects(method(path), f"/login/?next={path}")
            guest.force_login(User.objects.get_or_create(username="visitor")[0])
            self.assertEqual(method(path).status_code, 403)
        self.assertEqual(self.client.get(PATH)["Cache-Control"], "private, no-store")

    def test_staff_see_their_own_and_a_superuser_all(self):
        self.assertEqual(self.shown(), ([], 0))
        self.add(self.ann, "mine")
        self.add(self.bob, "theirs")
        make_share_link(browser=self.browser, user=None, days=7, now=NOW)
        self.assertEqual(self.shown(), (["mine"], 1))
        self.client.force_login(self.root)
        self.assertEqual(self.shown(), (["theirs", "mine"], 3))

    def test_a_made_key_is_shown_once_and_reads(self):
        answer = self.client.post("/access/keys/", {"name": " my notebook ", "days": "30"})
        self.assertEqual(answer.status_code, 201)
        text = answer.context["made"].text
        self.assertContains(answer, text, status_code=201)
        (key,) = ApiKey.objects.all()
        self.assertEqual(
            (key.user, key.name, key.ends_at), (self.ann, "my notebook", NOW + timedelta(days=30))
        )
        self.assertNotContains(self.client.get(PATH), text)
        headers = {"Authorization": f"Bearer {text}"}
        self.assertEqual(Client().get("/api/v1/browsers/", headers=headers).status_code, 200)

    def test_a_form_that_is_sent_again_makes_no_second_key(self):
        form = {"name": "notebook", "days": "7"}
        answers = [self.client.post("/access/keys/", form).status_code for _ in range(2)]
        self.assertEqual(answers, [201, 400])
        self.assertEqual(ApiKey.objects.count(), 1)
        self.now += timedelta(days=7)
        self.assertEqual(self.client.post("/access/keys/", form).status_code, 201)

    def test_a_bad_form_makes_nothing_and_says_why(self):
        for name, days in (("", "7"), ("x" * 101, "7"), ("a\nb", "7"), ("\0", "7"), ("x", "8")):
            with self.subTest(name=name, days=days):
                answer = self.client.post("/access/keys/", {"name": name, "days": days})
                self.assertContains(answer, 'role="alert"', status_code=400)
        self.assertEqual(ApiKey.objects.count(), 0)

    def test_both_are_revoked_by_their_maker_or_a_superuser(self):
        for user, are_revoked in ((self.bob, False), (self.ann, True), (self.root, True)):
            key, link = self.add(self.ann)
            self.client.force_login(user)
            for path in (f"keys/{key.pk}", f"links/{link.link_id}"):
                answer = self.client.post(f"{PATH}{path}/revoke/")
                self.assertRedirects(answer, PATH)
            rows = [ApiKey.objects.get(pk=key.pk), ShareLink.objects.get(pk=link.pk)]
            with self.subTest(user=user):
                self.assertEqual([bool(row.revoked_at) for row in rows], [are_revoked] * 2)
            self.assertEqual(self.client.get(f"{PATH}keys/{key.pk}/revoke/").status_code, 405)

    def test_each_says_its_state_and_only_valid_ones_can_be_copied_or_revoked(self):
        self.client.force_login(self.root)
        states = {}
        for name in ("valid", "ended", "revoked", "not active", "not staff"):
            user = User.objects.create_user(name, is_staff=name != "not staff")
            user.is_active = name != "not active"
            user.save()
            states[name] = self.add(user, name, days=1 if name == "ended" else 7)
        for kind, row in zip((ApiKey, ShareLink), states["revoked"], strict=True):
            kind.objects.filter(pk=row.pk).update(revoked_at=NOW)
        self.now += timedelta(days=1)
        page = self.client.get(PATH)
        for words in ("valid until", "ended <", "revoked <", "user is not active", "is not staff"):
            self.assertContains(page, words, count=2)
        _, valid = states["valid"]
        self.assertContains(page, "#share=", count=1)
        self.assertContains(page, f"#share={ticket_of(valid)}")
        self.assertContains(page, "data-ask=", count=2)
        self.assertEqual(page.context["keys"][0].name, "valid")

    def test_three_hundred_are_on_pages_of_fifty(self):
        for n in range(300):
            self.add(self.ann, f"key {n}")
        first, last = self.client.get(PATH), self.client.get(PATH, {"keys": 6, "links": 2})
        self.assertEqual([len(first.context[name]) for name in ("keys", "links")], [50, 50])
        self.assertContains(first, "1 to 50 of 300", count=2)
        self.assertContains(last, "251 to 300 of 300")
        self.assertContains(last, "51 to 100 of 300")
        self.assertContains(last, 'href="?keys=5&amp;links=2"')
        for odd in ("x", "-1", "9" * 99):
            self.assertEqual(self.client.get(PATH, {"keys": odd}).status_code, 200)

    def test_a_search_finds_parts_of_names_labels_sites_and_pages_and_how_ids_begin(self):
        self.client.force_login(self.root)
        self.add(self.ann, "notebook of the lab")
        bobs, _ = self.add(self.bob, "report")
        page = Page.objects.create(site="shop.example", name="/checkout")
        make_page_share(page=page, user=self.ann, days=7, now=NOW)
        expected = {
            "NOTEBOOK": (["notebook of the lab"], []),
            "bob": (["report"], ["instance"]),
            bobs.prefix: (["report"], []),
            "participant": ([], ["instance", "instance"]),
            str(self.browser.instance_id)[:8].upper(): ([], ["instance", "instance"]),
            "Shop.": ([], ["page"]),
            "check": ([], ["page"]),
            "  ": (["report", "notebook of the lab"], ["page", "instance", "instance"]),
            "nothing like this": ([], []),
        }
        found = {}
        for q in expected:
            shown = self.client.get(PATH, {"q": q}).context
            links = ["page" if link.page else "instance" for link in shown["links"]]
            found[q] = [key.name for key in shown["keys"]], links
        self.assertEqual(found, expected)

    def test_a_search_shows_no_one_else_s_and_says_so_if_nothing_matches(self):
        self.add(self.bob, "report")
        self.assertNotContains(self.client.get(PATH), 'role="search"')
        nothing = self.client.get(PATH, {"q": "report"})
        self.assertContains(nothing, "No key matches.")
        self.assertContains(nothing, "No link matches.")
        self.assertContains(nothing, 'value="report"')

    def test_the_pages_of_a_search_keep_it(self):
        for n in range(60):
            self.add(self.ann, f"a & b {n}")
        first = self.client.get(PATH, {"q": "a & b"})
        self.assertContains(first, 'href="?keys=2&amp;links=1&amp;q=a%20%26%20b"')

    def test_its_queries_do_not_grow_with_the_rows(self):
        self.client.force_login(self.root)
        for n in range(20):
            self.add(self.ann, f"key {n}")
        # Session and user, each list and its number.
        with self.assertNumQueries(6):
            self.client.get(PATH)
