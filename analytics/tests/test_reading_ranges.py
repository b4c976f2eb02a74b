"""Scenes and marks are read by range as samples are: in pages of any size and in every format."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from analytics.tests.pointers import NOW_US, new_browser
from analytics.tests.reading_ranges import (
    MARKS,
    QUICK,
    RANGES,
    SCENES,
    SEQS,
    TIMES,
    Reader,
    sets_of,
)
from analytics.tests.scenery import Mark, Scene, store_marks, store_scenes, to_json, within
from core.tests.problems import assert_problem
from dashboard.instances.tokens import make_token

# With what a pattern of SQL or of files would give a meaning.
NAMES = st.text("ab%_*\\ ", min_size=1, max_size=3)
NAMED = st.builds(Mark, st.sampled_from(TIMES), st.sampled_from(SEQS), NAMES, st.just({}))


def is_named(name: str, wished: str) -> bool:
    return name.startswith(wished[:-1]) if wished[-1] == "*" else name == wished


class AnyRangeTests(Reader, HypothesisTestCase):
    def queried(self, since: int | None, until: int | None) -> dict[str, Any]:
        return {"since": since and since / 1000, "until": until and until / 1000}

    @QUICK
    @given(sets_of(SCENES), RANGES)
    def test_scenes_are_those_of_the_range_in_every_format(self, scenes, chosen):
        store_scenes(self.new_reader(), scenes)
        store_scenes(new_browser(), [Scene(time, 3) for time in TIMES])
        since, until = chosen
        rows = [to_json(scene) for scene in within(scenes, since=since, until=until)]
        columns = list(Scene._fields)
        self.assert_rows("scenes", rows, columns, **self.queried(since, until))

    @QUICK
    @given(sets_of(MARKS), RANGES)
    def test_marks_are_those_of_the_range_in_every_format(self, marks, chosen):
        store_marks(self.new_reader(), marks)
        store_marks(new_browser(), [Mark(time, 3, "other's", {}) for time in TIMES])
        since, until = chosen
        rows = [to_json(mark) for mark in within(marks, since=since, until=until)]
        self.assert_rows("marks", rows, list(Mark._fields), **self.queried(since, until))

    @QUICK
    @given(sets_of(NAMED), RANGES, NAMES)
    def test_marks_of_a_name_or_its_beginning_in_every_format(self, marks, chosen, name):
        store_marks(self.new_reader(), marks)
        since, until = chosen
        rows = [
            to_json(mark)
            for mark in within(marks, since=since, until=until)
            if is_named(mark.name, name)
        ]
        query = self.queried(since, until) | {"name": name}
        self.assert_rows("marks", rows, list(Mark._fields), **query)


class CallTests(Reader):
    def setUp(self):
        self.new_reader()
        store_scenes(self.browser, [Scene(NOW_US, 17, page="/pricing")])
        store_marks(self.browser, [Mark(NOW_US, 40, "=trial", {"trial": 3})])

    def test_a_scene_has_its_page_and_lengths(self):
        self.assertEqual(
            self.get("scenes").json(),
            {
                "scenes": [
                    {
                        "time": "2026-11-23T12:00:00.000000Z",
                        "seq": 17,
                        "viewport_width": 1280.0,
                        "viewport_height": 720.0,
                        "document_width": 1280.0,
                        "document_height": 5200.0,
                        "scroll_x": 0.0,
                        "scroll_y": 0.0,
                        "pixel_ratio": 2.0,
                        "pointer": "mouse",
                        "page": "/pricing",
                    }
                ],
                "next_cursor": None,
            },
        )

    def test_a_name_cannot_be_a_formula_in_a_spreadsheet(self):
        (_, line) = self.read_file("marks", "csv").decode().splitlines()
        self.assertEqual(line, '2026-11-23T12:00:00.000000Z,40,\'=trial,"{""trial"":3}"')

    def test_a_file_is_named_by_what_it_holds_and_its_range(self):
        for what in ("scenes", "marks"):
            answer = self.get(what, format="csv", since="2026-11-23T00:00:00Z")
            name = f"pointerscope-{self.browser.instance_id}-{what}-20261123T000000Z-last.csv"
            self.assertEqual(answer["Content-Disposition"], f'attachment; filename="{name}"')

    def test_no_file_describes_a_call(self):
        token = make_token(instance_id=self.browser.instance_id, version=1)
        for what in ("scenes", "marks"):
            for query, status in (("", 200), ("?format=csv", 406)):
                path = f"/api/v1/browsers/{self.browser.instance_id}/{what}/{query}"
                answer = self.client.options(path, headers={"Authorization": f"Bearer {token}"})
                self.assertEqual(answer.status_code, status, path)

    def test_bad_parameters_are_named(self):
        for what in ("scenes", "marks"):
            for query in ({"since": "x"}, {"cursor": "1,2,3"}, {"limit": 1001}):
                with self.subTest(what, query=query):
                    (name,) = query
                    assert_problem(self, self.get(what, **query), 400, "invalid", f"?{name}")
        for name in ("", "a" * 66, "a\0"):
            assert_problem(self, self.get("marks", name=name), 400, "invalid", "?name")

    def test_other_callers_cannot_read_them(self):
        other = make_token(instance_id=new_browser().instance_id, version=1)
        for what in ("scenes", "marks"):
            for header, status, code in (
                ({}, 401, "not_authenticated"),
                ({"Authorization": f"Bearer {other}"}, 403, "foreign_instance"),
            ):
                with self.subTest(what, code=code):
                    self.header = header
                    assert_problem(self, self.get(what), status, code)
