"""The pages that people look at."""

from uuid import UUID

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_safe
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dashboard.throttles import LogOnThrottle
from dashboard.views import to_logged_on
from dashboard.visits import log_on_visitor

CHART_LOCAL_PATH = "vendor/apexcharts.min.js"


# The page carries its visitor's CSRF token.
@cache_control(private=True)
@require_safe
def live(request: HttpRequest, instance_id: UUID | None = None) -> HttpResponse:
    """Your own pointer, live; or, with an instance id, that of another instance."""
    chart = {
        "cdn_url": settings.CHART_CDN_URL,
        "cdn_integrity": settings.CHART_CDN_INTEGRITY,
        "local_url": static(CHART_LOCAL_PATH) if finders.find(CHART_LOCAL_PATH) else "",
    }
    return render(
        request, "dashboard/live.html", {"chart": chart, "instance_id": instance_id or ""}
    )


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
        visit = log_on_visitor(session=request.session, now=now)
        code = status.HTTP_201_CREATED if visit.is_new else status.HTTP_200_OK
        return Response(to_logged_on(visit.browser, now), code)
