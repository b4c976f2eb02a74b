"""The service's throughput of a run of the pointing task, and who may read it."""

from django.contrib.auth.models import User
from django.test import TestCase

from analytics.studies.pointing import Point, Pointing, measure_sequence
from analytics.tests.pointers import new_browser, sample
from analytics.tests.test_trials import deliver, end, make_all, start
from core.tests.limits import forget_all_calls
from dashboard.instances.tokens import make_token

RUN = "20261123T115000000Z"
LEFT, RIGHT = [0, 0, 20, 20], [100, 0, 20, 20]
CENTRES = Point(10, 10), Point(110, 10)


class StoredRunTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.browser, cls.other = new_browser(), new_browser()
        marks = []
        cls.movements = []
        for i, x in enumerate((107.5, 14.0, 125.0, 9.0)):
            there, back = ("from", "to") if i % 2 == 0 else ("to", "from"), i % 2
            targets = {there[0]: LEFT, there[1]: RIGHT}
            named = {"study": "s", "condition": "A100 W20", "trial": i + 1, "targets": targets}
            marks.append(start(2 * i, block=f"{RUN}-1", **named))
            marks.append(end(2 * i + 1 + i / 8, response=f"{x} 12.5", correct=True))
            source, target = (CENTRES[back], CENTRES[1 - back])
            cls.movements.append(Pointing(source, target, 20, Point(x, 12.5), 1 + i / 8))
        # Not measured: another run's, a name and no sample, one place, one target, a trial that is
        # abandoned, one that is open.
        for at, block, response, targets in (
            (10, f"{RUN[:-1]}-1", "1 2", {"from": LEFT, "to": RIGHT}),
            (12, f"{RUN}-2", "left", {"from": LEFT, "to": RIGHT}),
            (14, f"{RUN}-2", "1 2", {"from": LEFT, "to": LEFT}),
            (16, f"{RUN}-2", "1 2", {"to": RIGHT}),
        ):
            marks += [start(at, block=block, targets=targets), end(at + 1, response=response)]
        marks += [start(18, block=f"{RUN}-2", targets={"from": LEFT, "to": RIGHT}), start(19)]
        deliver(cls.browser, [sample(1, 5)], marks=marks)
        make_all()

    def setUp(self):
        forget_all_calls()

    def read(self, browser, run=RUN, **headers):
        path = f"/tasks/pointing/{browser.instance_id}/"
        return self.client.get(path, {"run": run}, headers=headers)

    def bearer(self, browser):
        token = make_token(instance_id=browser.instance_id, version=browser.token_version)
        return {"Authorization": f"Bearer {token}"}

    def test_a_run_has_the_throughput_of_its_presses(self):
        expected = measure_sequence(self.movements, serial=True)
        self.assertEqual(expected.errors, 1)
        answer = self.read(self.browser, **self.bearer(self.browser))
        (ring,) = answer.json()["sequences"]
        rate = ring.pop("throughput")
        self.assertEqual(ring, {"block": f"{RUN}-1", "trials": 4, "errors": 1})
        self.assertAlmostEqual(rate, expected.throughput, 9)
        self.assertIn("no-store", answer["Cache-Control"])

    def test_only_the_instances_token_and_staff_may_read_it(self):
        self.assertEqual(self.read(self.browser).status_code, 401)
        foreign = self.read(self.browser, **self.bearer(self.other))
        self.assertEqual(foreign.status_code, 403)
        self.client.force_login(User.objects.create_user("sue", password="x", is_staff=True))
        self.assertEqual(len(self.read(self.browser).json()["sequences"]), 1)
        self.assertEqual(self.read(self.other).json(), {"sequences": []})

    def test_a_name_that_is_no_runs_is_refused(self):
        for run in ("", "x", f"{RUN}%", "2" * 33):
            with self.subTest(run):
                answer = self.read(self.browser, run, **self.bearer(self.browser))
                self.assertEqual(answer.status_code, 400)

    def test_the_page_needs_no_login(self):
        self.assertContains(self.client.get("/tasks/pointing/"), "Pointing task")
