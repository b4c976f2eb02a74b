"""The HTML pages, and the endpoints that only they call."""

from datetime import timedelta
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

from core.api.bodies import decode_body, read_body
from core.api.problems import NoSuchShare
from core.api.queries import read_query
from core.web.addresses import caller_address
from core.web.aliases import API_URL, OWN_API_URL, TRACKER_URL
from core.web.costs import costly
from dashboard.access.share_links import read_share_ticket
from dashboard.access.shared_sessions import remember, thing_of
from dashboard.api.queries import FiltersQuery
from dashboard.api.views import to_logged_on
from dashboard.instances.embedding import tracker_tag
from dashboard.instances.finding import list_known
from dashboard.instances.sites import site_of
from dashboard.instances.throttles import LogOnThrottle, ReadThrottle, spend_instance
from dashboard.instances.visits import log_on_visitor
from dashboard.statuses.overview import Part, Place, Sort, View, read_cursor
from dashboard.statuses.ranges import CHOICES, LIVE, ChosenRange
from dashboard.statuses.shared_glimpses import refresh_glimpses, share_page
from dashboard.wire import ShareTicket

CHART_LOCAL_PATH = "vendor/apexcharts.min.js"
MAX_ROWS = 100
# Sites and pages that the filters suggest.
MAX_KNOWN = 200
RECENT = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}


# The page contains its visitor's CSRF token.
@cache_control(private=True, no_store=True)
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The live page of the visitor's own pointer."""
    return show_measured(request, range=ChosenRange(LIVE, CHOICES[LIVE]), may_share=True)


@cache_control(public=True, max_age=86_400)
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect browsers that look here by default: at JSON answers and in the admin."""
    return redirect(static("dashboard/favicon.svg"))


def show_measured(request: HttpRequest, **context: Any) -> HttpResponse:
    """Return the page of tiles and charts: the visitor's own, or that of an instance."""
    embedded = {
        "chart": chart_sources(),
        "tracker_url": TRACKER_URL,
        "api_url": API_URL,
        "own_api_url": OWN_API_URL,
    }
    return render(request, "dashboard/live.html", {**embedded, **context})


def chart_sources() -> dict[str, str]:
    """Return where a page loads the chart library from."""
    return {
        "cdn_url": settings.CHART_CDN_URL,
        "cdn_integrity": settings.CHART_CDN_INTEGRITY,
        "local_url": static(CHART_LOCAL_PATH) if finders.find(CHART_LOCAL_PATH) else "",
    }


def is_staff_member(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff


@cache_control(private=True, no_store=True)
@require_safe
@login_required
def browsers(request: HttpRequest) -> HttpResponse:
    """All instances, for staff; the page fetches its rows from Rows and their cells from Cells."""
    if not is_staff_member(request):
        raise PermissionDenied
    context = {"known": list_known(limit=MAX_KNOWN), "tracker_tag": tracker_tag(request)}
    return render(request, "dashboard/browsers.html", context)


class CursorField(serializers.Field):
    """A place in the list of instances."""

    def to_internal_value(self, data: Any) -> Place:
        try:
            return read_cursor(str(data))
        except (ValueError, OverflowError):
            raise serializers.ValidationError("is not a cursor of this list") from None


class ViewQuery(FiltersQuery):
    """What a list shows: the API's filters, a part of the list, a time before now, an order."""

    state = serializers.ChoiceField(["", *Part], default="")
    time = serializers.ChoiceField(["", *RECENT], default="")
    sort = serializers.ChoiceField(["", *Sort], default="")
    cursor = CursorField(required=False, default=None)

    def validate(self, query: dict[str, Any]) -> dict[str, Any]:
        query = super().validate(query)
        part, time, place = query.pop("state"), query.pop("time"), query["cursor"]
        filters, sort = query.pop("filters"), query.pop("sort")
        if time:
            # All pages of a list share one moment, and so do all viewers within a second.
            at = place.at if place else self.context["now"].replace(microsecond=0)
            filters = filters._replace(since=at - RECENT[time])
        view = View(filters, Part(part) if part else None, Sort(sort) if sort else None)
        return {**query, "view": view}


class RowsQuery(ViewQuery):
    limit = serializers.IntegerField(min_value=1, max_value=MAX_ROWS, default=50)


class Rows(APIView):
    """The rows of a page of `/browsers/`, which keep their places while it is shown."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"get": costly}
    schema = None

    def get(self, request: Request) -> Response:
        now = timezone.now()
        query = read_query(request, RowsQuery, now=now)
        page = share_page(place=query["cursor"], limit=query["limit"], view=query["view"], now=now)
        return Response(page)


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


class CellsQuery(ViewQuery):
    instances = InstancesField()
    newest = serializers.IntegerField(min_value=0, max_value=2**63 - 1)


class Cells(APIView):
    """The current cells of the rows of `/browsers/`; the page calls this once a second."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    schema = None

    def get(self, request: Request) -> Response:
        now = timezone.now()
        query = read_query(request, CellsQuery, now=now)
        cells = refresh_glimpses(
            instance_ids=query["instances"],
            newest=query["newest"],
            view=query["view"],
            now=now,
        )
        return Response(cells)


class PageCall(APIView):
    """A call of a page that needs no login, but the page's CSRF token."""

    authentication_classes = []
    permission_classes = [AllowAny]
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # DRF checks CSRF only for logged-in users. Django's own check refuses with a page, which
        # the tracker would take for a proxy's error and retry. DRF's request would parse the body
        # first.
        SessionAuthentication().enforce_csrf(request._request)  # type: ignore[arg-type]
        super().initial(request, *args, **kwargs)


class OpenShare(PageCall):
    """Opens the share link in the address of what it shares, for this session."""

    throttle_classes = [ReadThrottle]

    def post(self, request: Request, **kwargs: Any) -> Response:
        ticket = decode_body(read_body(request), ShareTicket).ticket
        link = read_share_ticket(ticket, now=timezone.now())
        if link.thing != self.thing(request):
            raise NoSuchShare
        remember(request.session, link)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def thing(self, request: Request) -> str | None:
        """Return what the address is about: an instance, or a page."""
        return thing_of(self.kwargs)


class PageLogOn(PageCall):
    """Logs the page `/` on: the API's answer, for the instance of the session."""

    throttle_classes = [LogOnThrottle]

    def post(self, request: Request) -> Response:
        now = timezone.now()
        charge = partial(spend_instance, caller_address(request._request))
        site = site_of(request.headers.get("Origin", ""))
        visit = log_on_visitor(session=request.session, now=now, site=site, before_new=charge)
        code = status.HTTP_201_CREATED if visit.is_new else status.HTTP_200_OK
        return Response(to_logged_on(visit.browser, now), code)
