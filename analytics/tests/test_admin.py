"""Staff view stored samples in the admin, newest first, and no hypertable is read whole."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from analytics.models import PointerPositionEvent, Trial
from analytics.tests.scenery import Mark, Scene, store_marks, store_scenes
from core.values.times import to_epoch_us
from dashboard.admin_rows import PAGE_SIZE
from dashboard.instances.browsers import log_on

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
EVENTS = "analytics_pointerpositionevent"


def add_events(browser, count):
    """Add samples, of which each two have the same time."""
    PointerPositionEvent.objects.bulk_create(
        PointerPositionEvent(
            browser=browser,
            time=NOW + timedelta(milliseconds=i // 2),
            seq=i,
            x=i,
            y=0,
            enter=False,
        )
        for i in range(count)
    )


class EventsTests(TestCase):
    def setUp(self):
        self.client.force_login(User.objects.create_superuser("ann"))
        self.browser = log_on(now=NOW)
        self.path = f"/admin/analytics/browserevents/{self.browser.pk}/change/"

    def get(self, **query):
        return self.client.get(self.path, query)

    def read_all(self):
        page = self.get().context["page"]
        yield page
        while page.older:
            page = self.get(before=page.older).context["page"]
            yield page

    def test_an_instance_without_samples_says_so(self):
        self.assertContains(self.get(), "Nothing is stored.")

    def test_page_by_page_each_sample_comes_once_and_the_newest_first(self):
        # An odd number, so that a page ends between two samples of the same time.
        add_events(self.browser, PAGE_SIZE * 2 + 51)
        add_events(log_on(now=NOW), 5)
        pages = list(self.read_all())
        self.assertEqual(len(pages), 3)
        seqs = [row[3] for page in pages for row in page.rows]
        self.assertEqual(seqs, list(reversed(range(PAGE_SIZE * 2 + 51))))

    def test_the_hypertable_is_read_once_and_never_whole(self):
        add_events(self.browser, 3)
        with CaptureQueriesContext(connection) as queries:
            self.get()
            self.client.get("/admin/analytics/browserevents/", {"q": str(self.browser)[:8]})
            self.client.get("/admin/")
        reads = [query["sql"] for query in queries if EVENTS in query["sql"]]
        self.assertEqual(len(reads), 1)
        self.assertIn(f"LIMIT {PAGE_SIZE + 1}", reads[0])
        self.assertNotIn("COUNT(", reads[0])

    def test_a_page_reads_the_key_without_sorting(self):
        add_events(self.browser, 500)
        with CaptureQueriesContext(connection) as queries:
            list(self.read_all())
        read = [query["sql"] for query in queries if EVENTS in query["sql"]][-1]
        with connection.cursor() as cursor:
            # Sorting so few rows costs nothing; the test is whether the key makes it unnecessary.
            cursor.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
            cursor.execute(f"explain {read}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        self.assertNotIn("Sort", plan)

    def test_viewing_samples_is_a_permission_of_its_own(self):
        viewer = User.objects.create_user("bob", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_browser"))
        self.client.force_login(viewer)
        self.assertEqual(self.get().status_code, 403)
        viewer.user_permissions.add(Permission.objects.get(codename="view_browserevents"))
        self.assertEqual(self.get().status_code, 200)


class SceneTests(TestCase):
    def setUp(self):
        self.client.force_login(User.objects.create_superuser("ann"))
        self.browser = log_on(now=NOW)

    def get(self, what, **query):
        return self.client.get(f"/admin/analytics/{what}/{self.browser.pk}/change/", query)

    def test_scenes_are_listed_with_their_pages_and_marks_with_their_data(self):
        now = to_epoch_us(NOW)
        store_scenes(self.browser, [Scene(now, 1, page="/<b>"), Scene(now, 2)])
        store_marks(self.browser, [Mark(now, 3, "<i>start", {"trial": 3})])
        scenes = self.get("browserscenes")
        self.assertContains(scenes, "/&lt;b&gt;")
        self.assertEqual([row[1] for row in scenes.context["page"].rows], [2, 1])
        self.assertEqual([row[-1] for row in scenes.context["page"].rows], ["", "/<b>"])
        self.assertEqual(scenes.context["columns"], Scene._fields)
        marks = self.get("browsermarks")
        self.assertContains(marks, "&lt;i&gt;start")
        self.assertContains(marks, "{&quot;trial&quot;: 3}")

    def test_page_by_page_each_comes_once(self):
        now = to_epoch_us(NOW)
        count = 2 * PAGE_SIZE + 51
        store_scenes(self.browser, [Scene(now + n // 2, n) for n in range(count)])
        store_marks(self.browser, [Mark(now + n // 2, n, "m", {}) for n in range(count)])
        for what in ("browserscenes", "browsermarks"):
            seqs, older = [], ""
            while older is not None:
                page = self.get(what, **({"before": older} if older else {})).context["page"]
                seqs += [row[1] for row in page.rows]
                older = page.older
            self.assertEqual(seqs, list(reversed(range(count))), what)

    def test_the_list_of_instances_links_to_them_for_those_who_may_see_them(self):
        links = [f"/admin/analytics/{what}/" for what in ("browserscenes", "browsermarks")]
        answer = self.client.get("/admin/dashboard/browser/")
        for link in links:
            self.assertContains(answer, link)
        viewer = User.objects.create_user("bob", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_browser"))
        self.client.force_login(viewer)
        answer = self.client.get("/admin/dashboard/browser/")
        for link in links:
            self.assertNotContains(answer, link)
        self.assertEqual(self.get("browserscenes").status_code, 403)
        self.assertEqual(self.get("browsermarks").status_code, 403)


class TrialsTests(TestCase):
    """The entry to trials: newest first, a page at a time, for those who may see it."""

    def setUp(self):
        self.client.force_login(User.objects.create_superuser("ann"))
        self.browser = log_on(now=NOW)
        self.path = f"/admin/analytics/browsertrials/{self.browser.pk}/change/"

    def add(self, count: int, **columns) -> None:
        # Each two have the same start but for its seq.
        Trial.objects.bulk_create(
            Trial(
                browser=self.browser,
                started_at=NOW + timedelta(seconds=n // 2),
                start_seq=n,
                ended_at=NOW + timedelta(seconds=n),
                end_seq=n,
                trial=str(n),
                rt=1,
                targets={},
                **columns,
            )
            for n in range(count)
        )

    def test_trials_are_listed_newest_first_and_each_once(self):
        count = PAGE_SIZE + 51
        self.add(count, study="<b>mt-1")
        page = self.client.get(self.path)
        self.assertContains(page, "&lt;b&gt;mt-1")
        older = self.client.get(self.path, {"before": page.context["page"].older})
        rows = page.context["page"].rows + older.context["page"].rows
        self.assertEqual([row[3] for row in rows], [str(n) for n in reversed(range(count))])
        self.assertIsNone(older.context["page"].older)

    def test_they_are_only_for_those_who_may_see_them(self):
        link = "/admin/analytics/browsertrials/"
        self.assertContains(self.client.get("/admin/dashboard/browser/"), link)
        viewer = User.objects.create_user("bob", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_browser"))
        self.client.force_login(viewer)
        self.assertNotContains(self.client.get("/admin/dashboard/browser/"), link)
        self.assertEqual(self.client.get(self.path).status_code, 403)
