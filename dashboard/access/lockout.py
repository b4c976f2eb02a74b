"""The lock against guessed passwords: by name and address, and by address alone."""

import math
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from core.web.addresses import caller_address as find_caller

LONGEST_NAME = 255


def caller_address(request: HttpRequest) -> str | None:
    """Return the caller's address for django-axes, which expects None for an unknown one."""
    return find_caller(request) or None


def caller_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """Return the attempted user name for django-axes, cut to the length of its column."""
    name = (credentials or request.POST).get("username")
    return name[:LONGEST_NAME] if name else name


def answer_locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Answer 429 in place of any login page, and say how long the lock lasts."""
    lock = AxesProxyHandler.get_implementation().find_lock(request, credentials)
    wait = _remaining(lock.attempts, now=timezone.now())
    minutes = math.ceil(wait / timedelta(minutes=1))
    context = {"minutes": minutes, "is_address": lock.is_address}
    page = render(request, "dashboard/locked_out.html", context, status=429)
    page.headers["Retry-After"] = str(math.ceil(wait / timedelta(seconds=1)))
    return page


def _remaining(attempts: QuerySet[AccessAttempt], *, now: datetime) -> timedelta:
    last = attempts.aggregate(last=Max("attempt_time"))["last"] or now
    return max(last + settings.AXES_COOLOFF_TIME - now, timedelta(seconds=1))


class Lock(NamedTuple):
    """The wrong passwords counted together, whether they lock, and whether by address alone."""

    attempts: QuerySet[AccessAttempt]
    holds: bool
    is_address: bool


class Attempts(AxesDatabaseHandler):
    """The counters of django-axes: by name and address, and by address alone.

    Both are sums over the same database rows, so no lock depends on Redis.
    """

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        return self.find_lock(request, credentials).holds

    def find_lock(self, request: HttpRequest, credentials: dict[str, Any] | None) -> Lock:
        """Return the active lock, or else the inactive one by address."""
        (pair,) = self.get_user_attempts(request, credentials)
        if _count(pair) >= settings.LOGIN_ATTEMPTS:
            return Lock(pair, holds=True, is_address=False)
        recent = get_cool_off_threshold(request)
        attempts = AccessAttempt.objects.filter(
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]
            attempt_time__gte=recent,
        )
        holds = _count(attempts) >= settings.LOGIN_ATTEMPTS_PER_ADDRESS
        return Lock(attempts, holds=holds, is_address=True)


def _count(attempts: QuerySet[AccessAttempt]) -> int:
    return attempts.aggregate(count=Sum("failures_since_start"))["count"] or 0
