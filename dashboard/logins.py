"""People log in; whoever guesses too often waits."""

import math
from datetime import timedelta
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone

from core.addresses import caller_of, client_address

DEMO_NAME = "make-demo"


class Login(LoginView):
    """Takes staff to all instances, and everybody else to their own pointer."""

    template_name = "dashboard/login.html"

    def get_default_redirect_url(self) -> str:
        is_staff = getattr(self.request.user, "is_staff", False)
        return resolve_url("browsers" if is_staff else settings.LOGIN_REDIRECT_URL)


def caller_address(request: HttpRequest) -> str | None:
    """Tell django-axes who guesses; it knows a caller of unknown address as None."""
    return caller_of(client_address(request)) or None


def answer_locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Answer 429, in place of whatever login page was asked, and say how long it lasts."""
    wait = _remaining(request, credentials)
    minutes = math.ceil(wait / timedelta(minutes=1))
    page = render(request, "dashboard/locked_out.html", {"minutes": minutes}, status=429)
    page.headers["Retry-After"] = str(math.ceil(wait / timedelta(seconds=1)))
    return page


def _remaining(request: HttpRequest, credentials: dict[str, Any] | None) -> timedelta:
    handler = AxesProxyHandler.get_implementation()
    attempts = handler.get_user_attempts(request, credentials)[0]
    now = timezone.now()
    last = attempts.aggregate(last=Max("attempt_time"))["last"] or now
    return max(last + settings.AXES_COOLOFF_TIME - now, timedelta(seconds=1))


def make_demo_login(*, password: str) -> None:
    """Make the demo's staff login, or give it another password; it may look and change nothing."""
    user, _ = User.objects.get_or_create(username=DEMO_NAME)
    user.is_staff, user.is_active, user.is_superuser = True, True, False
    user.set_password(password)
    user.save()


def end_demo_login() -> None:
    """Delete the demo's login; whoever is logged in by it is out."""
    User.objects.filter(username=DEMO_NAME).delete()
