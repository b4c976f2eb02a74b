"""docs/analysis.md is right: each of its queries runs and gives the known answer."""

import os
import re
from collections.abc import Callable
from contextlib import chdir
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.test import SimpleTestCase, TestCase, TransactionTestCase

from analytics.tests import answers
from analytics.tests.analysts import analyst, ask
from analytics.tests.answers import Known, Rows
from analytics.tests.pointers import RELATIVE_ERROR
from analytics.tests.worked import SINCE, UNTIL, store_known_data

DOCUMENT = (settings.BASE_DIR / "docs" / "analysis.md").read_text()
QUESTION = re.compile(r"^### (\d+)\. (.*?)\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
SQL = re.compile(r"^```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STORED = """
    select instance_id, time, traversed_distance from pointer_statuses_1m
    where time >= '2026-11-09' and time < '2026-11-23'
"""
VARIABLE = re.compile(r":'(\w+)'")


def queries() -> dict[int, str]:
    """Return the query of each question, by its number."""
    found = {}
    for number, _, text in QUESTION.findall(DOCUMENT):
        (found[int(number)],) = SQL.findall(text)
    return found


def run(sql: str, known: Known) -> Rows:
    """Run a query as psql does with its variables set."""
    values = {"since": SINCE, "until": UNTIL, "instance": known.instance}
    with connection.cursor() as cursor:
        cursor.execute(VARIABLE.sub(r"%(\1)s", sql.replace("%", "%%")), values)
        return cursor.fetchall()


def answer_to(number: int) -> Callable[[Known], Rows]:
    return getattr(answers, f"question_{number}")


def python_blocks(heading: str) -> list[str]:
    """Return the Python blocks of a section."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    return PYTHON.findall(section)


class Comparing(SimpleTestCase):
    def assert_rows(self, found: Rows, expected: Rows) -> None:
        """Compare number and order of rows; times exactly, numbers to 1e-9."""
        self.assertGreater(len(expected), 1)
        self.assertEqual(len(found), len(expected))
        for row, wanted in zip(found, expected, strict=True):
            self.assert_alike(list(row), list(wanted), f"{row}, not {wanted}")

    def assert_alike(self, found: Any, wanted: Any, message: str) -> None:
        if isinstance(wanted, list):
            self.assertEqual(len(found), len(wanted), message)
            for one, other in zip(found, wanted, strict=True):
                self.assert_alike(one, other, message)
        elif isinstance(wanted, float):
            delta = RELATIVE_ERROR * max(1, abs(wanted))
            self.assertAlmostEqual(found, wanted, delta=delta, msg=message)
        else:
            self.assertEqual(found, wanted, message)


class QuestionTests(Comparing, TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.known = Known(store_known_data())

    def test_there_are_twenty_six_queries_and_each_buckets_time(self):
        self.assertEqual(list(queries()), list(range(1, 27)))
        self.assertEqual(len(SQL.findall(DOCUMENT)), 26)
        for number, sql in queries().items():
            self.assertIn("time_bucket(", sql, number)

    def test_each_gives_the_answer_that_plain_python_gives(self):
        for number, sql in queries().items():
            with self.subTest(f"question {number}"):
                self.assert_rows(run(sql, self.known), answer_to(number)(self.known))

    def test_the_known_data_exercises_each_question(self):
        samples = [s for own in self.known.traces.values() for s in own]
        inside = [s for own in self.known.inside.values() for s in own]
        self.assertGreater(len(samples), len(inside) + 200)
        self.assertGreater(len({s.time for s in samples}), 100)
        self.assertLess(len({s.time for s in inside}), len(inside) - 20)
        gaps = answers.question_6(self.known)
        self.assertGreater(len({gap for _, _, gap in gaps}), 5)
        self.assertTrue(all(gap > timedelta(minutes=10) for _, _, gap in gaps))
        self.assertGreater(sum(row[1] > 1 for row in answers.question_8(self.known)), 5)
        self.assertTrue(
            any(sum(n > 0 for n in row[1]) > 3 for row in answers.question_7(self.known))
        )
        self.assertEqual(
            {row[1] for row in answers.question_22(self.known)}, {"mouse", "pen", "touch"}
        )
        self.assertGreater(len({row[3] for row in answers.question_23(self.known)}), 3)
        trials = answers.question_24(self.known)
        self.assertGreater(len(trials), 10)
        self.assertTrue(all(row[2] > 5 and row[3] > 1 for row in answers.question_26(self.known)))
        self.assertTrue(all(s.b.enter or s.px >= 0 for s in answers.scenic_segments(self.known)))

    def test_three_queries_have_the_same_answer_by_the_orm(self):
        blocks = python_blocks("In Django")
        self.assertEqual(len(blocks), 3)
        for block in blocks:
            number = int(re.match(r"# Question (\d+)\n", block)[1])
            with self.subTest(f"question {number}"):
                names: dict[str, Any] = {"since": SINCE, "until": UNTIL}
                exec(block, names)
                found = [tuple(row.values()) for row in names["rows"]]
                self.assert_rows(found, answer_to(number)(self.known))


class ExampleTests(Comparing, TransactionTestCase):
    """With committed data: an analyst logs in and exports it, as the document describes."""

    def test_pandas_and_duckdb_find_the_distances_of_the_statuses(self):
        known = Known(store_known_data())
        expected = answers.minutes_with_distance(known)
        (by_pandas,), (by_duckdb,) = python_blocks("pandas"), python_blocks("DuckDB")
        with analyst() as url, TemporaryDirectory() as folder, chdir(folder):
            with patch.dict(os.environ, ANALYST_URL=url):
                names: dict[str, Any] = {}
                exec(by_pandas, names)
            minutes = names["minutes"].reset_index().itertuples(index=False, name=None)
            self.assert_rows([(UUID(i), time, px) for i, time, px in minutes], expected)
            exec(by_duckdb, names := {})
            found = [(UUID(str(i)), time, px) for i, time, px in names["minutes"]]
            self.assert_rows(found, expected)
            self.assert_rows(sorted(ask(url, STORED)), sorted(expected))
