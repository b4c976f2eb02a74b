"""Logins of people; lockout.py has the lock against guessed passwords."""

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.shortcuts import resolve_url

DEMO_NAME = "make-demo"


class Login(LoginView):
    """Redirects staff to the overview, and other users to their own pointer."""

    template_name = "dashboard/login.html"

    def get_default_redirect_url(self) -> str:
        is_staff = getattr(self.request.user, "is_staff", False)
        return resolve_url("overview" if is_staff else settings.LOGIN_REDIRECT_URL)


def make_demo_login(*, password: str) -> None:
    """Create the read-only staff login of the demo, or change its password."""
    user, _ = User.objects.get_or_create(username=DEMO_NAME)
    user.is_staff, user.is_active, user.is_superuser = True, True, False
    user.set_password(password)
    user.save()


def end_demo_login() -> None:
    """Delete the demo's login, which also ends its sessions."""
    User.objects.filter(username=DEMO_NAME).delete()
