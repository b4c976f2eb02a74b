"""The calls, views and export of trials give the same rows, in every format."""

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import TestCase

from analytics.models import PointerPositionEvent, Trial
from analytics.studies.normalised import normalise
from analytics.studies.path_list import TOGETHER
from analytics.studies.trajectory import Position
from analytics.studies.trial_list import COLUMNS
from analytics.tests.pointers import NOW, new_browser, sample
from analytics.tests.test_trials import ANSWER, GIVEN, deliver, end, make_all, start
from core.tests.limits import forget_all_calls
from dashboard.models import Browser

NAMES = [column.name for column in COLUMNS]
TARGETS = {"left": [0, 0, 80, 60]}
SINCE = "2026-11-23T11:50:03Z"


class TrialsApiTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.browser, cls.other = new_browser(), new_browser()
        Browser.objects.filter(pk=cls.browser.pk).update(label="=participant 7")
        deliver(
            cls.browser,
            [sample(1 + n / 9, n * n, 9 * n) for n in range(10)],
            marks=[start(1, **GIVEN, targets=TARGETS), end(2, **ANSWER), start(3), start(4)],
        )
        deliver(cls.other, marks=[start(5, study="mt-1", condition="congruent"), end(6)])
        make_all()
        cls.first, cls.abandoned, cls.without = Trial.objects.order_by("id")
        cls.staff = User.objects.create_user("sue", password="x", is_staff=True)

    def setUp(self):
        forget_all_calls()
        self.client.force_login(self.staff)

    def get(self, path: str, status: int = 200, **query):
        answer = self.client.get(f"/api/v1/{path}", query)
        self.assertEqual(answer.status_code, status, getattr(answer, "content", ""))
        return answer

    def ids(self, **query) -> list[int]:
        return [trial["id"] for trial in self.get("trials/", **query).json()["trials"]]

    def test_a_trial_is_answered_with_its_marks_and_measures(self):
        trial = self.get("trials/", limit=1).json()["trials"][0]
        self.assertEqual(list(trial), NAMES)
        self.assertEqual(
            {name: trial[name] for name in NAMES[1:15]},
            {
                "instance_id": str(self.browser.instance_id),
                "label": "=participant 7",
                "study": "mt-1",
                "trial": "12",
                "block": "2",
                "condition": "incongruent",
                "response": "left",
                "correct": True,
                "state": "ended",
                "started_at": "2026-11-23T11:50:01.000000Z",
                "ended_at": "2026-11-23T11:50:02.000000Z",
                "start_target": None,
                "targets": TARGETS,
                "samples": 10,
            },
        )
        for name in NAMES[15:]:
            self.assertEqual(trial[name], getattr(self.first, name), name)

    def test_filters_narrow_the_list(self):
        every = [self.first.pk, self.abandoned.pk, self.without.pk]
        self.assertEqual(self.ids(), every)
        self.assertEqual(self.ids(study="mt-1"), [every[0], every[2]])
        self.assertEqual(self.ids(study=""), [every[1]])
        self.assertEqual(self.ids(study="mt-1", condition="congruent"), [every[2]])
        self.assertEqual(self.ids(label="=part"), every[:2])
        self.assertEqual(self.ids(since=SINCE), every[1:])
        self.assertEqual(self.ids(until=SINCE), every[:1])

    def test_pages_follow_each_other(self):
        first = self.get("trials/", limit=2).json()
        self.assertEqual(first["next_cursor"], str(self.abandoned.pk))
        rest = self.get("trials/", limit=2, cursor=first["next_cursor"]).json()
        self.assertEqual([one["id"] for one in rest["trials"]], [self.without.pk])
        self.assertIsNone(rest["next_cursor"])

    def test_bad_values_and_visitors_are_refused(self):
        for query in ({"limit": 0}, {"cursor": "x"}, {"since": "soon"}):
            self.get("trials/", 400, **query)
        self.get(f"trials/{self.first.pk}/path/", 400, steps=1)
        for key in (0, 2**63):
            answer = self.get(f"trials/{key}/path/", 404)
            self.assertEqual(answer.json()["code"], "no_such_trial")
        self.client.logout()
        for path in ("trials/", "studies/", f"trials/{self.first.pk}/path/"):
            self.assertIn(self.client.get(f"/api/v1/{path}").status_code, (401, 403))

    def test_files_and_the_export_have_all_rows(self):
        text = b"".join(self.get("trials/", format="csv").streaming_content).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual([row["id"] for row in rows], [str(pk) for pk in self.ids()])
        self.assertEqual([row["correct"] for row in rows], ["true", "", ""])
        self.assertEqual(rows[0]["label"], "'=participant 7")
        lines = b"".join(self.get("trials/", format="ndjson").streaming_content).splitlines()
        answers = self.get("trials/").json()["trials"]
        self.assertEqual([json.loads(line) for line in lines], answers)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "trials.parquet"
            call_command("export", "trials", output=file)
            table = pq.read_table(file).to_pylist()
            self.assertEqual([row["mad"] for row in table], [one["mad"] for one in answers])
            file = Path(folder) / "one.csv"
            call_command("export", "trials", browsers=[self.other.instance_id], output=file)
            self.assertEqual(len(file.read_text().splitlines()), 2)

    def test_a_path_has_as_many_steps_as_wanted(self):
        path = f"trials/{self.first.pk}/path/"
        answer = self.get(path).json()
        self.assertEqual(
            {**answer, "steps": 0},
            {"id": self.first.pk, "study": "mt-1", "condition": "incongruent", "steps": 0},
        )
        self.assertEqual(len(answer["steps"]), 101)
        self.assertEqual(answer["steps"][-1], [1.0, 81.0, 81.0])
        own = [Position(n / 9, n * n, 9 * n) for n in range(10)]
        for found, step in zip(
            self.get(path, steps=7).json()["steps"], normalise(own, steps=7), strict=True
        ):
            for one, other in zip(found, step, strict=True):
                self.assertAlmostEqual(one, other, 3)
        PointerPositionEvent.objects.all().delete()
        self.assertEqual(self.get(path).json(), answer)
        self.assertEqual(
            self.get(path, steps=2).json()["steps"], [[0.0, 0.0, 0.0], [1.0, 81.0, 81.0]]
        )
        text = b"".join(self.get(path, format="csv", steps=2).streaming_content).decode()
        self.assertEqual(text.splitlines(), ["step,time,x,y", "1,0.0,0.0,0.0", "2,1.0,81.0,81.0"])
        self.assertEqual(self.get(f"trials/{self.without.pk}/path/").json()["steps"], [])

    def test_the_paths_of_many_trials_are_their_own_paths(self):
        paths = [self.get(f"trials/{pk}/path/").json() for pk in self.ids()]
        self.assertEqual(self.get("trials/paths/").json(), {"paths": paths, "next_cursor": None})
        cut = self.get("trials/paths/", limit=1, study="mt-1").json()
        self.assertEqual(cut, {"paths": paths[:1], "next_cursor": str(self.first.pk)})
        rest = self.get("trials/paths/", study="mt-1", cursor=cut["next_cursor"]).json()
        self.assertEqual(rest, {"paths": paths[2:], "next_cursor": None})
        left = self.get("trials/paths/", exclude=f"{self.first.pk},{self.abandoned.pk}").json()
        self.assertEqual(left["paths"], paths[2:])
        self.get("trials/paths/", 400, limit=101)
        self.client.logout()
        self.get("trials/paths/", 401)

    def test_a_file_of_paths_has_a_row_for_each_step(self):
        steps = self.get(f"trials/{self.first.pk}/path/").json()["steps"]
        names = {
            "trial_id": self.first.pk, "instance_id": str(self.browser.instance_id),
            "label": "=participant 7", "study": "mt-1", "trial": "12", "block": "2",
            "condition": "incongruent",
        }  # fmt: skip
        expected = [
            {**names, "step": n, "time": time, "x": x, "y": y}
            for n, (time, x, y) in enumerate(steps, start=1)
        ]
        lines = b"".join(self.get("trials/paths/", format="ndjson").streaming_content).splitlines()
        self.assertEqual([json.loads(line) for line in lines], expected)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "paths.parquet"
            call_command("export", "paths", output=file)
            self.assertEqual(pq.read_table(file).to_pylist(), expected)
            call_command("export", "paths", browsers=[self.other.instance_id], output=file)
            self.assertEqual(pq.read_table(file).num_rows, 0)

    def test_many_pages_of_paths_are_whole(self):
        for n in range(TOGETHER + 1):
            Trial.objects.create(
                browser=self.other, started_at=NOW, start_seq=n, ended_at=NOW, end_seq=n,
                state="ended", study="many", targets={}, rt=1, path_x=[n] * 101, path_y=[0] * 101,
            )  # fmt: skip
        answer = self.get("trials/paths/", format="csv", study="many")
        rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
        self.assertEqual(
            [float(row["x"]) for row in rows], [n for n in range(TOGETHER + 1) for _ in range(101)]
        )

    def test_studies_are_listed_with_their_trials(self):
        studies = self.get("studies/").json()["studies"]
        self.assertEqual([one["study"] for one in studies], ["", "mt-1"])
        self.assertEqual(
            studies[1],
            {
                "study": "mt-1",
                "instances": 2,
                "trials": 2,
                "abandoned": 0,
                "conditions": ["congruent", "incongruent"],
                "first_at": "2026-11-23T11:50:01.000000Z",
                "last_at": "2026-11-23T11:50:06.000000Z",
            },
        )

    def test_the_views_have_the_same_rows(self):
        with connection.cursor() as cursor:
            cursor.execute("select * from pointer_trials order by trial_id")
            columns = [column.name for column in cursor.description]
            rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
            self.assertEqual(columns, ["trial_id", *NAMES[1:]])
            for row, trial in zip(rows, self.get("trials/").json()["trials"], strict=True):
                for name in NAMES[14:]:
                    self.assertEqual(row[name], trial[name], name)
            cursor.execute(
                "select trial_id, time, x, y from pointer_trial_paths order by trial_id, step"
            )
            found = cursor.fetchall()
        steps = self.get(f"trials/{self.first.pk}/path/").json()["steps"]
        self.assertEqual([row[0] for row in found], [self.first.pk] * 101)
        for (_, *row), step in zip(found, steps, strict=True):
            for one, other in zip(row, step, strict=True):
                self.assertAlmostEqual(one, other)
