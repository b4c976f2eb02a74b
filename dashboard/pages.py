"""The pages that people look at."""

from uuid import UUID

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

CHART_LOCAL_PATH = "vendor/apexcharts.min.js"


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
