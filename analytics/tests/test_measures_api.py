"""A caller who may see an instance can measure its movement, over any range within the limit."""

from unittest.mock import patch

from django.contrib.auth.models import User
from django.test import TestCase

from analytics.api.examples import MEASURES
from analytics.tests.pointers import new_browser, sample, send
from core.tests.problems import assert_problem
from core.values.times import EPOCH, MICROSECOND, to_rfc3339
from dashboard.instances.erasing import erase
from dashboard.instances.tokens import make_token
from dashboard.models import Browser

TRACE = [(0, 0), (0.1, 10), (0.2, 30), (0.8, 40), (0.9, 30), (1.0, 20)]
START = EPOCH + sample(0, 0).time * MICROSECOND


class MeasuresApiTests(TestCase):
    def setUp(self):
        self.browser = new_browser()
        token = make_token(instance_id=self.browser.instance_id, version=1)
        self.header = {"Authorization": f"Bearer {token}"}
        send(self.browser, [sample(*step) for step in TRACE])

    def get(self, browser: Browser | None = None, *, headers=None, **query):
        path = f"/api/v1/browsers/{(browser or self.browser).instance_id}/measures/"
        return self.client.get(path, query, headers=self.header if headers is None else headers)

    def test_without_a_range_it_measures_all_samples(self):
        self.assertEqual(
            self.get().json(),
            {
                "instance_id": str(self.browser.instance_id),
                "since": None,
                "until": None,
                "pause_ms": 250,
                "measures": MEASURES[0].value["measures"],
            },
        )

    def test_a_range_and_a_threshold_are_taken_and_repeated(self):
        since, until = START + 100_000 * MICROSECOND, START + 900_000 * MICROSECOND
        answer = self.get(since=to_rfc3339(since), until=to_rfc3339(until), pause="600").json()
        told = {name: answer[name] for name in ("since", "until", "pause_ms")}
        self.assertEqual(
            told, {"since": to_rfc3339(since), "until": to_rfc3339(until), "pause_ms": 600}
        )
        self.assertEqual((answer["measures"]["events"], answer["measures"]["pauses"]), (3, 0))
        self.assertEqual(answer["measures"]["path_length"], 40)

    def test_an_empty_range_has_nothing(self):
        moment = to_rfc3339(START)
        self.assertEqual(self.get(since=moment, until=moment).json()["measures"]["events"], 0)

    def test_the_ends_of_the_calendar_are_a_range(self):
        ends = {"since": "0001-01-01T00:00:00Z", "until": "9999-12-31T23:59:59.999999Z"}
        self.assertEqual(self.get(**ends).json()["measures"]["events"], 6)

    def test_bad_parameters_are_named(self):
        for query, *pointers in (
            ({"since": "noon", "until": "x"}, "?since", "?until"),
            ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "?since"),
            ({"pause": "0"}, "?pause"),
            ({"pause": "3600001"}, "?pause"),
            ({"pause": "0.5"}, "?pause"),
        ):
            with self.subTest(query):
                assert_problem(self, self.get(**query), 400, "invalid", *pointers)

    def test_a_range_of_too_many_samples_is_refused(self):
        with patch("analytics.studies.measures.MAX_EVENTS", 6):
            self.assertEqual(self.get().status_code, 200)
        with patch("analytics.studies.measures.MAX_EVENTS", 5):
            problem = assert_problem(self, self.get(), 400, "invalid", "?since")
            self.assertEqual(problem["errors"][0]["code"], "too_many_events")
            self.assertEqual(self.get(since=to_rfc3339(START + MICROSECOND)).status_code, 200)

    def test_others_do_not_see_it(self):
        assert_problem(self, self.get(headers={}), 401, "not_authenticated")
        assert_problem(self, self.get(new_browser()), 403, "foreign_instance")
        self.client.force_login(User.objects.create_user("bob"))
        assert_problem(self, self.get(headers={}), 403, "permission_denied")

    def test_staff_see_every_instance(self):
        self.client.force_login(User.objects.create_user("ann", is_staff=True))
        self.assertEqual(self.get(headers={}).json()["measures"]["events"], 6)

    def test_an_erased_instance_is_not_found(self):
        erase(instance_id=self.browser.instance_id, token=None)
        assert_problem(self, self.get(), 404, "no_such_instance")

    def test_it_counts_as_a_read(self):
        with self.settings(READS_PER_MINUTE=1):
            self.assertEqual(self.get().status_code, 200)
            assert_problem(self, self.get(), 429, "throttled")
