"""The HTML pages, and the endpoints that only they call."""

from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.problems import NoSuchInstance
from core.api.queries import read_query
from core.web.addresses import caller_address
from core.web.aliases import API_URL, OWN_API_URL, TRACKER_URL
from core.web.costs import costly
from dashboard.api.views import to_logged_on
from dashboard.instances.browsers import get_browser
from dashboard.instances.embedding import tracker_tag
from dashboard.instances.sites import site_of
from dashboard.instances.throttles import LogOnThrottle, ReadThrottle, spend_instance
from dashboard.instances.visits import log_on_visitor
from dashboard.statuses.lifetime import life_of
from dashboard.statuses.overview import Place, list_glimpses, read_cursor
from dashboard.statuses.presence import state_of
from dashboard.statuses.ranges import CHOICES, LIVE, ChosenRange, choose_range
from dashboard.statuses.shared_glimpses import refresh_glimpses

CHART_LOCAL_PATH = "vendor/apexcharts.min.js"
MAX_ROWS = 100


# The page contains its visitor's CSRF token.
@cache_control(private=True, no_store=True)
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The live page of the visitor's own pointer."""
    return _show(request, range=ChosenRange(LIVE, CHOICES[LIVE]))


@cache_control(private=True, no_store=True)
@require_safe
def instance(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """The page of one instance: any range for staff, live only for the holder of its token."""
    try:
        browser = get_browser(instance_id=instance_id, token=None)
    except NoSuchInstance:
        return render(request, "dashboard/no_instance.html", status=status.HTTP_404_NOT_FOUND)
    names = {"instance_id": instance_id, "short_id": instance_id.hex[:8]}
    if not is_staff_member(request):
        return _show(request, **names, range=ChosenRange(LIVE, CHOICES[LIVE]))
    now = timezone.now()
    life = life_of(browser, now=now)
    state = state_of(browser, moved_at=life.moved_at, now=now)
    chosen = choose_range(request.GET, life=life, is_here=state.is_here)
    return _show(request, **names, range=chosen, has_ranges=True, choices=CHOICES)


@cache_control(public=True, max_age=86_400)
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect browsers that look here by default: at JSON answers and in the admin."""
    return redirect(static("dashboard/favicon.svg"))


def _show(request: HttpRequest, **context: Any) -> HttpResponse:
    chart = {
        "cdn_url": settings.CHART_CDN_URL,
        "cdn_integrity": settings.CHART_CDN_INTEGRITY,
        "local_url": static(CHART_LOCAL_PATH) if finders.find(CHART_LOCAL_PATH) else "",
    }
    embedded = {
        "chart": chart,
        "tracker_url": TRACKER_URL,
        "api_url": API_URL,
        "own_api_url": OWN_API_URL,
    }
    return render(request, "dashboard/live.html", {**embedded, **context})


def is_staff_member(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff


@cache_control(private=True, no_store=True)
@require_safe
@login_required
def browsers(request: HttpRequest) -> HttpResponse:
    """All instances, for staff; the page fetches its rows from Rows and their cells from Cells."""
    if not is_staff_member(request):
        raise PermissionDenied
    context = {"cursor": request.GET.get("cursor", ""), "tracker_tag": tracker_tag(request)}
    return render(request, "dashboard/browsers.html", context)


class CursorField(serializers.Field):
    """A place in the list of instances."""

    def to_internal_value(self, data: Any) -> Place:
        try:
            return read_cursor(str(data))
        except (ValueError, OverflowError):
            raise serializers.ValidationError("is not a cursor of this list") from None


class RowsQuery(serializers.Serializer):
    cursor = CursorField(required=False, default=None)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_ROWS, default=50)


class Rows(APIView):
    """The rows of a page of `/browsers/`, whose order is fixed."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"get": costly}
    schema = None

    def get(self, request: Request) -> Response:
        query = read_query(request, RowsQuery)
        now = timezone.now()
        return Response(list_glimpses(place=query["cursor"], limit=query["limit"], now=now))


class InstancesField(serializers.Field):
    """Instance ids, separated by commas."""

    def to_internal_value(self, data: Any) -> list[UUID]:
        try:
            ids = [UUID(text) for text in str(data).split(",")]
        except ValueError:
            raise serializers.ValidationError("are ids, separated by commas") from None
        if len(ids) > MAX_ROWS:
            raise serializers.ValidationError(f"are too many; the limit is {MAX_ROWS}")
        return ids


class CellsQuery(serializers.Serializer):
    instances = InstancesField()
    newest = serializers.IntegerField(min_value=0, max_value=2**63 - 1)


class Cells(APIView):
    """The current cells of the rows of `/browsers/`; the page calls this once a second."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    schema = None

    def get(self, request: Request) -> Response:
        query = read_query(request, CellsQuery)
        shown, newest = query["instances"], query["newest"]
        return Response(refresh_glimpses(instance_ids=shown, newest=newest, now=timezone.now()))


class PageLogOn(APIView):
    """Logs the page `/` on: the API's answer, for the instance of the session."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [LogOnThrottle]
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # DRF checks CSRF only for logged-in users. Django's own check refuses with a page, which
        # the tracker would take for a proxy's error and retry. DRF's request would parse the body
        # first.
        SessionAuthentication().enforce_csrf(request._request)  # type: ignore[arg-type]
        super().initial(request, *args, **kwargs)

    def post(self, request: Request) -> Response:
        now = timezone.now()
        charge = partial(spend_instance, caller_address(request._request))
        site = site_of(request.headers.get("Origin", ""))
        visit = log_on_visitor(session=request.session, now=now, site=site, before_new=charge)
        code = status.HTTP_201_CREATED if visit.is_new else status.HTTP_200_OK
        return Response(to_logged_on(visit.browser, now), code)
