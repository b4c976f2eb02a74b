"""The list of studies: its orders, cut into pages, and whom it answers."""

from django.contrib.auth.models import User
from django.test import Client, TestCase

from analytics.models import Trial
from analytics.studies.study_list import StudySort, list_studies
from analytics.tests.pointers import new_browser
from analytics.tests.test_trials import deliver, end, make_all, start
from core.tests.limits import forget_all_calls
from dashboard.instances.erasing import erase

# For each study who was in it, and when the trials start, in s.
STUDIES = {
    "old but large": {0: [1, 4, 7, 10]},
    "many people": {0: [20], 1: [21], 2: [22]},
    "50%_new": {2: [40]},
}


class StudyListTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.browsers = [new_browser() for _ in range(3)]
        for study, people in STUDIES.items():
            for person, times in people.items():
                marks = [
                    mark
                    for time in times
                    for mark in (start(time, study=study, condition=str(time % 2)), end(time + 1))
                ]
                deliver(cls.browsers[person], marks=marks)
        make_all()
        cls.staff = User.objects.create_user("sue", password="x", is_staff=True)

    def setUp(self):
        forget_all_calls()
        self.client.force_login(self.staff)

    def rows(self, **query) -> list[dict]:
        answer = self.client.get("/study/list/", query)
        self.assertEqual(answer.status_code, 200, answer.content)
        return answer.json()["studies"]

    def names(self, **query) -> list[str]:
        return [row["study"] for row in self.rows(**query)]

    def test_each_order_has_the_most_or_the_newest_first(self):
        self.assertEqual(
            {sort.value: self.names(sort=sort.value) for sort in StudySort},
            {
                "last_trial": ["50%_new", "many people", "old but large"],
                "trials": ["old but large", "many people", "50%_new"],
                "instances": ["many people", "50%_new", "old but large"],
                "name": ["50%_new", "many people", "old but large"],
            },
        )
        self.assertEqual(self.names(), self.names(sort="last_trial"))

    def test_each_order_is_cut_into_pages_without_loss(self):
        for sort in StudySort:
            whole = list_studies(sort=sort)
            cut = [
                one for first in range(3) for one in list_studies(sort=sort, first=first, limit=1)
            ]
            self.assertEqual(cut, whole, sort)

    def test_a_row_has_who_took_part_and_when(self):
        found = {row["study"]: row for row in self.rows()}
        for study, people in STUDIES.items():
            times = [time for some in people.values() for time in some]
            row = found[study]
            self.assertEqual(
                (row["instances"], row["trials"], row["abandoned"], row["conditions"]),
                (len(people), len(times), 0, sorted({str(time % 2) for time in times})),
            )
            last = Trial.objects.filter(study=study).latest("ended_at").ended_at
            self.assertEqual(row["last_at"], last.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z")

    def test_text_is_found_as_it_is_in_any_case(self):
        self.assertEqual(self.names(q="MANY"), ["many people"])
        self.assertEqual(self.names(q="%_"), ["50%_new"])
        self.assertEqual(self.names(q="no such"), [])

    def test_bad_values_are_refused(self):
        for bad in ({"sort": "luck"}, {"cursor": "-1"}, {"cursor": "9" * 30}, {"q": "x" * 201}):
            self.assertEqual(self.client.get("/study/list/", bad).status_code, 400, bad)

    def test_an_erased_instance_is_in_no_study(self):
        erase(instance_id=self.browsers[2].instance_id, token=None)
        self.assertEqual(self.names(), ["many people", "old but large"])

    def test_it_is_for_staff(self):
        guest = Client()
        self.assertRedirects(guest.get("/studies/"), "/login/?next=/studies/")
        self.assertEqual(guest.get("/study/list/").status_code, 401)
        guest.force_login(User.objects.create_user("visitor"))
        self.assertEqual(guest.get("/studies/").status_code, 403)
        self.assertEqual(guest.get("/study/list/").status_code, 403)
        page = self.client.get("/studies/")
        self.assertEqual(page["Cache-Control"], "private, no-store")
        self.assertContains(page, '<a href="/studies/" aria-current="page">Studies</a>', html=True)
        self.assertEqual(self.client.post("/studies/").status_code, 405)
        self.assertNotIn('href="/studies/', guest.get("/").content.decode())
