"""A sample's scene is its instance's latest one with (time, seq) <= the sample's."""

import re
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from analytics.tests.oracle import Sample
from analytics.tests.pointers import NOW_US, new_browser, send
from analytics.tests.reading_ranges import QUICK, RANGES, SCENES, SEQS, TIMES, Reader, sets_of
from analytics.tests.scenery import NO_SCENE, Scene, scene_of, store_scenes, to_json, within
from core.tests.problems import assert_problem

DAY_US = 86_400_000_000
SAMPLES = st.builds(
    Sample,
    st.sampled_from(TIMES),
    st.sampled_from(SEQS),
    st.sampled_from([0.0, 0.1, 812.5]),
    st.sampled_from([0.0, 44.25]),
    st.booleans(),
)
UNDER_POINTER = Scene._fields[2:]
COLUMNS = ["time", "x", "y", "seq", "enter", *UNDER_POINTER]
SIX = [Sample(time, 1, 0.1, 0.0, False) for time in TIMES]


def joined(samples: list[Sample], scenes: list[Scene], **chosen: int | None) -> list[dict]:
    """Return a range's samples with what lies under each, as calls return them."""
    return [
        {name: row[name] for name in COLUMNS}
        for sample in within(samples, **chosen)
        for row in [to_json(sample) | under(sample, scenes)]
    ]


def under(sample: Sample, scenes: list[Scene]) -> dict[str, Any]:
    scene = scene_of(sample, scenes)
    return dict(zip(UNDER_POINTER, scene[2:] if scene else NO_SCENE, strict=True))


class AnyRangeTests(Reader, HypothesisTestCase):
    @QUICK
    @given(sets_of(SAMPLES), sets_of(SCENES), RANGES)
    # A scene of the time of a sample, with the seq before, of and after it; and old ones.
    @example(SIX, [Scene(TIMES[2], seq, page=f"/{seq}") for seq in (0, 1, 7)], (None, None))
    @example(SIX, [Scene(TIMES[0] - n * DAY_US, n, page=f"/{n}") for n in (3, 9)], (None, None))
    @example(SIX, [Scene(TIMES[5], 7)], (TIMES[1], None))
    @example(SIX, [Scene(TIMES[0] - 1, 2, page="/a"), Scene(TIMES[3], 0)], (TIMES[1], TIMES[5]))
    def test_pages_and_files_are_the_join_of_the_oracle(self, samples, scenes, chosen):
        browser, other = self.new_reader(), new_browser()
        if samples:
            send(browser, samples)
        store_scenes(browser, scenes)
        store_scenes(other, [Scene(time, seq) for time in TIMES for seq in SEQS])
        since, until = chosen
        rows = joined(samples, scenes, since=since, until=until)
        query = {"since": since and since / 1000, "until": until and until / 1000}
        self.assert_rows("events", rows, COLUMNS, **query, **{"with": "scene"})


class CallTests(Reader):
    def setUp(self):
        self.new_reader()
        send(self.browser, [Sample(NOW_US - 60_000_000 + n, n, n, 0, False) for n in range(50)])

    def test_without_the_parameter_a_sample_has_no_more_than_before(self):
        store_scenes(self.browser, [Scene(NOW_US - DAY_US, 0)])
        for row in self.get("events").json()["events"]:
            self.assertEqual(list(row), COLUMNS[:5])

    def test_a_bad_value_is_named(self):
        for value in ("", "scenes", "mark", "Scene"):
            for kind in ("json", "csv"):
                answer = self.get("events", format=kind, **{"with": value})
                with self.subTest(value, kind=kind):
                    assert_problem(self, answer, 400, "invalid", "?with")

    def test_a_page_costs_one_more_statement_or_two_where_scenes_are_many(self):
        store_scenes(self.browser, [Scene(NOW_US - n * 1000, n) for n in range(20)])
        counts = {}
        for limit in (1, 50):
            for added in (None, "scene"):
                with CaptureQueriesContext(connection) as queries:
                    self.get("events", limit=limit, **{"with": added})
                counts[limit, added] = len(queries)
        self.assertEqual(counts[50, "scene"], counts[50, None] + 1)
        start = NOW_US - 60_000_000
        store_scenes(self.browser, [Scene(start + n, n + 1) for n in range(1000)])
        with CaptureQueriesContext(connection) as queries:
            rows = self.get("events", limit=30, **{"with": "scene"}).json()["events"]
        self.assertEqual(len(rows), 30)
        self.assertEqual(len(queries), counts[50, None] + 2)
        read = [query["sql"] for query in queries if "analytics_pointerscene" in query["sql"]]
        self.assertIn("limit 30", read[0])

    def test_scenes_of_old_senders_are_found_in_whatever_chunk_they_are(self):
        store_scenes(self.browser, [Scene(NOW_US - 20 * DAY_US, 3, page="/old")])
        rows = self.get("events", **{"with": "scene"}).json()["events"]
        self.assertEqual({row["page"] for row in rows}, {"/old"})

    def test_many_scenes_are_sought_in_the_chunks_of_the_page_alone(self):
        store_scenes(self.browser, [Scene(NOW_US - n * DAY_US, n) for n in range(20)])
        store_scenes(self.browser, [Scene(NOW_US - 60_000_000 + n, n + 1) for n in range(99)])
        with CaptureQueriesContext(connection) as queries:
            self.get("events", **{"with": "scene"})
        (each,) = [query["sql"] for query in queries if "unnest" in query["sql"]]
        with connection.cursor() as cursor:
            cursor.execute(f"explain {each}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        self.assertEqual(len(set(re.findall(r"_hyper_\w+_chunk\b", plan))), 1, plan)
