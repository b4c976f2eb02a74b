"""The pages of one instance, for staff and readers of its share link: charts, and the path.

Others get a page without data, which opens the share link in its address or asks for a login.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from rest_framework import status

from core.api.problems import NoSuchInstance
from core.values.times import parse_time, to_rfc3339
from core.web.aliases import OWN_API_URL
from dashboard.access.shared_sessions import shared_link
from dashboard.instances.browsers import get_browser
from dashboard.instances.names import SHORT_ID_DIGITS, name_of, newest_pages
from dashboard.instances.permissions import HoldsTokenOrMayChange, HoldsTokenOrMayErase
from dashboard.models import Browser
from dashboard.pages.views import is_staff_member, show_measured
from dashboard.statuses.lifetime import life_of
from dashboard.statuses.presence import state_of
from dashboard.statuses.ranges import CHOICES, LIVE, ChosenRange, choose_range
from dashboard.statuses.scenery import newest_sceneries

View = Callable[[HttpRequest, Browser, dict[str, Any]], HttpResponse]


def of_instance(view: View) -> Callable[[HttpRequest, UUID], HttpResponse]:
    """Pass the view an instance and what its reader may know; without `name`, that is nothing."""

    @cache_control(private=True, no_store=True)
    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, instance_id: UUID) -> HttpResponse:
        try:
            browser = get_browser(instance_id=instance_id, token=None)
        except NoSuchInstance:
            return render(request, "dashboard/no_instance.html", status=status.HTTP_404_NOT_FOUND)
        return view(request, browser, _read(request, browser, now=timezone.now()))

    return answer


@of_instance
def instance(request: HttpRequest, browser: Browser, known: dict[str, Any]) -> HttpResponse:
    """The charts of one instance in a range."""
    if "name" not in known:
        return show_measured(request, **known)
    is_staff = is_staff_member(request)
    return show_measured(
        request,
        **known,
        scenery=newest_sceneries([browser.pk]).get(browser.pk),
        may_change=is_staff and request.user.has_perm(HoldsTokenOrMayChange.needed),
        may_erase=is_staff and request.user.has_perm(HoldsTokenOrMayErase.needed),
        has_ranges=True,
        may_share=is_staff,
    )


@of_instance
def path(request: HttpRequest, browser: Browser, known: dict[str, Any]) -> HttpResponse:
    """The recorded path of one instance in a range, which the page reads and plays."""
    shown = _fix(known["range"], now=timezone.now())
    return render(
        request,
        "dashboard/path.html",
        {
            **known,
            "range": shown,
            "seconds": _seconds(shown),
            "retention_days": settings.RAW_RETENTION_DAYS,
            "own_api_url": OWN_API_URL,
        },
    )


def _read(request: HttpRequest, browser: Browser, *, now: datetime) -> dict[str, Any]:
    names = {
        "instance_id": browser.instance_id,
        "title": browser.instance_id.hex[:SHORT_ID_DIGITS],
        "range": ChosenRange(LIVE, CHOICES[LIVE]),
    }
    if not is_staff_member(request):
        link = shared_link(request.session, str(browser.instance_id), now=now)
        if not link:
            return names
        names["share"] = link
    life = life_of(browser, now=now)
    state = state_of(browser, moved_at=life.moved_at, now=now)
    name = name_of(browser, page=newest_pages([browser.pk]).get(browser.pk))
    return names | {
        "title": str(name),
        "name": name,
        "range": choose_range(request.GET, life=life, is_here=state.is_here),
        "choices": CHOICES,
    }


def _fix(chosen: ChosenRange, *, now: datetime) -> ChosenRange:
    """Return a range with fixed times: one that ends now gets this moment as its end."""
    length = chosen.choice.seconds
    if length is None:
        return chosen
    since = now - timedelta(seconds=length)
    return chosen._replace(since=to_rfc3339(since), until=to_rfc3339(now))


def _seconds(shown: ChosenRange) -> int:
    """Return the length of a range, 0 if the address has no times; the page says so."""
    try:
        return max(0, round((parse_time(shown.until) - parse_time(shown.since)).total_seconds()))
    except ValueError:
        return 0
