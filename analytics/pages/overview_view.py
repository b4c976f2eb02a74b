"""The first page for staff: who is here, and what all instances did together."""

from datetime import datetime, timedelta
from typing import ClassVar

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

from core.api.queries import read_query
from core.values.times import to_rfc3339
from core.web.aliases import OWN_API_URL
from core.web.costs import costly
from dashboard.instances.embedding import tracker_tag
from dashboard.instances.throttles import ReadThrottle
from dashboard.pages.access import for_staff
from dashboard.pages.views import chart_sources
from dashboard.statuses.intervals import choose_interval
from dashboard.statuses.ladder import finest_rung
from dashboard.statuses.ranges import CHOICES
from dashboard.statuses.series import Range, count_active, list_total_statuses

RANGES = {key: CHOICES[key] for key in ("24h", "7d", "30d")}
DEFAULT_RANGE = "24h"
MOST_POINTS = 500
# Shorter buckets would read a rung of seconds for a day.
LEAST_INTERVAL_MS = 60_000


@require_safe
@for_staff
def show_overview(request: HttpRequest) -> HttpResponse:
    """The overview, for staff; the page fetches its parts."""
    key = request.GET.get("range", "")
    key = key if key in RANGES else DEFAULT_RANGE
    context = {
        "key": key,
        "chosen": RANGES[key],
        "ranges": RANGES,
        "api_url": OWN_API_URL,
        "chart": chart_sources(),
        "tracker_tag": tracker_tag(request),
    }
    return render(request, "analytics/overview.html", context)


class TogetherQuery(serializers.Serializer):
    """A range that ends now, and the largest number of its buckets."""

    range = serializers.ChoiceField(list(RANGES), default=DEFAULT_RANGE)
    max_points = serializers.IntegerField(min_value=1, max_value=MOST_POINTS, default=MOST_POINTS)


class BucketOfAll(Struct):
    """A bucket of all instances together; `instances` are those with samples in it."""

    time: str
    instances: int
    events: int
    distance: float
    peak: float
    moving: float


class Together(Struct):
    """All instances together in a range that ends now; `instances` had samples in it."""

    interval_ms: int
    since: str
    until: str
    instances: int
    buckets: list[BucketOfAll]


class AllTogether(APIView):
    """The numbers of the overview's tiles and charts."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"get": costly}
    schema = None

    def get(self, request: Request) -> Response:
        now = timezone.now()
        query = read_query(request, TogetherQuery, now=now)
        points = query["max_points"]
        return Response(read_together(key=query["range"], now=now, max_points=points))


def read_together(*, key: str, now: datetime, max_points: int = MOST_POINTS) -> Together:
    """Return the numbers of a range of RANGES that ends now."""
    since = now - timedelta(seconds=RANGES[key].seconds or 0)
    interval_ms = choose_interval(
        since=since,
        until=now,
        max_points=max_points,
        rung_ms=max(LEAST_INTERVAL_MS, finest_rung(since=since, now=now)),
    )
    return _read(Range(since, now, interval_ms, fill=True))


def _read(span: Range) -> Together:
    counts, every = count_active(span=span)
    return Together(
        interval_ms=span.interval_ms,
        since=to_rfc3339(span.since),
        until=to_rfc3339(span.until),
        instances=every,
        buckets=[
            BucketOfAll(
                time=status.time,
                instances=counts.get(status.time, 0),
                events=status.events,
                distance=status.traversed_distance,
                peak=status.peak_velocity,
                moving=status.moving_time,
            )
            for status in list_total_statuses(span=span)
        ],
    )
