"""The API of samples and measures."""

from typing import Any, ClassVar
from uuid import UUID

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
)
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from analytics.api import examples
from analytics.api.ranges import MAX_SEQ, RangeQuery, Shown, answer_range
from analytics.ingest.batch import Batch
from analytics.ingest.endpoint import READ, Post, answer_batch
from analytics.ingest.group_commit import store_alone
from analytics.reading.events import EVENTS, get_event
from analytics.reading.events_in_scenes import EVENTS_IN_SCENES
from analytics.reading.ranges import Position, Selection
from analytics.studies.measures import DEFAULT_PAUSE_MS, measure
from analytics.wire import EventPage, Measures, Receipt, StoredEvent
from core.api.answers import to_response
from core.api.problems import NoSuchEvent
from core.api.queries import TimeField, read_query
from core.api.rendering import FILE_ANSWERS, JSON_OR_FILE, JsonRenderer
from core.values.times import parse_time, to_rfc3339
from core.web.addresses import caller_address
from core.web.cors import NO_ACTION, OpenViewSet
from core.web.costs import costly, or_file
from core.web.methods import KnownMethods
from dashboard.instances.authentication import WriteTokenAuthentication
from dashboard.instances.permissions import MayRead, visible_browser
from dashboard.instances.throttles import ReadThrottle

# In the view's own thread, with Django's connection, so that a test's transaction covers it.
_store = sync_to_async(store_alone)

MAX_PAUSE_MS = 3_600_000
KEY_PARAMETER = OpenApiParameter(
    "key",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description="`{time},{seq}`, as in `2026-11-23T12:00:00.000125Z,17`",
)


class EventsQuery(RangeQuery):
    """A range of an instance's samples, a position in it, and what is added to each sample."""

    def get_fields(self) -> dict[str, serializers.Field]:
        added = serializers.ChoiceField(
            ["scene"],
            required=False,
            help_text="adds what lies under the pointer: the columns of the sample's scene",
        )
        # `with` cannot be a name in a class.
        return {**super().get_fields(), "with": added}


class EventViewSet(OpenViewSet):
    """An instance's samples: its page adds them; its page and staff read them."""

    cookieless = {"POST"}
    costs: ClassVar = {"list": or_file(costly)}
    lookup_field = "key"
    lookup_value_converter = "str"

    def get_authenticators(self) -> list[BaseAuthentication]:
        # Ingest ignores cookies: any site may send to it, so none may use a visitor's login.
        if self.called_action() == "create":
            return [WriteTokenAuthentication(described_only=True)]
        return super().get_authenticators()

    def perform_content_negotiation(
        self, request: Request, force: bool = False
    ) -> tuple[BaseRenderer, str]:
        # answer_batch checks everything about a batch, its Accept header included.
        return super().perform_content_negotiation(request, force or self.action == "create")

    def get_permissions(self) -> list[BasePermission]:
        anyone = self.action in (*NO_ACTION, "create")
        return [AllowAny() if anyone else MayRead()]

    def get_throttles(self) -> list[Any]:
        return [] if self.action in (*NO_ACTION, "create") else [ReadThrottle()]

    def get_renderers(self) -> list[BaseRenderer]:
        return list(JSON_OR_FILE) if self.action == "list" else [JsonRenderer()]

    @extend_schema(
        tags=["events"],
        request={"application/json": Batch, "text/plain": Batch},
        responses={202: Receipt},
        examples=examples.BATCH,
        summary="Send a batch",
    )
    def create(self, request: Request, instance_id: UUID) -> HttpResponse:
        """Store a batch: exactly once, all of it or nothing."""
        post = _read_post(request._request, instance_id)
        decide = async_to_sync(answer_batch)
        return to_response(decide(post, store=_store, now=timezone.now()))

    @extend_schema(
        tags=["events"],
        parameters=[EventsQuery],
        responses={(200, "application/json"): EventPage, **FILE_ANSWERS},
        examples=examples.PAGE,
        summary="Read samples",
    )
    def list(self, request: Request, instance_id: UUID) -> HttpResponseBase:
        """The samples of a range, by (time, seq): pages of JSON, or all of them as a file."""
        query = read_query(request, EventsQuery)
        source = EVENTS_IN_SCENES if "with" in query else EVENTS
        shown = Shown(source, "events", StoredEvent, EventPage)
        return answer_range(request, instance_id, query, shown)

    @extend_schema(
        tags=["events"],
        parameters=[KEY_PARAMETER],
        responses={200: StoredEvent},
        summary="Read one sample",
    )
    def retrieve(self, request: Request, instance_id: UUID, key: str) -> Response:
        """One sample, by its key `{time},{seq}`."""
        browser = visible_browser(request, instance_id)
        return Response(get_event(browser_id=browser.pk, key=_read_key(key)))


class MeasuresQuery(serializers.Serializer):
    """A range of an instance's samples, and the length from which a rest is a pause."""

    since = TimeField(required=False, default=None)
    until = TimeField(required=False, default=None)
    pause = serializers.IntegerField(
        min_value=1,
        max_value=MAX_PAUSE_MS,
        default=DEFAULT_PAUSE_MS,
        help_text="ms; a longer rest is a pause",
    )

    def validate(self, query: dict[str, Any]) -> dict[str, Any]:
        if query["since"] and query["until"] and query["since"] > query["until"]:
            raise serializers.ValidationError({"since": "lies after `until`"})
        return query


class MeasureViewSet(KnownMethods, ViewSet):
    """An instance's research measures."""

    permission_classes = [MayRead]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"list": costly}

    @extend_schema(
        tags=["measures"],
        parameters=[MeasuresQuery],
        responses={200: Measures},
        examples=examples.MEASURES,
        summary="Measure an instance's movement",
    )
    def list(self, request: Request, instance_id: UUID) -> Response:
        """Path, flips, pauses, velocity and smoothness of a range, from its raw samples."""
        query = read_query(request, MeasuresQuery)
        browser = visible_browser(request, instance_id)
        since, until = query["since"], query["until"]
        measures = measure(selection=Selection(browser.pk, since, until), pause_ms=query["pause"])
        return Response(
            Measures(
                instance_id,
                since=to_rfc3339(since) if since else None,
                until=to_rfc3339(until) if until else None,
                pause_ms=query["pause"],
                measures=measures,
            )
        )


def _read_post(request: HttpRequest, instance_id: UUID) -> Post:
    """Return the batch that Django received; servers join repeated headers by commas."""
    headers = {name: request.headers[name] for name in READ if name in request.headers}
    length = None if "Transfer-Encoding" in request.headers else _length_of(request)
    is_read = length is not None and length <= settings.MAX_BODY_BYTES
    return Post(
        instance_id,
        headers,
        request.META["QUERY_STRING"],
        length,
        request.read() if is_read else b"",
        caller_address(request),
    )


def _length_of(request: HttpRequest) -> int:
    digits = request.headers.get("Content-Length", "").strip(" \t")
    return int(digits) if digits.isdecimal() else 0


def _read_key(text: str) -> Position:
    time, _, seq = text.rpartition(",")
    try:
        key = Position(parse_time(time), int(seq))
    except (ValueError, OverflowError):
        raise NoSuchEvent from None
    if not 0 <= key.seq <= MAX_SEQ:
        raise NoSuchEvent
    return key
