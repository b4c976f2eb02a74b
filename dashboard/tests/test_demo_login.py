"""The demo's login sees what staff see, changes nothing, and ends with the demo."""

from io import StringIO

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import TestCase
from django.utils import timezone

from dashboard.access.logins import DEMO_NAME
from dashboard.instances.browsers import log_on


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("demo_login", *arguments, stdout=out)
    return out.getvalue().strip()


class DemoLoginTests(TestCase):
    def test_what_it_prints_logs_in_to_the_staff_pages_and_not_to_the_admin(self):
        name, password = printed().split(" ")
        self.client.post("/login/", {"username": name, "password": password})
        self.assertEqual(self.client.get("/browsers/").status_code, 200)
        self.assertEqual(self.client.get("/admin/auth/user/").status_code, 403)

    def test_it_changes_and_erases_no_instance(self):
        name, password = printed().split(" ")
        self.client.post("/login/", {"username": name, "password": password})
        browser = log_on(now=timezone.now())
        path = f"/api/v1/browsers/{browser.instance_id}/"
        body = {"data": {"is_active": False}, "content_type": "application/json"}
        log_off = self.client.post(
            f"{path}log-off/", "{}", content_type="application/json", headers={"X-CSRFToken": "x"}
        )
        answers = [self.client.patch(path, **body), log_off, self.client.delete(path)]
        self.assertEqual([answer.status_code for answer in answers], [403, 403, 403])
        self.assertEqual(self.client.get(path).json()["is_active"], True)

    def test_each_start_voids_the_previous_password(self):
        first, second = printed(), printed()
        self.assertNotEqual(first, second)
        self.assertFalse(User.objects.get(username=DEMO_NAME).check_password(first.split(" ")[1]))

    def test_at_the_end_the_login_is_deleted_and_others_stay(self):
        User.objects.create_user("ann")
        printed()
        self.assertEqual(printed("--end"), "")
        self.assertEqual([user.username for user in User.objects.all()], ["ann"])
