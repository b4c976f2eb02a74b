"""The pointing task: a page for everybody, like `/`, and the stored trials of one run of it."""

from typing import ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from msgspec import Struct
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.studies.throughput import Sequence, ThroughputOptions, throughput_by_sequence
from analytics.studies.trial_list import TrialFilters
from core.api.queries import read_query
from core.web.aliases import API_URL, TRACKER_URL
from core.web.costs import costly
from dashboard.instances.permissions import HoldsTokenOrIsStaff, visible_browser
from dashboard.instances.throttles import ReadThrottle


# The page's head shows who is logged in.
@cache_control(private=True, no_store=True)
@require_safe
def show_pointing(request: HttpRequest) -> HttpResponse:
    """The pointing task, whose settings the page reads from its address."""
    embedded = {
        "tracker_url": TRACKER_URL,
        "api_url": API_URL,
        "stored_url": reverse("pointing"),
    }
    return render(request, "analytics/pointing.html", embedded)


class RunQuery(serializers.Serializer):
    """The name of a run, with which the names of its blocks begin."""

    run = serializers.RegexField(r"\A[0-9TZ]{8,32}\Z")


class StoredRing(Struct):
    """A ring's stored trials that ended, those that missed, and their throughput in bit/s."""

    block: str
    trials: int
    errors: int
    throughput: float | None


class StoredRun(Struct):
    """The rings of a run."""

    sequences: list[StoredRing]


class StoredRings(APIView):
    """The stored trials of a run by ring, for the holder of the instance's write token."""

    permission_classes = [HoldsTokenOrIsStaff]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"get": costly}
    schema = None

    def get(self, request: Request, instance_id: UUID) -> Response:
        run = read_query(request, RunQuery)["run"]
        browser = visible_browser(request, instance_id)
        filters = TrialFilters(browser_ids=[browser.pk], block=f"{run}-")
        found = throughput_by_sequence(filters=filters, options=ThroughputOptions(by_block=True))
        return Response(StoredRun([_to_ring(one) for one in found]))


def _to_ring(sequence: Sequence) -> StoredRing:
    numbers = sequence.throughput
    return StoredRing(sequence.block, numbers.trials, numbers.errors, numbers.throughput)
