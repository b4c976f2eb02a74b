"""The pages that list the pages of sites, and the instances that were on one of these."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from msgspec import Struct
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.api.page_queries import PAGE_SIZE, SpanQuery
from analytics.api.pages import find_page
from analytics.maps.page_list import Sort, list_page_sites
from analytics.maps.page_visitors import Visitor, VisitorPlace, VisitorSort, list_visitors
from core.api.problems import NoSuchPage
from core.api.queries import read_query
from core.values.times import to_rfc3339
from core.web.aliases import OWN_API_URL
from core.web.costs import costly
from dashboard.instances.names import SHORT_ID_DIGITS
from dashboard.instances.throttles import ReadThrottle
from dashboard.pages.access import for_staff

# Sites that the filter suggests.
MAX_SITES = 200
# The default range is the API's.
RANGES = {"24h": "Last 24 hours", "7d": "Last 7 days", "": "Last 30 days", "90d": "Last 90 days"}
SORTS = {
    Sort.DWELL: "Dwell",
    Sort.SAMPLES: "Samples",
    Sort.INSTANCES: "Instances",
    Sort.LAST_VISIT: "Last visit",
}
DEFAULT_SORT = "dwell"
VISITOR_SORTS = {
    VisitorSort.DWELL: "Dwell",
    VisitorSort.SAMPLES: "Samples",
    VisitorSort.LATEST: "Latest",
}
CURSOR = re.compile("([0-9]{1,18}),([0-9]{1,18})")


@require_safe
@for_staff
def show_pages(request: HttpRequest) -> HttpResponse:
    """All pages, for staff; the page fetches its rows from the API."""
    context = {
        "rows_url": f"{OWN_API_URL}pages/",
        "sites": list_page_sites(limit=MAX_SITES),
        "ranges": RANGES,
        "sorts": _to_choices(SORTS),
    }
    return render(request, "analytics/pages.html", context)


@require_safe
@for_staff
def show_visitors(request: HttpRequest, page_id: int) -> HttpResponse:
    """The instances of one page, for staff; the page fetches its rows from Visitors."""
    try:
        page = find_page(page_id)
    except NoSuchPage:
        return render(request, "analytics/no_page.html", status=404)
    context = {
        "page": page,
        "ranges": RANGES,
        "sorts": _to_choices(VISITOR_SORTS),
        "days": settings.STATUS_RETENTION_DAYS,
    }
    return render(request, "analytics/visitors.html", context)


class VisitorPlaceField(serializers.Field):
    """The place where a page of the list ends: `{what its order compares},{key}`."""

    default_error_messages = {"invalid": "is not a cursor of this list"}

    def to_internal_value(self, data: Any) -> VisitorPlace:
        match = CURSOR.fullmatch(str(data))
        if not match:
            self.fail("invalid")
        return VisitorPlace(*map(int, match.groups()))

    def to_representation(self, value: VisitorPlace) -> str:
        return ",".join(map(str, value))


class VisitorsQuery(SpanQuery):
    """A range, filters and an order, and a place in its list."""

    q = serializers.CharField(default="", max_length=200, allow_blank=True)
    sort = serializers.ChoiceField([one.value for one in VisitorSort], default=DEFAULT_SORT)
    cursor = VisitorPlaceField(required=False, default=None)


class ListedVisitor(Struct):
    """An instance that was on the page, in s; its samples are in [since, until)."""

    instance_id: UUID
    label: str
    short_id: str
    dwell: float
    samples: int
    since: str
    until: str


class ListedVisitors(Struct):
    """A page of instances, in the order that was asked for."""

    instances: list[ListedVisitor]
    next_cursor: str | None


class Visitors(APIView):
    """The rows of `/pages/{id}/instances/`."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"get": costly}
    schema = None

    def get(self, request: Request, page_id: int) -> Response:
        query = read_query(request, VisitorsQuery, now=timezone.now())
        visitors, after = list_visitors(
            page_id=find_page(page_id).pk,
            since=query["since"],
            until=query["until"],
            q=query["q"],
            sort=VisitorSort(query["sort"]),
            after=query["cursor"],
            limit=PAGE_SIZE,
        )
        cursor = VisitorPlaceField().to_representation(after) if after else None
        return Response(ListedVisitors([_to_listed(visitor) for visitor in visitors], cursor))


def _to_choices(sorts: Mapping[Any, str]) -> dict[str, str]:
    """Return each order's words by its name in the address, which is empty for the default."""
    return {"" if sort.value == DEFAULT_SORT else sort.value: sorts[sort] for sort in sorts}


def _to_listed(visitor: Visitor) -> ListedVisitor:
    return ListedVisitor(
        instance_id=visitor.instance_id,
        label=visitor.label,
        short_id=visitor.instance_id.hex[:SHORT_ID_DIGITS],
        dwell=visitor.dwell,
        samples=visitor.samples,
        since=to_rfc3339(visitor.since),
        until=to_rfc3339(visitor.until),
    )
