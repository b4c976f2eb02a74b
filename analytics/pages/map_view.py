"""The page of one page's map, for staff and for readers of its share link."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from analytics.api.pages import find_page
from analytics.maps.document_sizes import read_document_sizes
from analytics.maps.page_map import WIDTHS
from core.api.problems import NoSuchPage
from core.web.aliases import OWN_API_URL
from dashboard.access.shared_sessions import shared_link, thing_of
from dashboard.models import Page
from dashboard.pages.views import is_staff_member

# Sites with a page of the same name, to compare with.
MAX_OTHERS = 50
RANGES = {
    "24h": ("24 h", 86_400),
    "7d": ("7 d", 7 * 86_400),
    "30d": ("30 d", 30 * 86_400),
    "90d": ("90 d", 90 * 86_400),
    "1y": ("1 year", 365 * 86_400),
}


@cache_control(private=True, no_store=True)
@require_safe
def show_map(request: HttpRequest, page_id: int) -> HttpResponse:
    """The page's map; what it shows is in the address, which its script reads.

    A caller who may not read it gets a page without data, which opens the share link in its address
    or asks for a login.
    """
    is_staff = is_staff_member(request)
    share = None
    if not is_staff:
        thing = str(thing_of({"page_id": page_id}))
        share = shared_link(request.session, thing, now=timezone.now())
        if share is None:
            return render(request, "analytics/map_closed.html", {"page_id": page_id})
    try:
        page = find_page(page_id)
    except NoSuchPage:
        return render(request, "analytics/no_page.html", status=404)
    others = Page.objects.filter(name=page.name).exclude(pk=page.pk)[:MAX_OTHERS]
    context = {
        "page": page,
        "share": share,
        "others": others if is_staff else [],
        "sizes": {
            width: list(size) for width, size in read_document_sizes(page_id=page.pk).items()
        },
        "ranges": RANGES,
        "widths": WIDTHS,
        "api_url": OWN_API_URL,
    }
    return render(request, "analytics/map.html", context)
