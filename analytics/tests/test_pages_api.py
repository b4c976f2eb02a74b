"""The calls of pages and their maps answer staff, in every format, and refuse bad values."""

import csv
import io
from datetime import timedelta
from unittest import mock

import pyarrow.parquet as pq
from django.contrib.auth.models import User
from django.test import TestCase

from analytics.tests.heating import visit
from analytics.tests.pointers import NOW, new_browser
from analytics.tests.scenery import Scene
from analytics.tests.test_maps import at, page_of
from core.tests.limits import forget_all_calls
from dashboard.models import Browser

SINCE, UNTIL = "2026-11-23T11:00:00.000000Z", "2026-11-23T12:00:00.000000Z"
VISITED = "2026-11-23T11:30:00.000000Z"


class PagesApiTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.browser = new_browser()
        Browser.objects.filter(pk=cls.browser.pk).update(site="shop.example", label="hall 2")
        samples = [at(-1800, 40, 8), at(-1798.5, 60, 8), at(-1798, 60, 8)]
        scenes = [Scene(samples[0].time, 0, page="/a", scroll_y=16.0)]
        visit(cls.browser, samples, scenes, now=NOW)
        cls.page = page_of("/a")
        cls.staff = User.objects.create_user("sue", password="x", is_staff=True)

    def setUp(self):
        forget_all_calls()
        self.client.force_login(self.staff)
        patched = mock.patch("django.utils.timezone.now", return_value=NOW + timedelta(minutes=1))
        patched.start()
        self.addCleanup(patched.stop)

    def get(self, path: str, status: int = 200, **query):
        answer = self.client.get(f"/api/v1/pages/{path}", query)
        self.assertEqual(answer.status_code, status, getattr(answer, "content", ""))
        return answer

    def map(self, **query):
        return self.get(f"{self.page}/map/", since=SINCE, until=UNTIL, **query).json()

    def test_a_map_says_what_it_is_of(self):
        one = {"width": 1024, "instances": 1, "samples": 3, "dwell": 2.0}
        self.assertEqual(
            self.map(),
            {
                "page": {"id": self.page, "site": "shop.example", "name": "/a"},
                "since": SINCE,
                "until": UNTIL,
                "width": 1024,
                "pointer": None,
                "label": "",
                "weight": "dwell",
                "cell": 16,
                "total": 2.0,
                "instances": 1,
                "samples": 3,
                "widths": [one],
                "cells": [[2, 1, 1.5], [3, 1, 0.5]],
            },
        )

    def test_each_weight_pointer_width_and_label(self):
        self.assertEqual(self.map(weight="samples")["cells"], [[2, 1, 1], [3, 1, 2]])
        self.assertEqual(self.map(weight="instances")["cells"], [[2, 1, 1], [3, 1, 1]])
        self.assertEqual(self.map(pointer="mouse", width=1024, label="hall")["total"], 2.0)
        self.assertEqual(self.map(pointer="pen")["width"], None)
        empty = self.map(width=0)
        self.assertEqual((empty["width"], empty["instances"], empty["cells"]), (0, 0, []))
        self.assertEqual(len(empty["widths"]), 1)
        self.assertEqual(self.map(label="room")["widths"], [])

    def test_pages_are_listed(self):
        # Nothing is mapped yet, so the page is known by its visit alone.
        expected = {"id": self.page, "site": "shop.example", "name": "/a", "instances": 1}
        listed = {**expected, "samples": 0, "dwell": 0.0, "last_visit": VISITED}
        self.assertEqual(self.get("").json(), {"pages": [listed], "next_cursor": None})
        for query, count in (
            ({"site": "shop.example"}, 1),
            ({"site": ""}, 0),
            ({"q": "A"}, 1),
            ({"q": "%"}, 0),
        ):
            self.assertEqual(len(self.get("", **query).json()["pages"]), count, query)

    def test_hours_are_listed(self):
        answer = self.get(f"{self.page}/statuses/", since=SINCE, until=UNTIL).json()
        self.assertEqual(
            answer["statuses"],
            [
                {
                    "time": SINCE,
                    "width": 1024,
                    "pointer": "mouse",
                    "instances": 1,
                    "events": 3,
                    "distance": 20.0,
                    "moving_time": 0.25,
                    "dwell": 2.0,
                }
            ],
        )

    def test_files_have_the_same_cells_and_hours(self):
        query = {"since": SINCE, "until": UNTIL}
        answer = self.get(f"{self.page}/map/", format="csv", **query)
        rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
        self.assertEqual(rows[0], ["width", "column", "row", "x", "y", "value"])
        self.assertEqual(
            rows[1:], [["1024", "2", "1", "32", "16", "1.5"], ["1024", "3", "1", "48", "16", "0.5"]]
        )
        answer = self.get(f"{self.page}/map/", format="parquet", **query)
        table = pq.read_table(io.BytesIO(b"".join(answer.streaming_content)))
        self.assertEqual(table.column("value").to_pylist(), [1.5, 0.5])
        answer = self.get(f"{self.page}/statuses/", format="parquet", **query)
        table = pq.read_table(io.BytesIO(b"".join(answer.streaming_content)))
        self.assertEqual(table.column("dwell").to_pylist(), [2.0])

    def test_bad_values_are_refused_with_pointers(self):
        for path, query, pointer in (
            (f"{self.page}/map/", {"since": "x"}, "?since"),
            (f"{self.page}/map/", {"since": UNTIL, "until": SINCE}, "?since"),
            (f"{self.page}/map/", {"until": "0001-01-02T00:00:00Z"}, "?until"),
            (f"{self.page}/map/", {"width": "1000"}, "?width"),
            (f"{self.page}/map/", {"pointer": "nose"}, "?pointer"),
            (f"{self.page}/map/", {"weight": "luck"}, "?weight"),
            (f"{self.page}/map/", {"label": "x" * 101}, "?label"),
            (f"{self.page}/statuses/", {"width": "-1"}, "?width"),
            ("", {"cursor": "1"}, "?cursor"),
            ("", {"limit": "51"}, "?limit"),
            ("", {"q": "x" * 201}, "?q"),
        ):
            problem = self.get(path, 400, **query).json()
            self.assertEqual([one["pointer"] for one in problem["errors"]], [pointer], query)

    def test_a_page_that_does_not_exist_is_404(self):
        for key in (self.page + 1, 2**40):
            for call in ("map", "statuses"):
                self.assertEqual(self.get(f"{key}/{call}/", 404).json()["code"], "no_such_page")

    def test_hours_are_those_of_a_label(self):
        def hours(label: str) -> list:
            path = f"{self.page}/statuses/"
            return self.get(path, since=SINCE, until=UNTIL, label=label).json()["statuses"]

        self.assertEqual(hours("hall"), hours(""))
        self.assertEqual(hours("all 2"), [])

    def test_only_staff_may_read(self):
        for log_in in (
            self.client.logout,
            lambda: self.client.force_login(User.objects.create_user("joe")),
        ):
            log_in()
            for path in ("", f"{self.page}/map/", f"{self.page}/statuses/"):
                self.assertIn(self.client.get(f"/api/v1/pages/{path}").status_code, (401, 403))
