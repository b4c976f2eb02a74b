"""A study's figures are those of its trials, by an oracle in plain Python; some may be left out."""

import math
import statistics
from datetime import timedelta
from itertools import pairwise
from unittest.mock import patch
from urllib.parse import quote

from django.contrib.auth.models import User
from django.test import Client, SimpleTestCase, TestCase
from msgspec.structs import astuple

from analytics.models import Trial
from analytics.studies.exclusion import MOST_TRIALS, RULES, Exclusion, parse_exclusion
from analytics.studies.study_figures import MOST_CONDITIONS, NAMES, read_figures
from analytics.studies.trajectory import Position
from analytics.studies.trial_list import TrialFilters
from analytics.studies.trial_quality import SampleQuality, judge_samples
from analytics.tests.pointers import NOW, new_browser, sample
from analytics.tests.scenery import Scene
from analytics.tests.test_trials import at, deliver, end, make_all, start
from core.tests.limits import forget_all_calls
from dashboard.models import Browser

STUDY = 'mt "1"/<b>'


def add(browser: Browser, n: int, **columns) -> Trial:
    """Store a trial whose path and measures depend on its number."""
    begin = NOW + timedelta(seconds=n)
    given = {
        "study": STUDY,
        "targets": {},
        "trial": str(n),
        "condition": f"c{n % 2}",
        "state": "ended",
        "rt": 1 + n / 8,
        "mad": 3.5 * n - n * n,
        "x_flips": n % 3,
        "samples": 60,
        "sample_rate": 120.0,
        "longest_gap": 0.02,
        "same_times": 0,
        "resized": False,
        "path_x": [n * n + k * 3.25 for k in range(101)],
        "path_y": [40 - n * k / 8 for k in range(101)],
    }
    return Trial.objects.create(
        browser=browser, started_at=begin, start_seq=n, ended_at=begin, end_seq=n,
        **{**given, **columns},
    )  # fmt: skip


class FiguresTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.browsers = [new_browser(), new_browser()]
        Browser.objects.filter(pk=cls.browsers[0].pk).update(label="anna <i>")
        cls.trials = [add(cls.browsers[n % 2 or n > 5], n) for n in range(9)]
        cls.without = add(cls.browsers[0], 9, mad=None, path_x=None, path_y=None, samples=0)
        cls.doubtful = {
            "slow": add(cls.browsers[0], 20, condition="d", sample_rate=59.4),
            "gaps": add(cls.browsers[0], 21, condition="d", longest_gap=0.11),
            "coarse": add(cls.browsers[0], 22, condition="d", same_times=7),
            "resized": add(cls.browsers[0], 23, condition="d", resized=True),
            "abandoned": add(cls.browsers[0], 24, condition="d", state="abandoned"),
            "wrong": add(cls.browsers[0], 25, condition="d", correct=False),
        }
        # On the good side of each rule, or not known.
        cls.good = [
            add(cls.browsers[0], 30, condition="d", sample_rate=59.6, longest_gap=0.1),
            add(cls.browsers[0], 31, condition="d", same_times=6, correct=True),
            add(
                cls.browsers[0], 32, condition="d", sample_rate=None, longest_gap=None,
                same_times=None, resized=None,
            ),
        ]  # fmt: skip
        add(cls.browsers[0], 40, study="another")
        cls.staff = User.objects.create_user("sue", password="x", is_staff=True)

    def setUp(self):
        forget_all_calls()
        self.client.force_login(self.staff)

    def figures(self, status: int = 200, **query) -> dict:
        answer = self.client.get("/study/figures/", {"study": STUDY, **query})
        self.assertEqual(answer.status_code, status, answer.content)
        return answer.json()

    def assert_condition(self, found, trials: list[Trial]) -> None:
        paths = [trial for trial in trials if trial.path_x]
        self.assertEqual(
            (found.trials, found.instances, found.average.n),
            (len(trials), len({trial.browser_id for trial in trials}), len(paths)),
        )
        for axis in ("x", "y"):
            for step, value in enumerate(getattr(found.average, axis)):
                values = [getattr(trial, f"path_{axis}")[step] for trial in paths]
                self.assertAlmostEqual(value, statistics.fmean(values))
                error = statistics.stdev(values) / math.sqrt(len(values))
                self.assertAlmostEqual(getattr(found.average, f"{axis}_error")[step], error)
        self.assertEqual(len(found.average.x), 101)
        for name in NAMES:
            values = [v for trial in trials if (v := getattr(trial, name)) is not None]
            self.assertEqual(name in found.measures, bool(values))
            if values:
                expected = (
                    len(values), statistics.fmean(values), statistics.stdev(values), min(values),
                    *statistics.quantiles(values, n=4, method="inclusive"), max(values),
                )  # fmt: skip
                for one, other in zip(astuple(found.measures[name]), expected, strict=True):
                    self.assertAlmostEqual(one, other, msg=name)
        self.assertEqual([some.id for some in found.drawn], [trial.pk for trial in trials])
        for some, trial in zip(found.drawn, trials, strict=True):
            self.assertEqual((some.x, some.y), (trial.path_x, trial.path_y))
            self.assertEqual(some.values, [getattr(trial, name) for name in NAMES])

    def test_averages_and_distributions_are_those_of_the_trials(self):
        found, more = read_figures(filters=TrialFilters(study=STUDY))
        self.assertEqual(([one.condition for one in found], more), (["c0", "c1", "d"], 0))
        of_one = [*self.trials[1::2], self.without]
        self.assert_condition(found[0], self.trials[::2])
        self.assert_condition(found[1], of_one)

    def test_a_single_path_has_no_error_and_filters_choose(self):
        since = self.trials[8].started_at
        filters = TrialFilters(study=STUDY, condition="c0", since=since)
        (found,), _ = read_figures(filters=filters)
        self.assertEqual((found.trials, found.average.x_error), (1, []))
        self.assertEqual(found.average.x, self.trials[8].path_x)
        self.assertIsNone(found.measures["rt"].sd)
        self.assertEqual(read_figures(filters=TrialFilters(study="none")), ([], 0))

    def test_of_many_trials_an_even_part_is_drawn_and_of_many_conditions_the_largest(self):
        for n in range(100, 900):
            add(self.browsers[0], n, study="large", condition="one", path_x=None, path_y=None)
        (found,), _ = read_figures(filters=TrialFilters(study="large"))
        ids = [some.id for some in found.drawn]
        self.assertEqual((found.trials, len(ids)), (800, 200))
        self.assertEqual({b - a for a, b in pairwise(ids)}, {4})
        for n in range(MOST_CONDITIONS + 3):
            for k in range(2 if n else 1):
                add(self.browsers[0], 1000 + 2 * n + k, study="wide", condition=f"{n:02}")
        found, more = read_figures(filters=TrialFilters(study="wide"))
        self.assertEqual([one.condition for one in found], [f"{n:02}" for n in range(1, 13)])
        self.assertEqual(more, 3)

    def test_each_rule_leaves_out_what_it_says_and_the_export_has_the_rest(self):
        everything = set(Trial.objects.filter(study=STUDY).values_list("pk", flat=True))
        for rule, trial in self.doubtful.items():
            url = "/api/v1/trials/"
            answer = self.client.get(url, {"study": STUDY, "exclude": rule}).json()
            self.assertEqual({one["id"] for one in answer["trials"]}, everything - {trial.pk}, rule)
        both = f"slow,{self.trials[0].pk},{self.trials[0].pk},gaps"
        answer = self.figures(exclude=both)
        self.assertEqual((answer["trials"], answer["chosen"]), (len(everything), 16))
        self.assertEqual(answer["figures"]["rules"], dict.fromkeys(RULES, 1))
        self.assertEqual(answer["figures"]["unknown"], 1)
        drawn = [one["id"] for c in answer["figures"]["conditions"] for one in c["drawn"]]
        rows = self.client.get(
            "/api/v1/trials/", {"study": STUDY, "exclude": both, "format": "csv"}
        )
        lines = b"".join(rows.streaming_content).decode().splitlines()[1:]
        self.assertEqual(sorted(int(line.split(",")[0]) for line in lines), sorted(drawn))

    def test_doubts_stay_in_sight_when_they_are_left_out(self):
        for exclude in ("", "slow,gaps"):
            doubts = self.figures(exclude=exclude)["figures"]["doubts"]
            self.assertEqual(
                [(one["id"], one["rules"]) for one in doubts],
                [
                    (self.doubtful[rule].pk, [rule])
                    for rule in ("slow", "gaps", "coarse", "resized")
                ],
            )

    def test_participants_are_in_the_order_of_their_first_trial(self):
        people = self.figures(exclude="slow")["figures"]["people"]
        self.assertEqual(
            [(one["label"], one["trials"], one["chosen"]) for one in people],
            [("anna <i>", 13, 12), ("", 6, 6)],
        )

    def test_participants_count_if_one_of_their_trials_is_left(self):
        def counts(**query) -> tuple[int, int]:
            answer = self.figures(**query)
            return answer["instances"], answer["chosen_instances"]

        of_second = [trial.pk for trial in self.trials if trial.browser_id == self.browsers[1].pk]
        self.assertEqual(counts(), (2, 2))
        self.assertEqual(counts(exclude=",".join(map(str, of_second[1:]))), (2, 2))
        self.assertEqual(counts(exclude=",".join(map(str, of_second))), (2, 1))
        self.assertEqual(counts(condition="d"), (1, 1))

    def test_the_mean_throughput_is_of_all_participants_also_of_those_that_are_not_listed(self):
        targets = {"from": [-10, -10, 20, 20], "to": [90, -10, 20, 20]}
        for person in range(3):
            browser = new_browser()
            for n in range(4):
                xs = [k + (k == 100) * (person + 1) * (-1) ** n for k in range(101)]
                add(
                    browser, 3000 + 10 * person + n, study="rings", condition="near",
                    targets=targets, rt=0.5 + n / 8, path_x=xs, path_y=[0] * 101,
                )  # fmt: skip
        answer = self.client.get("/api/v1/studies/throughput/", {"study": "rings"}).json()
        rates = [one["throughput"] for one in answer["sequences"]]
        with patch("analytics.studies.study_people.MOST_PEOPLE", 2):
            figures = self.figures(study="rings")["figures"]
        self.assertEqual([one["throughput"] for one in figures["people"]],
                         [{"near": rate} for rate in rates[:2]])  # fmt: skip
        self.assertEqual(figures["throughput"], {"near": {"n": 3, "mean": statistics.fmean(rates)}})
        self.assertEqual(self.figures()["figures"]["throughput"], {})

    def test_the_stamp_tells_whether_anything_came(self):
        first = self.figures()
        again = self.figures(stamp=first["stamp"])
        self.assertIsNone(again["figures"])
        self.assertEqual(again["stamp"], first["stamp"])
        add(self.browsers[1], 50)
        later = self.figures(stamp=first["stamp"])
        self.assertEqual(later["chosen"], first["chosen"] + 1)
        self.assertIsNotNone(later["figures"])

    def test_bad_values_are_refused(self):
        many = ",".join(map(str, range(MOST_TRIALS + 1)))
        for bad in ("luck", "1;2", "-1", "1.5", "²", str(2**63), many, "x" * 20_001):
            self.figures(400, exclude=bad)
            query = {"exclude": bad}
            self.assertEqual(self.client.get("/api/v1/trials/", query).status_code, 400, bad[:9])
        self.figures(400, since="x")
        self.figures(400, study="x" * 1025)
        self.assertEqual(self.client.get("/study/figures/").status_code, 400)

    def test_any_name_has_its_page_and_is_escaped(self):
        odd = ["..", ".", "", "a\nb", "ends/", "%2F", "?x=1#y", "ü", "figures", "list"]
        for n, name in enumerate([STUDY, *odd]):
            add(self.browsers[0], 2000 + n, study=name)
            page = self.client.get("/study/", {"study": name})
            self.assertEqual(page.status_code, 200, name)
            self.assertNotIn("<b>", page.content.decode())
        for name in (STUDY, "ends/", "%2F", "?x=1#y", "ü", "figures", "list"):
            page = self.client.get(f"/studies/{quote(name, safe='')}/")
            self.assertEqual(page.context["study"], name)
        for path in ("/studies/none/", "/study/?study=none", f"/studies/{'x' * 2000}/"):
            self.assertContains(self.client.get(path), "no study with this name", status_code=404)
        self.assertEqual(self.client.get("/study/", {"study": "\x00"}).status_code, 400)

    def test_it_is_for_staff(self):
        guest = Client()
        self.assertRedirects(guest.get("/studies/another/"), "/login/?next=/studies/another/")
        self.assertEqual(guest.get("/study/figures/").status_code, 401)
        guest.force_login(User.objects.create_user("visitor"))
        for path in ("/studies/another/", "/studies/none/", "/study/figures/"):
            self.assertEqual(guest.get(path).status_code, 403, path)
        self.assertEqual(self.client.get("/studies/another/")["Cache-Control"], "private, no-store")


class QualityTests(SimpleTestCase):
    def test_samples_are_judged_by_their_times_and_places(self):
        def judge(*steps: tuple[float, float, float]) -> SampleQuality:
            return judge_samples([Position(*step) for step in steps])

        self.assertEqual(judge(), SampleQuality())
        self.assertEqual(judge((0, 0, 0)), SampleQuality())
        self.assertEqual(judge((0, 0, 0), (0, 9, 9)), SampleQuality(None, 0.0, 1))
        # 0.5 s without a sample, from which it has hardly moved: a rest.
        steady = judge((0, 0, 0), (0.25, 3, 4), (0.75, 3, 13.9), (1, 9, 13.9))
        self.assertEqual(steady, SampleQuality(4, 0.0, 0))
        gap = judge((0, 0, 0), (0.25, 0, 0), (0.75, 6, 8), (0.75, 6, 8), (1, 6, 8))
        self.assertEqual(gap, SampleQuality(4, 0.5, 1))

    def test_an_exclusion_is_read_in_any_order_and_once(self):
        self.assertEqual(parse_exclusion(""), Exclusion())
        self.assertEqual(
            parse_exclusion("7,slow,,7,5,gaps,slow"), Exclusion(("slow", "gaps"), (7, 5))
        )


class MadeTrialsTests(TestCase):
    def test_a_trial_is_stored_with_its_quality(self):
        browser = new_browser()
        wide, narrow = {"viewport_width": 1280.0}, {"viewport_width": 900.0}
        deliver(
            browser,
            [sample(1 + n / 8, 40 * n, 0) for n in range(5)],
            [Scene(at(0), 0, **wide), Scene(at(1.2), 1, **narrow), Scene(at(4.5), 2, **narrow)],
            [start(1), end(2), start(4), end(5)],
        )
        make_all()
        made = Trial.objects.order_by("started_at")
        self.assertEqual(
            list(made.values_list("sample_rate", "longest_gap", "same_times", "resized")),
            [(8, 0.125, 0, True), (None, None, None, False)],
        )
