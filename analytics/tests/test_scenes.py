"""Scenes and marks: sent beside samples, and stored exactly once with them."""

import json

from django.test import override_settings

from analytics.models import DirtyRange, PointerMark, PointerPositionEvent, PointerScene
from analytics.tests.pointers import NOW_US, new_browser
from analytics.tests.posting import PostingTestCase
from core.values.times import EPOCH, MICROSECOND
from dashboard.models import Browser, Page, PageVisit

BASE_MS = NOW_US // 1000 - 600_000


def event(at: float = 0, seq: int = 0) -> dict:
    return {"time": BASE_MS + at, "x": 1, "y": 2, "seq": seq}


def scene(at: float = 0, seq: int = 0, **more) -> dict:
    return {
        "time": BASE_MS + at,
        "seq": seq,
        "viewport": [1280, 720],
        "document": [1280, 5200],
        "scroll": [0, 640.5],
        "pixel_ratio": 2,
        "pointer": "mouse",
        **more,
    }


def mark(at: float = 0, seq: int = 0, name: str = "start", **more) -> dict:
    return {"time": BASE_MS + at, "seq": seq, "name": name, **more}


def moment(at: float = 0):
    return EPOCH + round((BASE_MS + at) * 1000) * MICROSECOND


class SceneTestCase(PostingTestCase):
    def send(self, *, browser: Browser | None = None, status: int = 202, **lists) -> dict:
        if browser:
            self.browser = browser
        answer = self.post({"events": [], **lists})
        self.assertEqual(answer.status_code, status, answer.json())
        return answer.json()

    def scenes(self) -> list[tuple]:
        columns = [field.attname for field in PointerScene._meta.get_fields() if field.name != "pk"]
        columns[columns.index("page_id")] = "page__name"
        rows = PointerScene.objects.order_by("browser_id", "time", "seq")
        return list(rows.values_list(*columns))

    def marks(self) -> list[tuple]:
        rows = PointerMark.objects.order_by("browser_id", "time", "seq")
        return list(rows.values_list("browser_id", "time", "seq", "name", "data"))

    def visits(self) -> list[tuple]:
        rows = PageVisit.objects.order_by("browser_id", "page__site", "page__name")
        return list(rows.values_list("page__site", "page__name", "first_at", "last_at"))


class StoreTests(SceneTestCase):
    def test_the_whole_tables_have_what_was_sent(self):
        answer = self.send(
            events=[event(seq=17)],
            scenes=[scene(seq=17, page="/pricing")],
            marks=[mark(seq=40, name="trial:start", data={"trial": 3, "of": ["a", None]})],
        )
        self.assertEqual(
            answer, {"accepted": 1, "duplicates": 0, "conflicts": 0, "scenes": 1, "marks": 1}
        )
        me = self.browser.pk
        lengths = (1280.0, 720.0, 1280.0, 5200.0, 0.0, 640.5, 2.0)
        self.assertEqual(self.scenes(), [(moment(), me, *lengths, 17, "/pricing", "mouse")])
        data = {"trial": 3, "of": ["a", None]}
        self.assertEqual(self.marks(), [(me, moment(), 40, "trial:start", data)])
        self.assertEqual(self.visits(), [("", "/pricing", moment(), moment())])

    def test_the_answer_counts_only_the_lists_that_were_sent(self):
        plain = {"accepted": 1, "duplicates": 0, "conflicts": 0}
        self.assertEqual(self.send(events=[event()]), plain)
        self.assertEqual(self.send(events=[event(1)], scenes=[], marks=[]), plain)
        none = {"accepted": 0, "duplicates": 0, "conflicts": 0}
        self.assertEqual(self.send(scenes=[scene()]), {**none, "scenes": 1})
        self.assertEqual(self.send(marks=[mark()]), {**none, "marks": 1})

    def test_sent_again_nothing_changes_and_the_first_stays(self):
        sent = {
            "scenes": [scene(page="/a"), scene(page="/b"), scene(5)],
            "marks": [mark(name="a"), mark(name="b"), mark(5)],
        }
        self.assertEqual(self.send(**sent)["scenes"], 2)
        stored = self.scenes(), self.marks(), self.visits()
        self.assertEqual([row[-2] for row in stored[0]], ["/a", None])
        self.assertEqual([row[3] for row in stored[1]], ["a", "start"])
        self.assertEqual([row[1] for row in stored[2]], ["/a"])
        again = self.send(**sent)
        other = self.send(scenes=[scene(pointer="pen", page="/c")], marks=[mark(name="c")])
        for answer in (again, other):
            self.assertEqual((answer["scenes"], answer["marks"]), (0, 0))
        self.assertEqual((self.scenes(), self.marks(), self.visits()), stored)

    def test_they_touch_no_outbox(self):
        self.send(scenes=[scene()], marks=[mark()])
        self.assertFalse(DirtyRange.objects.exists())
        self.send(events=[event()], scenes=[scene(1)])
        self.assertEqual(list(DirtyRange.objects.values_list("events", flat=True)), [1])

    def test_another_instance_has_keys_of_its_own(self):
        self.send(scenes=[scene(page="/a")], marks=[mark()])
        answer = self.send(browser=new_browser(), scenes=[scene(page="/a")], marks=[mark()])
        self.assertEqual((answer["scenes"], answer["marks"]), (1, 1))
        self.assertEqual(Page.objects.count(), 2)

    def test_a_mark_without_a_seq_gets_its_place_and_one_without_data_has_none(self):
        sent = [{"time": BASE_MS, "name": "a"}, {"time": BASE_MS, "name": "b"}]
        self.send(marks=sent)
        me = self.browser.pk
        self.assertEqual(self.marks(), [(me, moment(), 0, "a", {}), (me, moment(), 1, "b", {})])

    def test_a_visit_has_the_first_and_the_last_scene_in_any_order(self):
        for at in (5000, 9000, 2000, 7000):
            self.send(scenes=[scene(at, page="/a"), scene(at + 1)])
        self.assertEqual(self.visits(), [("", "/a", moment(2000), moment(9000))])

    def test_nothing_is_stored_with_a_revoked_token(self):
        sent = self.browser
        Browser.objects.filter(pk=sent.pk).update(token_version=2)
        self.send(scenes=[scene(page="/a")], marks=[mark()], status=401)
        self.assertEqual((self.scenes(), self.marks(), self.visits()), ([], [], []))
        self.assertFalse(Page.objects.exists())

    def test_they_count_as_events_for_the_limits(self):
        with override_settings(EVENTS_PER_MINUTE=10):
            self.send(scenes=[scene(at) for at in range(6)])
            self.send(marks=[mark(at) for at in range(5)], status=429)
            self.send(marks=[mark(at) for at in range(4)])

    def test_small_numbers_become_zero_and_large_ones_float32(self):
        self.send(scenes=[scene(scroll=[1e-60, 16777217], viewport=[0.1, 1e8])])
        (row,) = PointerScene.objects.values_list("scroll_x", "scroll_y", "viewport_width")
        self.assertEqual(row, (0.0, 16777216.0, 0.1))


class PagesTests(SceneTestCase):
    def test_the_site_of_the_instance_is_that_of_its_pages(self):
        for site in ("a.example", "b.example", "a.example"):
            browser = new_browser()
            Browser.objects.filter(pk=browser.pk).update(site=site)
            self.send(browser=browser, scenes=[scene(page="/"), scene(1, page="/x/")])
        pages = Page.objects.order_by("site", "name").exclude(name="(other)")
        self.assertEqual(
            list(pages.values_list("site", "name")),
            [("a.example", "/"), ("a.example", "/x"), ("b.example", "/"), ("b.example", "/x")],
        )

    def test_characters_that_do_not_print_are_dropped(self):
        names = ["/a\0b", "\0\x1f", "/\u200bé\u202e\n"]
        self.send(scenes=[scene(at, page=name) for at, name in enumerate(names)])
        self.assertEqual([row[-2] for row in self.scenes()], ["/ab", "/", "/é"])

    def test_names_keep_what_an_array_of_the_database_would_read_as_its_own(self):
        names = ['"', "\\", "a\\nb", "{b}", "c,d", "NULL", "null", " e ", "'", "%(f)s"]
        self.send(scenes=[scene(at, page=name) for at, name in enumerate(names)])
        stored = [row[-2] for row in self.scenes()]
        self.assertEqual(stored, [name.strip() for name in names])

    @override_settings(MAX_PAGES=3)
    def test_further_pages_are_other_and_known_ones_stay_known(self):
        names = [f"/{letter}" for letter in "abcde"]
        self.send(scenes=[scene(at, page=name) for at, name in enumerate(names)])
        self.send(scenes=[scene(10, page="/a"), scene(11, page="/z")])
        stored = ["/a", "/b", "/c", "(other)", "(other)", "/a", "(other)"]
        self.assertEqual([row[-2] for row in self.scenes()], stored)
        self.assertEqual(Page.objects.count(), 4)
        other = ("", "(other)", moment(3), moment(11))
        self.assertIn(other, self.visits())

    def test_a_lower_limit_keeps_the_pages_that_were_made(self):
        self.send(scenes=[scene(at, page=f"/{at}") for at in range(5)])
        with override_settings(MAX_PAGES=2):
            self.send(scenes=[scene(10, page="/4"), scene(11, page="/5")])
        self.assertEqual([row[-2] for row in self.scenes()][-2:], ["/4", "(other)"])


MALFORMED = 400, "malformed"
BAD_SCENES = {
    "/time": ({"time": None}, {"time": "yesterday"}, {"time": True}),
    "/seq": ({"seq": -1}, {"seq": 2**31}, {"seq": 1.5}, {"seq": None}),
    "/viewport": ({"viewport": 1280}, {"viewport": [1]}, {"viewport": [1, 2, 3]}),
    "/viewport/1": ({"viewport": [1, -1]}, {"viewport": [1, 1e9]}, {"viewport": [1, "2"]}),
    "/document/0": ({"document": [None, 1]}, {"document": [-0.5, 1]}, {"document": [1e9, 1]}),
    "/scroll/0": ({"scroll": [1e9, 0]}, {"scroll": [-1e9, 0]}, {"scroll": [[], 0]}),
    "/pixel_ratio": ({"pixel_ratio": 0}, {"pixel_ratio": -1}, {"pixel_ratio": 101}),
    "/pointer": ({"pointer": "finger"}, {"pointer": ""}, {"pointer": 1}),
    "/page": ({"page": ""}, {"page": "a" * 201}, {"page": None}, {"page": 1}),
    "": ({"more": 1}, {"x": 1}),
}
BAD_MARKS = {
    "/time": ({"time": None}, {"time": []}),
    "/seq": ({"seq": -1}, {"seq": 2**31}, {"seq": "1"}),
    "/name": ({"name": ""}, {"name": "a" * 65}, {"name": None}, {"name": "a\0"}),
    "/data": (
        *({"data": []}, {"data": "{}"}, {"data": None}, {"data": 1}),
        *(
            {"data": {"a": "b" * 1017}},
            {"data": {"a": ["b\0"]}},
            {"data": {"\0": 1}},
            {"data": {"a": [1e300] * 30}},
            {"data": {"a": {"b": [5e-324] * 30}}},
        ),
    ),
    "": ({"more": 1},),
}
GOOD_DATA = (
    {},
    {"a": "b" * 1016},
    {"a": "\\u0000", "b": "\\\\u0000"},
    {"a": {"b": [1, -2.5e-7, 1e20, 10**30, True, None, '\u00e9\u2028"\\']}},
    {"": {"": {}}},
    {"a": [0.000001] * 113, "b": "1e-9"},
)


class RefusalTests(SceneTestCase):
    def assert_refused(self, pointer, status=400, code="invalid", **lists):
        answer = self.send(events=[event()], status=status, **lists)
        self.assertIn((pointer, code), [(e["pointer"], e["code"]) for e in answer["errors"]])
        stored = PointerPositionEvent, PointerScene, PointerMark, Page
        self.assertFalse(any(model.objects.exists() for model in stored))

    def test_a_bad_field_is_named_and_nothing_is_stored(self):
        for name, good, bad in (("scenes", scene, BAD_SCENES), ("marks", mark, BAD_MARKS)):
            for place, variants in bad.items():
                for fields in variants:
                    with self.subTest(name, fields=fields):
                        items = [good(), good(1) | fields]
                        self.assert_refused(f"/{name}/1{place}", **{name: items})

    def test_a_missing_field_is_named(self):
        for name, good, needed in (
            ("scenes", scene(), set(scene())),
            ("marks", mark(), {"time", "name"}),
        ):
            for field in needed:
                with self.subTest(name, field=field):
                    kept = {key: value for key, value in good.items() if key != field}
                    self.assert_refused(f"/{name}/0", **{name: [kept]})

    def test_bad_items_of_all_lists_are_named_together(self):
        lists = {"events": [{}], "scenes": [scene(), {}], "marks": [{}]}
        answer = self.send(**lists, status=400)
        self.assertEqual(
            [error["pointer"] for error in answer["errors"]],
            ["/events/0", "/scenes/1", "/marks/0"],
        )

    def test_a_time_outside_the_window_is_named(self):
        for time, code in ((1000, "too_old"), (BASE_MS + 10**6, "in_the_future"), (1e300, None)):
            with self.subTest(time):
                lists = {
                    "scenes": [scene(), scene() | {"time": time}],
                    "marks": [mark() | {"time": time}],
                }
                answer = self.send(**lists, status=400)
                code = code or "in_the_future"
                self.assertEqual(
                    [(error["pointer"], error["code"]) for error in answer["errors"]],
                    [("/scenes/1/time", code), ("/marks/0/time", code)],
                )
        self.assertFalse(PointerScene.objects.exists() or PointerMark.objects.exists())

    def test_a_list_is_a_list_of_at_most_a_hundred(self):
        for name, item in (("scenes", scene()), ("marks", mark())):
            for items in (None, {}, "x", [item] * 101, [None], [[item]]):
                with self.subTest(name, items=str(items)[:20]):
                    inner = isinstance(items, list) and len(items) == 1
                    self.assert_refused(f"/{name}/0" if inner else f"/{name}", **{name: items})
        for name, item in (("scenes", scene()), ("marks", mark())):
            self.send(**{name: [item | {"seq": n} for n in range(100)]})

    def test_a_batch_has_something(self):
        for lists in ({}, {"scenes": []}, {"scenes": [], "marks": []}):
            answer = self.send(**lists, status=400)
            self.assertEqual(answer["errors"][0]["pointer"], "/events")

    def test_text_that_no_table_holds_is_malformed(self):
        good = json.dumps({"events": [], "marks": [mark(name="NAME", data={"a": "DATA"})]})
        scenes = json.dumps({"events": [], "scenes": [scene(page="/PAGE")]})
        for body, place in ((good, "NAME"), (good, "DATA"), (scenes, "PAGE"), (good, '"DATA"')):
            for text in (b"\\ud800", b"\xed\xa0\x80", b"\x00", b"\xff", b"NaN", b"-Infinity"):
                if place == '"DATA"' or text not in (b"NaN", b"-Infinity"):
                    with self.subTest(place, text=text):
                        answer = self.post(body.encode().replace(place.encode(), text))
                        self.assertEqual((answer.status_code, answer.json()["code"]), MALFORMED)

    def test_a_number_too_large_for_a_double_is_refused(self):
        for body in (
            json.dumps({"events": [], "scenes": [scene(scroll=[7, 0])]}).replace(
                "[7, 0]", "[1e999, 0]"
            ),
            json.dumps({"events": [], "marks": [mark(data={"a": 7})]}).replace(
                '"a": 7', '"a": 1e999'
            ),
            json.dumps({"events": [], "marks": [mark(data={"a": [7]})]}).replace("[7]", "9" * 5000),
        ):
            answer = self.post(body.encode())
            self.assertEqual(answer.status_code, 400)
            self.assertIn(
                answer.json()["errors"][0]["pointer"], ("/scenes/0/scroll/0", "/marks/0/data")
            )

    def test_data_may_be_any_object_of_a_kibibyte(self):
        self.send(marks=[mark(n, data=data) for n, data in enumerate(GOOD_DATA)])
        self.assertEqual([row[-1] for row in self.marks()], list(GOOD_DATA))

    def test_as_many_large_numbers_as_the_tracker_sends_are_stored(self):
        for number in (5e-324, -1.7976931348623157e308, 1e21):
            with self.subTest(number):
                self.send(marks=[mark(seq=7, data={"a": [number] * 23})])
                (row,) = self.marks()
                self.assertEqual(list(map(float, row[-1]["a"])), [number] * 23)
                PointerMark.objects.all().delete()

    def test_data_as_deep_as_a_kibibyte_allows_is_stored(self):
        for data in ('{"a":%s}' % ("[" * 508 + "]" * 508), '{"a":' * 170 + "0" + "}" * 170):
            body = b'{"events":[],"marks":[{"time":%d,"name":"a","data":%s}]}'
            with self.subTest(data[:9]):
                answer = self.post(body % (BASE_MS, data.encode()))
                self.assertEqual(answer.status_code, 202)
                self.assertEqual(self.marks()[0][-1], json.loads(data))
                PointerMark.objects.all().delete()

    def test_deep_data_is_refused_and_no_fault(self):
        for depth in (600, 900, 990, 5000, 100_000):
            deep = b"[" * depth + b"]" * depth
            for data in (b'{"a":%s}' % deep, b'{"a":%s,"a":1}' % deep):
                with self.subTest(depth, data=data[-4:]):
                    body = b'{"events":[],"marks":[{"time":%d,"name":"a","data":%s}]}'
                    self.assertEqual(self.post(body % (BASE_MS, data)).status_code, 400)

    def test_a_repeated_key_is_refused(self):
        good = json.dumps(
            {"events": [], "scenes": [scene(page="/a")], "marks": [mark(data={"a": 1})]}
        )
        for before, after in (
            ('"seq": 0, "v', '"seq": 0, "seq": 1, "v'),
            ('"page": "/a"', '"page": "/a", "page": "/b"'),
            ('"a": 1', '"a": 1, "a": 2'),
            ('"name"', '"name": "x", "name"'),
            ('"marks"', '"scenes": [], "marks"'),
        ):
            self.assertIn(before, good)
            with self.subTest(after):
                answer = self.post(good.replace(before, after).encode()).json()
                self.assertEqual(answer["errors"][0]["code"], "repeated_key")
        self.assertEqual(self.post(good.encode()).status_code, 202)

    def test_a_page_that_begins_with_a_colon_is_no_repeated_key(self):
        self.send(scenes=[scene(page=":id")])
