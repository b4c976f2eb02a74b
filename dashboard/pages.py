"""The pages that people look at."""

from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_safe
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.addresses import caller_address
from core.costs import costly
from core.queries import read_query
from dashboard.overview import Place, list_glimpses, read_cursor
from dashboard.ranges import CHOICES, choose_range
from dashboard.throttles import LogOnThrottle, ReadThrottle, spend_instance
from dashboard.views import to_logged_on
from dashboard.visits import log_on_visitor

CHART_LOCAL_PATH = "vendor/apexcharts.min.js"


# The page carries its visitor's CSRF token.
@cache_control(private=True)
@require_safe
def live(request: HttpRequest, instance_id: UUID | None = None) -> HttpResponse:
    """Your own pointer, live; or, with an instance id, another instance, for staff in any range."""
    is_staff = instance_id is not None and is_staff_member(request)
    chart = {
        "cdn_url": settings.CHART_CDN_URL,
        "cdn_integrity": settings.CHART_CDN_INTEGRITY,
        "local_url": static(CHART_LOCAL_PATH) if finders.find(CHART_LOCAL_PATH) else "",
    }
    context = {
        "chart": chart,
        "instance_id": instance_id or "",
        "has_ranges": is_staff,
        "choices": CHOICES,
        "range": choose_range(request.GET if is_staff else QueryDict()),
    }
    return render(request, "dashboard/live.html", context)


def is_staff_member(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff


@cache_control(private=True)
@require_safe
@login_required
def browsers(request: HttpRequest) -> HttpResponse:
    """All instances, for staff; the page reads its rows from Glimpses."""
    if not is_staff_member(request):
        raise PermissionDenied
    return render(request, "dashboard/browsers.html", {"cursor": request.GET.get("cursor", "")})


class CursorField(serializers.Field):
    """A place in the list of instances."""

    def to_internal_value(self, data: Any) -> Place:
        try:
            return read_cursor(str(data))
        except (ValueError, OverflowError):
            raise serializers.ValidationError("is not a cursor of this list") from None


class GlimpsesQuery(serializers.Serializer):
    cursor = CursorField(required=False, default=None)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=25)


class Glimpses(APIView):
    """The rows of the page `/browsers/`."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"get": costly}
    schema = None

    def get(self, request: Request) -> Response:
        query = read_query(request, GlimpsesQuery)
        now = timezone.now()
        return Response(list_glimpses(after=query["cursor"], limit=query["limit"], now=now))


# DRF's views are exempt from Django's CSRF check, and DRF's own looks at people who logged in only.
@method_decorator(csrf_protect, name="dispatch")
class PageLogOn(APIView):
    """Logs on the page `/` itself: the answer is that of the API, the instance the session's."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [LogOnThrottle]
    schema = None

    def post(self, request: Request) -> Response:
        now = timezone.now()
        charge = partial(spend_instance, caller_address(request._request))
        visit = log_on_visitor(session=request.session, now=now, before_new=charge)
        code = status.HTTP_201_CREATED if visit.is_new else status.HTTP_200_OK
        return Response(to_logged_on(visit.browser, now), code)
