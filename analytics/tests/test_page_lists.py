"""Lists of pages and of a page's instances: their orders, cut into pages, and whom they answer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client, TestCase

from analytics.maps.buckets import DAY_MS, HOUR_MS
from analytics.maps.page_list import Sort, list_page_sites, list_pages
from analytics.maps.page_visitors import VisitorSort, list_visitors
from analytics.models import DirtyPage, PageHeat, PageStatus
from analytics.tests.heat_oracle import expected_heat
from analytics.tests.heating import drain_all_heat, visit
from analytics.tests.pointers import NOW, new_browser
from analytics.tests.scenery import Scene, moment
from analytics.tests.test_maps import DAY, at, page_of
from core.tests.limits import forget_all_calls
from dashboard.instances.browsers import set_label
from dashboard.instances.erasing import erase
from dashboard.models import Browser, Page

SINCE, UNTIL = NOW - 4 * DAY, NOW + DAY
FIVE_MINUTES = timedelta(minutes=5)
# Each instance's visits of a page: the start and the pauses between samples, in s. `/long` has the
# most dwell, `/busy` the most samples, `/liked` the most instances, and `/new` the newest visit.
VISITS = (
    (("/long", -3 * 86400, [4.0] * 30), ("/liked", -7200, [0.5])),
    (("/long", -2 * 86400, [3.0] * 20), ("/liked", -7100, [0.5]), ("/busy", -3600, [0.1] * 90)),
    (("/liked", -7000, [0.5]), ("/new", -600, [1.0] * 3)),
)


class PageListTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.browsers, cls.sent = [], {}
        for visits in VISITS:
            samples, scenes = [], []
            for page, start, pauses in visits:
                scenes.append(Scene(at(start).time, 0, page=page))
                times = [start + sum(pauses[:n]) for n in range(len(pauses) + 1)]
                samples += [at(time, n) for n, time in enumerate(times)]
            browser = new_browser()
            visit(browser, samples, scenes, now=NOW)
            cls.browsers.append(browser)
            cls.sent[browser] = samples, scenes
        cls.places = {one.instance_id: n for n, one in enumerate(cls.browsers)}
        Page.objects.filter(name="/new").update(site="new.example")
        Page.objects.filter(name="/busy").update(site="busy.example")
        drain_all_heat(now=NOW + timedelta(hours=2))
        cls.staff = User.objects.create_user("sue", password="x", is_staff=True)

    def setUp(self):
        forget_all_calls()
        self.client.force_login(self.staff)

    def heat_on(self, page: str) -> dict[Browser, list[tuple[int, int, int]]]:
        """Each instance's buckets on a page, by the oracle: start, µs of dwell, and samples."""
        return {
            browser: [
                (key.time, heat.dwell_us, heat.events)
                for key, heat in expected_heat(*sent).items()
                if key.page == page
            ]
            for browser, sent in self.sent.items()
        }

    def test_each_order_has_the_most_or_the_newest_first(self):
        firsts = {sort: list_pages(since=SINCE, until=UNTIL, sort=sort)[0][0].name for sort in Sort}
        self.assertEqual(
            firsts,
            {
                Sort.DWELL: "/long",
                Sort.SAMPLES: "/busy",
                Sort.INSTANCES: "/liked",
                Sort.LAST_VISIT: "/new",
            },
        )

    def test_each_order_is_cut_into_pages_without_loss(self):
        values: dict[Sort, Callable[[Any], Any]] = {
            Sort.DWELL: lambda page: page.dwell,
            Sort.SAMPLES: lambda page: page.samples,
            Sort.INSTANCES: lambda page: page.instances,
            Sort.LAST_VISIT: lambda page: page.last_visit,
        }
        for sort, value in values.items():
            whole, end = list_pages(since=SINCE, until=UNTIL, sort=sort)
            self.assertEqual((len(whole), end), (4, None))
            self.assertEqual([value(page) for page in whole], sorted(map(value, whole))[::-1])
            found, after = [], None
            while True:
                some, after = list_pages(since=SINCE, until=UNTIL, sort=sort, after=after, limit=1)
                found += some
                if after is None:
                    break
            self.assertEqual(found, whole, sort)

    def test_a_page_has_its_instances_and_their_newest_visit(self):
        listed = {page.name: page for page in list_pages(since=SINCE, until=UNTIL)[0]}
        for name, page in listed.items():
            heat = {browser: rows for browser, rows in self.heat_on(name).items() if rows}
            dwell = sum(row[1] for rows in heat.values() for row in rows)
            samples = sum(row[2] for rows in heat.values() for row in rows)
            scenes = [s for _, some in self.sent.values() for s in some if s.page == name]
            last = moment(max(scene.time for scene in scenes))
            self.assertEqual(
                (page.instances, page.samples, page.dwell, page.last_visit),
                (len(heat), samples, dwell / 1e6, last),
            )

    def dwells(self, since: datetime, until: datetime) -> dict[str, float]:
        return {page.name: page.dwell for page in list_pages(since=since, until=until)[0]}

    def expected_dwells(self, since: datetime, until: datetime) -> dict[str, float]:
        totals = {}
        for name in ("/long", "/busy", "/liked", "/new"):
            rows = [row for some in self.heat_on(name).values() for row in some]
            within = [row[1] for row in rows if since <= moment(row[0]) < until]
            # A visit of no time has no dwell, and its page is listed.
            if within:
                totals[name] = sum(within) / 1e6
        return totals

    def test_its_dwell_is_that_of_the_hours_of_the_range_even_where_days_or_hours_wait(self):
        midnight = NOW.replace(hour=0)
        hour = timedelta(hours=1)
        ranges = (
            (SINCE, UNTIL),
            (midnight - 3 * DAY, midnight - 2 * DAY),
            (NOW - 3 * DAY, NOW - 2 * DAY),
            (NOW - 3 * DAY + hour, NOW - 2 * DAY + hour),
            (NOW - 2 * DAY, NOW - 2 * DAY + hour),
            (NOW - 2 * DAY - hour, NOW - 2 * DAY),
            (midnight - 2 * DAY, NOW - hour),
            (NOW - 2 * hour, NOW),
        )
        expected = {of: self.expected_dwells(*of) for of in ranges}
        self.assertEqual(len({*map(str, expected.values())}), 6)

        def check(waiting: str) -> None:
            for of in ranges:
                found = {name: dwell for name, dwell in self.dwells(*of).items() if dwell}
                self.assertEqual(found, expected[of], (waiting, of))

        check("nothing")
        long, day = page_of("/long"), midnight - 2 * DAY
        # What waits is not read, so it may be wrong.
        PageHeat.objects.filter(page=long, time=day).update(dwell_us=1)
        DirtyPage.objects.create(page_id=long, since=day, length_ms=DAY_MS)
        check("a day")
        for ago in (3 * DAY, 2 * DAY):
            PageStatus.objects.filter(page=long, time=NOW - ago).update(dwell_us=1)
            DirtyPage.objects.create(page_id=long, since=NOW - ago, length_ms=HOUR_MS)
            if ago == 3 * DAY:
                check("a day, and an hour of another day that is whole")
        check("a day and its hour")

    def test_the_instances_of_a_page_are_listed_by_their_dwell_on_it(self):
        set_label(self.browsers[1], label="participant 2")
        for name in ("/long", "/liked", "/busy", "/new"):
            expected = []
            for browser, rows in self.heat_on(name).items():
                if not rows:
                    continue
                starts = [moment(row[0]) for row in rows]
                dwell = sum(row[1] for row in rows)
                label = "participant 2" if browser == self.browsers[1] else ""
                expected.append(
                    (
                        *(browser.instance_id, label, dwell / 1e6, sum(row[2] for row in rows)),
                        *(min(starts), max(starts) + FIVE_MINUTES),
                    )
                )
            newest_first = expected[::-1]
            found, after = list_visitors(page_id=page_of(name), since=SINCE, until=UNTIL)
            self.assertEqual(found, sorted(newest_first, key=lambda one: -one[2]), name)
            self.assertIsNone(after)
            again, after = list_visitors(page_id=page_of(name), since=SINCE, until=UNTIL, limit=1)
            while after:
                some, after = list_visitors(
                    page_id=page_of(name), since=SINCE, until=UNTIL, limit=1, after=after
                )
                again += some
            self.assertEqual(again, found, name)

    def test_the_instances_of_a_page_are_found_and_sorted(self):
        set_label(self.browsers[1], label="Participant 2")
        wanted = {"page_id": page_of("/liked"), "since": SINCE, "until": UNTIL}

        def found(**more: Any) -> list[int]:
            place, keys = None, []
            while True:
                some, place = list_visitors(**wanted, **more, limit=1, after=place)
                ids = [one.instance_id for one in some]
                keys += [self.places[one] for one in ids]
                if place is None:
                    return keys

        heat = {self.places[one.instance_id]: rows for one, rows in self.heat_on("/liked").items()}
        orders: dict[VisitorSort, Callable[[Any], Any]] = {
            VisitorSort.DWELL: lambda n: sum(row[1] for row in heat[n]),
            VisitorSort.SAMPLES: lambda n: sum(row[2] for row in heat[n]),
            VisitorSort.LATEST: lambda n: max(row[0] for row in heat[n]),
        }
        for sort, value in orders.items():
            expected = sorted(heat, key=lambda n: (value(n), n), reverse=True)
            self.assertEqual(found(sort=sort), expected, sort)
        self.assertEqual(found(q="PARTICIPANT"), [1])
        self.assertEqual(found(q=str(self.browsers[0].instance_id)[:12].upper()), [0])
        self.assertEqual(found(q="%"), [])

    def test_an_erased_instance_is_on_no_list(self):
        erase(instance_id=self.browsers[2].instance_id, token=None)
        self.assertEqual(list_visitors(page_id=page_of("/new"), since=SINCE, until=UNTIL)[0], [])

    def test_only_sites_that_have_pages_are_suggested(self):
        self.assertEqual(list_page_sites(limit=9), ["busy.example", "new.example"])
        self.assertEqual(list_page_sites(limit=1), ["busy.example"])

    def test_the_api_has_each_order(self):
        query = {"since": SINCE.isoformat(), "until": UNTIL.isoformat(), "limit": 1}
        for sort, name in (("dwell", "/long"), ("samples", "/busy"), ("last_visit", "/new")):
            answer = self.client.get("/api/v1/pages/", {**query, "sort": sort}).json()
            self.assertEqual([page["name"] for page in answer["pages"]], [name])
            more = {**query, "sort": sort, "cursor": answer["next_cursor"]}
            self.assertEqual(self.client.get("/api/v1/pages/", more).status_code, 200)
        problem = self.client.get("/api/v1/pages/", {"sort": "luck"}).json()
        self.assertEqual([one["pointer"] for one in problem["errors"]], ["?sort"])

    def test_rows_of_instances_are_given_and_bad_values_refused(self):
        url = f"/pages/{page_of('/long')}/instances/rows/"
        query = {"since": SINCE.isoformat(), "until": UNTIL.isoformat()}
        rows = self.client.get(url, query).json()["instances"]
        expected = [browser.instance_id for browser in self.browsers[:2]]
        self.assertEqual([row["instance_id"] for row in rows], list(map(str, expected)))
        self.assertEqual(rows[0]["short_id"], expected[0].hex[:8])
        self.assertEqual(self.client.get(url, {**query, "cursor": "90000000,1"}).status_code, 200)
        map_of = f'href="/pages/{page_of("/long")}/"'
        self.assertContains(self.client.get(url.removesuffix("rows/")), map_of)
        latest = self.client.get(url, {**query, "sort": "latest", "q": "nobody"}).json()
        self.assertEqual(latest, {"instances": [], "next_cursor": None})
        for bad in (
            {"cursor": "x"},
            {"sort": "luck"},
            {"since": "x"},
            {"since": query["until"], "until": SINCE},
        ):
            self.assertEqual(self.client.get(url, bad).status_code, 400, bad)
        for key in (0, 2**40):
            self.assertEqual(self.client.get(f"/pages/{key}/instances/rows/").status_code, 404)
            answer = self.client.get(f"/pages/{key}/instances/")
            self.assertContains(answer, "no page with this id", status_code=404)

    def test_they_are_for_staff(self):
        path = f"/pages/{page_of('/long')}/instances/"
        for one in ("/pages/", path):
            guest = Client()
            self.assertRedirects(guest.get(one), f"/login/?next={one}")
            guest.force_login(User.objects.get_or_create(username="visitor")[0])
            self.assertEqual(guest.get(one).status_code, 403)
            self.assertEqual(self.client.get(one)["Cache-Control"], "private, no-store")
            self.assertEqual(self.client.post(one).status_code, 405)
        self.assertEqual(guest.get(f"{path}rows/").status_code, 403)
        self.assertEqual(Client().get(f"{path}rows/").status_code, 401)

    def test_the_navigation_says_where_one_is_and_is_only_for_staff(self):
        for path, current in (
            ("/browsers/", '<a href="/browsers/" aria-current="page">Instances</a>'),
            ("/pages/", '<a href="/pages/" aria-current="page">Pages</a>'),
            ("/access/", '<a href="/access/" aria-current="page">Access</a>'),
        ):
            page = self.client.get(path)
            self.assertContains(page, current, html=True)
            self.assertContains(page, "aria-current", count=1)
        self.assertNotContains(self.client.get("/"), "aria-current")
        guest = Client()
        guest.force_login(User.objects.create_user("joe"))
        for visitor in (guest, Client()):
            page = visitor.get("/").content.decode()
            for path in ("/overview/", "/browsers/", "/pages/", "/access/", "/admin/"):
                self.assertNotIn(f'href="{path}', page)
