"""A batch is stored once, completely or not at all, and its answer counts the outcomes."""

import uuid
from datetime import timedelta
from unittest import mock

from django.contrib.auth.models import User
from django.test import TestCase, override_settings

from analytics.ingest.limits import cost_of
from analytics.models import DirtyRange, PointerPositionEvent
from analytics.reading.events import EVENTS
from analytics.reading.ranges import Selection, page_rows
from analytics.tests.oracle import Sample
from analytics.tests.pointers import (
    NOW_US,
    float32,
    new_browser,
    sample,
    send,
    stored_samples,
)
from analytics.tests.posting import PostingTestCase, path_of
from analytics.wire import Receipt
from core.tests.problems import assert_problem
from core.values.times import EPOCH, MICROSECOND
from dashboard.instances.tokens import make_token
from dashboard.models import Browser

NOW_MS = NOW_US / 1000


class StoreTests(TestCase):
    def setUp(self):
        self.browser = new_browser()

    def test_a_batch_that_is_sent_again_changes_nothing(self):
        samples = [sample(i, i * 10) for i in range(5)]
        self.assertEqual(send(self.browser, samples), Receipt(5, 0, 0))
        self.assertEqual(send(self.browser, samples), Receipt(0, 5, 0))
        self.assertEqual(stored_samples(self.browser), samples)

    def test_the_new_samples_of_a_batch_with_duplicates_are_stored(self):
        send(self.browser, [sample(0, 0), sample(1, 10)])
        self.assertEqual(send(self.browser, [sample(1, 10), sample(2, 20)]), Receipt(1, 1, 0))

    def test_the_first_of_two_positions_for_a_key_is_kept(self):
        send(self.browser, [sample(0, 1)])
        self.assertEqual(send(self.browser, [sample(0, 2), sample(1, 3)]), Receipt(1, 0, 1))
        self.assertEqual(stored_samples(self.browser), [sample(0, 1), sample(1, 3)])

    def test_the_first_position_is_kept_within_a_batch_too(self):
        self.assertEqual(
            send(self.browser, [sample(0, 7), sample(0, 2), sample(0, 7)]), Receipt(1, 1, 1)
        )
        self.assertEqual(stored_samples(self.browser), [sample(0, 7)])

    def test_samples_with_the_same_time_differ_by_seq(self):
        samples = [sample(0, 1, seq=1), sample(0, 2, seq=2)]
        self.assertEqual(send(self.browser, samples), Receipt(2, 0, 0))

    def test_the_same_key_of_two_browsers_is_two_events(self):
        other = new_browser()
        send(self.browser, [sample(0, 1)])
        self.assertEqual(send(other, [sample(0, 2)]), Receipt(1, 0, 0))

    def test_a_batch_marks_its_range_once(self):
        send(self.browser, [sample(3, 1), sample(1, 2), sample(2, 3)])
        (mark,) = DirtyRange.objects.all()
        self.assertEqual((mark.browser, mark.rung, mark.events), (self.browser, 1000, 3))
        self.assertEqual(mark.since, EPOCH + sample(1, 0).time * MICROSECOND)
        self.assertEqual(mark.until, EPOCH + sample(3, 0).time * MICROSECOND)

    def test_a_batch_of_distant_times_does_not_mark_the_time_between(self):
        long_ago = Sample(NOW_US - 20 * 86_400_000_000, 0, 1, 1)
        send(self.browser, [long_ago, sample(0, 2)])
        spans = [mark.until - mark.since for mark in DirtyRange.objects.all()]
        self.assertEqual(spans, [timedelta(0)] * 2)

    def test_a_mark_covers_at_most_a_minute_and_has_its_number_of_samples(self):
        send(self.browser, [sample(seconds, seconds) for seconds in (0, 59, 60, 90, 130)])
        marks = DirtyRange.objects.order_by("since").values_list("since", "until", "events")
        moments = [EPOCH + sample(s, 0).time * MICROSECOND for s in (0, 59, 60, 90, 130, 130)]
        self.assertEqual(
            list(marks),
            [(moments[n], moments[n + 1], events) for n, events in ((0, 2), (2, 2), (4, 1))],
        )

    def test_a_batch_without_new_samples_marks_nothing(self):
        send(self.browser, [sample(0, 1)])
        DirtyRange.objects.all().delete()
        send(self.browser, [sample(0, 1)])
        self.assertFalse(DirtyRange.objects.exists())


class IngestCallTests(PostingTestCase):
    def setUp(self):
        super().setUp()
        self.token = make_token(instance_id=self.browser.instance_id, version=1)

    def post_event(self, **fields):
        return self.post({"events": [{"time": NOW_MS, "x": 1, "y": 2, **fields}]})

    def assert_refused(self, response, status, code, *pointers):
        problem = assert_problem(self, response, status, code, *pointers)
        self.assertFalse(PointerPositionEvent.objects.exists())
        self.assertFalse(DirtyRange.objects.exists())
        return problem

    def test_a_receipt_counts_the_outcomes_of_a_batch(self):
        response = self.post_event(seq=17, enter=True)
        self.assertEqual(response.status_code, 202)
        self.assertEqual(response.json(), {"accepted": 1, "duplicates": 0, "conflicts": 0})
        self.assertEqual(stored_samples(self.browser), [Sample(NOW_US, 17, 1, 2, True)])

    def test_microseconds_and_fractions_of_a_pixel_are_kept(self):
        self.post_event(time=NOW_MS + 0.125, x=812.5, y=-0.25)
        self.assertEqual(stored_samples(self.browser), [Sample(NOW_US + 125, 0, 812.5, -0.25)])

    def test_a_time_may_be_rfc_3339(self):
        self.post_event(time="2026-11-23T13:00:00.000125+01:00")
        self.assertEqual(stored_samples(self.browser)[0].time, NOW_US + 125)

    def test_a_missing_seq_is_the_position_in_the_batch(self):
        event = {"time": NOW_MS, "x": 0, "y": 0}
        self.assertEqual(self.post({"events": [event] * 3}).json()["accepted"], 3)
        self.assertEqual([s.seq for s in stored_samples(self.browser)], [0, 1, 2])

    def test_a_coordinate_too_small_for_float32_is_zero(self):
        self.assertEqual(self.post_event(x=1e-300).status_code, 202)
        self.assertEqual(stored_samples(self.browser)[0].x, 0)

    def test_a_beacon_has_its_token_in_a_text_body(self):
        event = {"time": NOW_MS, "x": 0.1, "y": 0}
        body = {"events": [event], "token": self.token}
        response = self.post(body, token="", content_type="text/plain;charset=UTF-8")
        self.assertEqual(response.status_code, 202)
        self.assertEqual(stored_samples(self.browser)[0].x, float32(0.1))

    def test_a_thousand_events_are_a_batch_and_one_more_is_not(self):
        events = [{"time": NOW_MS + i, "x": i, "y": 0} for i in range(1001)]
        self.assert_refused(self.post({"events": events}), 400, "invalid", "/events")
        self.assertEqual(self.post({"events": events[:1000]}).json()["accepted"], 1000)

    def test_one_bad_event_prevents_storing_the_batch(self):
        good = {"time": NOW_MS, "x": 1, "y": 2}
        response = self.post({"events": [good, {**good, "x": "wide"}, good]})
        self.assert_refused(response, 400, "invalid", "/events/1/x")

    def test_every_bad_event_is_named_up_to_ten_and_counted(self):
        bad = {"time": NOW_MS, "x": 1}
        problem = self.assert_refused(self.post({"events": [bad] * 12}), 400, "invalid")
        self.assertEqual(len(problem["errors"]), 10)
        self.assertEqual(problem["error_count"], 12)
        self.assertEqual(problem["errors"][9]["pointer"], "/events/9")

    def test_a_value_out_of_bounds_is_named(self):
        for fields, pointer in (
            ({"x": 1_000_001}, "/events/0/x"),
            ({"y": -1e9}, "/events/0/y"),
            ({"seq": -1}, "/events/0/seq"),
            ({"seq": 2**31}, "/events/0/seq"),
            ({"seq": 1.5}, "/events/0/seq"),
            ({"enter": 1}, "/events/0/enter"),
            ({"time": None}, "/events/0/time"),
            ({"time": "2026-11-23T12:00:00"}, "/events/0/time"),
            ({"z": 1}, "/events/0"),
        ):
            with self.subTest(fields):
                self.assert_refused(self.post_event(**fields), 400, "invalid", pointer)

    def test_a_time_outside_the_window_is_named_and_makes_no_chunk(self):
        day_ms = 86_400_000
        for time, code in (
            (NOW_MS + 300_001, "in_the_future"),
            (NOW_MS + 365 * day_ms, "in_the_future"),
            (NOW_MS - 30 * day_ms, "too_old"),
            (1, "too_old"),
            (1e300, "in_the_future"),
            ("9999-12-31T23:59:59Z", "in_the_future"),
            ("0001-01-01T00:00:00Z", "too_old"),
        ):
            with self.subTest(time):
                problem = self.assert_refused(
                    self.post_event(time=time), 400, "invalid", "/events/0/time"
                )
                self.assertEqual(problem["errors"][0]["code"], code)

    def test_the_window_reaches_from_the_retention_to_five_minutes_ahead(self):
        for time in (NOW_MS + 300_000, NOW_MS - 30 * 86_400_000 + 3_600_000):
            self.assertEqual(self.post_event(time=time).status_code, 202)

    def test_a_body_that_is_not_json_is_malformed(self):
        for body in (
            b"",
            b"{",
            b"\xff\xfe",
            b'{"events": [{"time": NaN}]}',
            b"[" * 100_000,
            b'{"events":[{"time":1,"x":1e999,"y":0}]}',
        ):
            with self.subTest(body[:20]):
                problem = self.assert_refused(self.post(body), 400, mock.ANY)
                self.assertIn(problem["code"], ("malformed", "invalid"))

    def test_a_repeated_key_is_refused_however_it_is_written(self):
        event = f'{{"time": {NOW_MS}, "x": 1, "y": 2%s}}'
        for extra in (
            ', "x": 1',
            ', "x" : 1',
            ', "\\u0078": 1',
            ', "seq": 1, "seq": 2',
            ', "enter": true,"enter"\n:false',
            ', "seq": null, "seq": 1',
        ):
            with self.subTest(extra):
                body = f'{{"events": [{event % ""}, {event % extra}]}}'.encode()
                problem = self.assert_refused(self.post(body), 400, "invalid")
                self.assertEqual(problem["errors"][0]["code"], "repeated_key")
        body = f'{{"events": [{event % ""}], "events": [{event % ""}]}}'.encode()
        self.assert_refused(self.post(body), 400, "invalid")

    def test_a_token_that_looks_like_a_key_is_not_a_repeated_key(self):
        body = {"events": [{"time": NOW_MS, "x": 1, "y": 2}], "token": ":x"}
        self.assertEqual(self.post(body).status_code, 202)

    @override_settings(BATCHES_PER_MINUTE=2, EVENTS_PER_MINUTE=1000)
    def test_batches_of_an_instance_are_limited(self):
        answers = [self.post_event(seq=n) for n in range(3)]
        self.assertEqual([answer.status_code for answer in answers], [202, 202, 429])
        assert_problem(self, answers[-1], 429, "throttled")
        self.assertTrue(1 <= int(answers[-1]["Retry-After"]) <= 60)

    @override_settings(EVENTS_PER_MINUTE=1000)
    def test_events_of_an_instance_are_limited(self):
        events = [{"time": NOW_MS + i, "x": i, "y": 0} for i in range(600)]
        answers = [self.post({"events": events}) for _ in range(2)]
        self.assertEqual([answer.status_code for answer in answers], [202, 429])
        self.assertEqual(PointerPositionEvent.objects.count(), 600)

    @override_settings(EVENTS_PER_MINUTE=1000)
    def test_distant_samples_are_charged_for_the_minutes_that_they_touch(self):
        def send(count, first):
            times = (NOW_MS - (first + i) * 60_000 for i in range(count))
            return self.post({"events": [{"time": time, "x": 1, "y": 0} for time in times]})

        # 400 and 600 of 1,000: then no event is left.
        answers = [send(42, 0), send(62, 100), self.post_event()]
        self.assertEqual([answer.status_code for answer in answers], [202, 202, 429])

    @override_settings(EVENTS_PER_MINUTE=1000)
    def test_a_batch_is_never_charged_more_than_a_limit(self):
        times = [NOW_MS - i * 60_000 for i in range(500)]
        events = [{"time": time, "x": 1, "y": 0} for time in times]
        answers = [self.post({"events": events}), self.post_event(seq=1)]
        self.assertEqual([answer.status_code for answer in answers], [202, 429])

    def test_ordinary_batches_are_charged_for_their_events(self):
        second, minute = 1_000_000, 60_000_000
        for times, cost in (
            ([0], 1),
            ([59 * second, 61 * second], 2),
            # Across two hours, late: a minute at each end.
            ([minute - 1, 60 * minute + 1], 2),
            ([n * second for n in range(600)], 600),
            ([n * minute for n in range(500)], 4980),
            ([minute * n // 10 for n in range(1000)], 1000),
        ):
            with self.subTest(times[:3]):
                self.assertEqual(cost_of(times), cost)

    def post_of_a_new_instance(self, address, count):
        browser = new_browser()
        token = make_token(instance_id=browser.instance_id, version=browser.token_version)
        events = [{"time": NOW_MS + i, "x": i, "y": 0} for i in range(count)]
        return self.post(
            {"events": events}, path=path_of(browser), token=token, client=(address, 4711)
        )

    @override_settings(EVENTS_PER_MINUTE_PER_ADDRESS=1000)
    def test_the_instances_of_an_address_share_its_limit(self):
        answers = [self.post_of_a_new_instance(f"2001:db8::{n}", 400) for n in range(3)]
        self.assertEqual([answer.status_code for answer in answers], [202, 202, 429])
        assert_problem(self, answers[-1], 429, "throttled")
        self.assertTrue(1 <= int(answers[-1]["Retry-After"]) <= 60)
        self.assertEqual(PointerPositionEvent.objects.count(), 800)
        other = self.post_of_a_new_instance("2001:db8:0:1::", 400)
        self.assertEqual(other.status_code, 202)

    @override_settings(EVENTS_PER_MINUTE_OF_ALL=1000)
    def test_all_instances_share_the_limit_of_the_service(self):
        answers = [self.post_of_a_new_instance(f"203.0.113.{n}", 400) for n in range(3)]
        self.assertEqual([answer.status_code for answer in answers], [202, 202, 429])
        self.assertEqual(PointerPositionEvent.objects.count(), 800)

    def test_json_that_is_not_a_batch_is_invalid(self):
        for body in ([], {}, {"events": []}, {"events": {}}, {"events": [[]]}, {"event": []}):
            with self.subTest(body):
                self.assert_refused(self.post(body), 400, "invalid")

    def test_a_body_past_256_kib_is_too_large(self):
        self.assert_refused(self.post(b" " * (256 * 1024 + 1)), 413, "too_large")

    def test_only_uncompressed_json_in_utf_8_is_accepted(self):
        body = {"events": [{"time": NOW_MS, "x": 1, "y": 2}]}
        for kwargs in (
            {"content_type": "application/xml"},
            {"content_type": "application/json; charset=utf-16"},
            {"Content-Encoding": "gzip"},
        ):
            with self.subTest(kwargs):
                self.assert_refused(self.post(body, **kwargs), 415, "unsupported_media_type")

    def test_without_a_token_nothing_is_stored(self):
        body = {"events": [{"time": NOW_MS, "x": 1, "y": 2}]}
        for token in ("", "x", self.token + "x", self.token[:-1], self.token.replace(".1:", ".2:")):
            with self.subTest(token):
                self.assert_refused(self.post(body, token=token), 401, "authentication_failed")

    def test_a_login_does_not_replace_a_token(self):
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        cookie = self.client.cookies["sessionid"].OutputString()
        body = {"events": [{"time": NOW_MS, "x": 1, "y": 2}]}
        answer = self.post(body, token="", Cookie=cookie)
        self.assert_refused(answer, 401, "authentication_failed")

    def test_another_instances_path_is_forbidden(self):
        path = f"/api/v1/browsers/{new_browser().instance_id}/events/"
        body = {"events": [{"time": NOW_MS, "x": 1, "y": 2}]}
        self.assert_refused(self.post(body, path=path), 403, "foreign_instance")
        in_body = {**body, "token": self.token}
        self.assert_refused(self.post(in_body, path=path, token=""), 403, "foreign_instance")

    def test_a_revoked_token_stores_nothing(self):
        Browser.objects.update(token_version=2)
        self.assert_refused(self.post_event(), 401, "authentication_failed")

    def test_an_unknown_instance_stores_nothing(self):
        ghost = uuid.uuid4()
        path = f"/api/v1/browsers/{ghost}/events/"
        token = make_token(instance_id=ghost, version=1)
        body = {"events": [{"time": NOW_MS, "x": 1, "y": 2}]}
        self.assert_refused(self.post(body, token=token, path=path), 404, "no_such_instance")


class ForeignSiteTests(TestCase):
    """A tracker on a foreign site may log on, send, read the clock and erase, and nothing else."""

    def setUp(self):
        self.instance = f"/api/v1/browsers/{new_browser().instance_id}/"

    def allowed_origin(self, method, path):
        header = {"Origin": "https://shop.example"}
        answer = self.client.generic(method, path, headers=header)
        self.assertNotIn("Access-Control-Allow-Credentials", answer)
        return answer.get("Access-Control-Allow-Origin")

    def calls(self):
        return (
            ("POST", "/api/v1/browsers/"),
            ("POST", f"{self.instance}events/"),
            ("GET", "/api/v1/time/"),
            ("DELETE", self.instance),
        )

    def test_its_page_may_make_these_calls_and_read_the_answers(self):
        for method, path in self.calls():
            with self.subTest(f"{method} {path}"):
                self.assertEqual(self.allowed_origin(method, path), "*")

    def test_its_preflight_is_answered(self):
        for method, path in self.calls():
            with self.subTest(f"{method} {path}"):
                answer = self.client.options(path, headers={"Origin": "https://shop.example"})
                self.assertEqual(answer.status_code, 204)
                self.assertEqual(answer["Access-Control-Allow-Origin"], "*")
                self.assertEqual(answer["Access-Control-Allow-Methods"], method)
                self.assertIn("Authorization", answer["Access-Control-Allow-Headers"])

    def test_it_can_erase_with_the_instances_token_only(self):
        token = make_token(instance_id=uuid.UUID(self.instance.split("/")[-2]), version=1)
        site = {"Origin": "https://shop.example"}
        self.assertEqual(self.client.delete(self.instance, headers=site).status_code, 401)
        bearer = {**site, "Authorization": f"Bearer {token}"}
        self.assertEqual(self.client.delete(self.instance, headers=bearer).status_code, 204)
        self.assertEqual(Browser.objects.count(), 0)

    def test_it_may_read_nothing_else(self):
        for method, path in (
            ("GET", "/api/v1/browsers/"),
            ("GET", self.instance),
            ("PATCH", self.instance),
            ("POST", f"{self.instance}log-off/"),
            ("OPTIONS", f"{self.instance}log-off/"),
            ("POST", "/api/v1/time/"),
            ("GET", f"{self.instance}events/"),
            ("GET", f"{self.instance}scenes/"),
            ("GET", f"{self.instance}marks/"),
            ("GET", f"{self.instance}statuses/"),
            ("OPTIONS", f"{self.instance}statuses/"),
            ("GET", "/api/v1/statuses/"),
        ):
            with self.subTest(f"{method} {path}"):
                self.assertIsNone(self.allowed_origin(method, path))


class ReadEventsTests(TestCase):
    def setUp(self):
        self.browser = new_browser()
        self.samples = [sample(i // 2, i, seq=i) for i in range(7)]
        send(self.browser, self.samples)
        token = make_token(instance_id=self.browser.instance_id, version=1)
        self.header = {"Authorization": f"Bearer {token}"}

    def get(self, **query):
        path = f"/api/v1/browsers/{self.browser.instance_id}/events/"
        return self.client.get(path, query, headers=self.header)

    def test_events_are_complete_and_in_order(self):
        answer = self.get().json()
        self.assertEqual([event["seq"] for event in answer["events"]], list(range(7)))
        self.assertEqual(
            answer["events"][3],
            {"time": "2026-11-23T11:50:01.000000Z", "x": 3, "y": 0, "seq": 3, "enter": False},
        )
        self.assertIsNone(answer["next_cursor"])

    def test_pages_follow_each_other_through_shared_times_without_gap_or_repeat(self):
        for size in (1, 2, 3, 7):
            seen, cursor = [], {}
            while True:
                page = self.get(limit=size, **cursor).json()
                seen += [event["seq"] for event in page["events"]]
                if page["next_cursor"] is None:
                    break
                cursor = {"cursor": page["next_cursor"]}
            self.assertEqual(seen, list(range(7)), f"pages of {size}")

    def test_the_range_includes_its_start_and_excludes_its_end(self):
        answer = self.get(since="2026-11-23T11:50:01Z", until="2026-11-23T11:50:03Z").json()
        self.assertEqual([event["seq"] for event in answer["events"]], [2, 3, 4, 5])

    def test_bad_parameters_are_named(self):
        for query in ({"since": "x"}, {"cursor": "x"}, {"cursor": "1,2,3"}, {"limit": 0}):
            with self.subTest(query):
                (name,) = query
                assert_problem(self, self.get(**query), 400, "invalid", f"?{name}")

    def test_one_event_can_be_read_by_its_key(self):
        path = f"/api/v1/browsers/{self.browser.instance_id}/events/"
        answer = self.client.get(f"{path}2026-11-23T11:50:01Z,3/", headers=self.header)
        self.assertEqual(answer.json(), self.get().json()["events"][3])
        for key in (
            "2026-11-23T11:50:01Z,9",
            "2026-11-23T11:50:01Z",
            "x,1",
            "1,-1",
            "1,9999999999",
        ):
            with self.subTest(key):
                answer = self.client.get(f"{path}{key}/", headers=self.header)
                assert_problem(self, answer, 404, "no_such_event")

    def test_all_events_can_be_read_as_csv(self):
        for kwargs in ({"format": "csv"}, {"limit": 2, "format": "csv"}):
            answer = self.get(**kwargs)
            self.assertEqual(answer["Content-Type"], "text/csv; charset=utf-8")
            lines = b"".join(answer).decode().splitlines()
            self.assertEqual(lines[0], "time,x,y,seq,enter")
            self.assertEqual(lines[4], "2026-11-23T11:50:01.000000Z,3.0,0.0,3,false")
            self.assertEqual(len(lines), 8)

    def test_the_accept_header_can_ask_for_csv_too(self):
        self.header["Accept"] = "text/csv"
        self.assertEqual(self.get()["Content-Type"], "text/csv; charset=utf-8")
        assert_problem(self, self.get(since="x"), 400, "invalid", "?since")

    def test_a_file_continues_across_pages_and_shared_times(self):
        for size in (1, 2, 3, 7, 8):
            pages = list(page_rows(source=EVENTS, selection=Selection(self.browser.pk), size=size))
            self.assertEqual([len(page) for page in pages[:-1]], [size] * (len(pages) - 1))
            self.assertEqual([row[3] for page in pages for row in page], list(range(7)))

    def test_other_callers_cannot_read_events(self):
        self.header = {}
        assert_problem(self, self.get(), 401, "not_authenticated")
