"""Staff view instances and statuses in the admin, revoke and erase; no table is read whole."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboard.admin_rows import PAGE_SIZE
from dashboard.instances.browsers import log_on
from dashboard.models import Browser, PointerStatus

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
LIST = "/admin/dashboard/browser/"
STATUSES = "dashboard_pointerstatus"


def add_statuses(browser, count):
    zeros = dict.fromkeys(
        ("traversed_distance", "avg_velocity", "peak_velocity", "moving_time", "start_x"), 0.0
    )
    PointerStatus.objects.bulk_create(
        PointerStatus(
            browser=browser,
            interval_ms=1000,
            time=NOW - timedelta(seconds=i),
            events=i + 1,
            **zeros,
            start_y=0,
            end_x=0,
            end_y=0,
        )
        for i in range(count)
    )


class AdminTests(TestCase):
    def setUp(self):
        self.client.force_login(User.objects.create_superuser("ann"))
        self.browser, self.other = log_on(now=NOW), log_on(now=NOW)

    def found(self, text):
        page = self.client.get(LIST, {"q": text})
        return list(page.context["cl"].result_list)

    def act(self, action, *browsers, **extra):
        chosen = {"action": action, "_selected_action": [browser.pk for browser in browsers]}
        return self.client.post(LIST, {**chosen, **extra}, follow=True)

    def test_an_instance_is_found_by_its_id_or_its_beginning(self):
        whole = str(self.browser.instance_id)
        for text in (whole, whole.upper(), whole.replace("-", ""), whole[:13], f" {whole} "):
            with self.subTest(text):
                self.assertEqual(self.found(text), [self.browser])

    def test_an_instance_is_found_by_its_label_and_called_by_it(self):
        Browser.objects.filter(pk=self.browser.pk).update(label="participant 7")
        self.assertEqual(self.found("Participant"), [self.browser])
        self.assertContains(self.client.get(LIST), ">participant 7</a>")
        self.assertContains(self.client.get(LIST), f">{self.other.instance_id.hex[:8]}</a>")
        statuses = self.client.get(f"/admin/dashboard/browserstatuses/{self.browser.pk}/change/")
        self.assertContains(statuses, "Statuses of browser participant 7")

    def test_what_no_instance_has_finds_nothing(self):
        for text in ("zebra", "%", "a" * 500):
            with self.subTest(text[:10]):
                self.assertEqual(self.found(text), [])

    def test_the_list_can_be_narrowed_to_those_logged_on(self):
        Browser.objects.filter(pk=self.other.pk).update(is_active=False)
        page = self.client.get(LIST, {"is_active__exact": "1"})
        self.assertEqual(list(page.context["cl"].result_list), [self.browser])

    def test_the_number_of_results_is_that_of_a_search(self):
        self.assertNotContains(self.client.get(LIST), "Show all")
        self.assertContains(self.client.get(LIST, {"q": "zebra"}), "0 results (<a")

    def test_each_instance_leads_to_its_charts_its_statuses_and_its_samples(self):
        page = self.client.get(LIST)
        for name, address in (
            ("Charts", f"/browsers/{self.browser.instance_id}/"),
            ("Statuses", f"/admin/dashboard/browserstatuses/{self.browser.pk}/change/"),
            ("Samples", f"/admin/analytics/browserevents/{self.browser.pk}/change/"),
        ):
            self.assertContains(page, f'<a href="{address}">{name}</a>')

    def test_the_page_of_an_instance_has_its_name_and_the_same_links(self):
        Browser.objects.filter(pk=self.browser.pk).update(label="participant 7")
        page = self.client.get(f"{LIST}{self.browser.pk}/change/")
        self.assertEqual(page.context["subtitle"], "participant 7")
        self.assertContains(page, f'<a href="/browsers/{self.browser.instance_id}/">Charts</a>')
        samples = f"/admin/analytics/browserevents/{self.browser.pk}/change/"
        self.assertContains(page, f'<a href="{samples}">Samples</a>')

    def test_who_may_not_see_samples_gets_no_link_to_them(self):
        viewer = User.objects.create_user("bob", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_browser"))
        self.client.force_login(viewer)
        page = self.client.get(LIST)
        self.assertContains(page, ">Charts</a>")
        self.assertNotContains(page, ">Samples</a>")

    def test_the_admin_offers_each_thing_once_and_only_what_the_service_uses(self):
        page = self.client.get("/admin/")
        offered = [model["name"] for app in page.context["app_list"] for model in app["models"]]
        self.assertEqual(
            sorted(offered),
            [
                "API keys",
                "Access attempts",
                "Browsers",
                "Groups",
                "Intervals",
                "Periodic tasks",
                "Share links",
                "Users",
            ],
        )
        for gone in ("analytics/browserevents/", "dashboard/browserstatuses/"):
            self.assertRedirects(self.client.get(f"/admin/{gone}"), LIST)

    def test_times_are_written_as_the_pages_do_and_name_their_zone(self):
        self.assertContains(self.client.get(LIST), "23 Nov 2026, 12:00:00 UTC")

    def test_no_instance_can_be_made_or_edited_here(self):
        self.assertEqual(self.client.get(f"{LIST}add/").status_code, 403)
        path = f"{LIST}{self.browser.pk}/change/"
        self.assertNotContains(self.client.get(path), 'name="_save"')
        self.assertEqual(self.client.post(path, {"token_version": 7}).status_code, 403)

    def test_revoking_makes_an_instances_tokens_void_and_no_others(self):
        page = self.act("make_tokens_void", self.browser)
        self.assertContains(page, "The tokens of 1 instance are void.")
        versions = Browser.objects.order_by("pk").values_list("token_version", flat=True)
        self.assertEqual(list(versions), [2, 1])

    def test_staff_who_may_only_view_can_neither_revoke_nor_delete(self):
        viewer = User.objects.create_user("bob", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_browser"))
        self.client.force_login(viewer)
        self.assertEqual(self.client.get(LIST).status_code, 200)
        self.act("make_tokens_void", self.browser)
        self.act("delete_selected", self.browser, post="yes")
        self.client.post(f"{LIST}{self.browser.pk}/delete/", {"post": "yes"})
        self.assertEqual(Browser.objects.filter(token_version=1).count(), 2)
        statuses = reverse("admin:dashboard_browserstatuses_change", args=[self.browser.pk])
        self.assertEqual(self.client.get(statuses).status_code, 403)

    def test_deleting_is_confirmed_first_and_erases_all_data_of_the_instance(self):
        add_statuses(self.browser, 3)
        add_statuses(self.other, 1)
        path = f"{LIST}{self.browser.pk}/delete/"
        self.assertContains(self.client.get(path), "with all its events and statuses")
        self.assertEqual(Browser.objects.count(), 2)
        self.client.post(path, {"post": "yes"})
        self.assertEqual(list(Browser.objects.all()), [self.other])
        self.assertEqual(PointerStatus.objects.count(), 1)

    def test_several_are_deleted_together_after_one_question(self):
        self.act("delete_selected", self.browser, self.other)
        self.assertEqual(Browser.objects.count(), 2)
        self.act("delete_selected", self.browser, self.other, post="yes")
        self.assertFalse(Browser.objects.exists())

    def test_the_question_reads_no_hypertable(self):
        add_statuses(self.browser, 3)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            self.client.get(f"{LIST}{self.browser.pk}/delete/")
            self.act("delete_selected", self.browser)
        asked = " ".join(query["sql"] for query in queries)
        self.assertNotIn(STATUSES, asked)
        self.assertNotIn("analytics_", asked)

    def test_others_than_staff_see_nothing(self):
        self.client.force_login(User.objects.create_user("bob"))
        self.assertEqual(self.client.get(LIST).status_code, 302)

    def test_jobs_are_there_and_know_intervals_alone(self):
        page = self.client.get("/admin/django_celery_beat/periodictask/add/")
        self.assertContains(page, "Interval Schedule")
        for unused in ("Crontab", "Solar", "Clocked", "One-off"):
            self.assertNotContains(page, unused)
        self.assertEqual(
            self.client.get("/admin/django_celery_beat/periodictask/").status_code, 200
        )


class StatusesTests(TestCase):
    def setUp(self):
        self.client.force_login(User.objects.create_superuser("ann"))
        self.browser = log_on(now=NOW)
        self.path = f"/admin/dashboard/browserstatuses/{self.browser.pk}/change/"

    def get(self, **query):
        return self.client.get(self.path, query)

    def numbers(self, response):
        """Return the events of each row: 1 in the newest, 2 in the one before, and so on."""
        return [row[1] for row in response.context["page"].rows]

    def test_an_instance_without_rows_says_so(self):
        self.assertContains(self.get(), "Nothing is stored.")

    def test_columns_are_headed_by_words(self):
        add_statuses(self.browser, 1)
        self.assertContains(self.get(), "<span>traversed distance</span>")

    def test_the_newest_come_first_and_the_rest_page_by_page(self):
        add_statuses(self.browser, PAGE_SIZE * 2 + 1)
        first = self.get()
        self.assertEqual(self.numbers(first), list(range(1, PAGE_SIZE + 1)))
        self.assertContains(first, "?before=")
        second = self.get(before=first.context["page"].older)
        self.assertEqual(self.numbers(second)[0], PAGE_SIZE + 1)
        third = self.get(before=second.context["page"].older)
        self.assertEqual(self.numbers(third), [PAGE_SIZE * 2 + 1])
        self.assertIsNone(third.context["page"].older)

    def test_exactly_one_page_has_no_next_page(self):
        add_statuses(self.browser, PAGE_SIZE)
        self.assertIsNone(self.get().context["page"].older)

    def test_another_instances_rows_are_not_among_them(self):
        add_statuses(log_on(now=NOW), 2)
        self.assertEqual(self.numbers(self.get()), [])

    def test_the_hypertable_is_read_once_and_never_whole(self):
        add_statuses(self.browser, 3)
        with CaptureQueriesContext(connection) as queries:
            self.get()
            self.client.get("/admin/dashboard/browserstatuses/")
        reads = [query["sql"] for query in queries if STATUSES in query["sql"]]
        self.assertEqual(len(reads), 1)
        self.assertIn(f"LIMIT {PAGE_SIZE + 1}", reads[0])
        self.assertNotIn("COUNT(", reads[0])

    def test_an_invalid_cursor_is_refused(self):
        for before in ("x", "1", "1,2,3", "9" * 30 + ",1"):
            with self.subTest(before):
                self.assertEqual(self.get(before=before).status_code, 400)

    def test_nothing_can_be_changed_or_deleted_here(self):
        add_statuses(self.browser, 1)
        self.client.post(self.path, {"events": 5})
        delete = self.path.replace("change", "delete")
        self.assertEqual(self.client.post(delete, {"post": "yes"}).status_code, 403)
        self.assertEqual(PointerStatus.objects.get().events, 1)

    def test_a_missing_instance_is_not_found(self):
        for name in ("999999", "x"):
            path = f"/admin/dashboard/browserstatuses/{name}/change/"
            self.assertEqual(self.client.get(path).status_code, 404)
