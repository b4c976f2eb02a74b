"""The API of browser instances and statuses: views validate, call one function, answer."""

from collections.abc import Set
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from msgspec import UNSET
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.bodies import BeaconParser, JsonBytesParser, decode_body, read_body
from core.api.problems import FieldError, Invalid
from core.api.queries import read_query
from core.api.rendering import FILE_ANSWERS, JSON_OR_FILE, JsonRenderer, answer_file
from core.api.schema import STAFF_ONLY
from core.values.durations import format_duration
from core.values.times import name_range, to_rfc3339
from core.web.addresses import caller_address
from core.web.cors import NO_ACTION, OpenView, OpenViewSet
from core.web.costs import costly, or_file
from core.web.methods import KnownMethods
from dashboard.access.grants import grant_of
from dashboard.api import examples
from dashboard.api.queries import BrowsersQuery, SeriesQuery, cost_of_series
from dashboard.instances.authentication import WriteTokenAuthentication
from dashboard.instances.browsers import (
    list_browsers,
    log_off,
    log_on,
    resume,
    set_active,
    set_label,
)
from dashboard.instances.erasing import erase
from dashboard.instances.permissions import (
    HoldsTokenOrMayChange,
    HoldsTokenOrMayErase,
    MayRead,
    header_token,
    is_staff_who_may,
    visible_browser,
)
from dashboard.instances.sites import allowed_site
from dashboard.instances.throttles import LogOnThrottle, ReadThrottle, spend_instance
from dashboard.instances.tokens import make_token, read_token
from dashboard.models import Browser
from dashboard.statuses.presence import movements
from dashboard.statuses.series import (
    COLUMNS,
    Range,
    list_statuses,
    list_total_statuses,
    page_statuses,
)
from dashboard.wire import (
    BeaconToken,
    BrowserChange,
    BrowserInstance,
    BrowserPage,
    LoggedOn,
    LogOn,
    Series,
    ServerTime,
    TotalSeries,
    TrackerConfig,
    stream_url,
    to_wire,
)

# For the API's description.
ANYONE: Any = [{}]

NEEDED = {"partial_update": HoldsTokenOrMayChange, "destroy": HoldsTokenOrMayErase}


class BrowserViewSet(OpenViewSet):
    """Browser instances."""

    parser_classes = [JsonBytesParser, BeaconParser]
    lookup_field = "instance_id"
    lookup_value_converter = "uuid"
    # A page that embeds the tracker must be able to erase as well.
    open_actions = {"create", "destroy"}

    def get_authenticators(self) -> list[BaseAuthentication]:
        # Any site may call log on, so it ignores cookies: no site can borrow a login.
        called = self.called_action()
        # A browser adds a staff member's cookie to every beacon. Only a CSRF token shows intent.
        beacon = called == "log_off" and self.request and "X-CSRFToken" not in self.request.headers
        if called == "create" or beacon:
            return [WriteTokenAuthentication()]
        return super().get_authenticators()

    def get_permissions(self) -> list[BasePermission]:
        if self.action == "list":
            return [IsAdminUser()]
        # A beacon carries its token in the body, so log_off() checks the permission.
        if self.action in (*NO_ACTION, "create", "log_off"):
            return [AllowAny()]
        return [NEEDED.get(self.action, MayRead)()]

    def get_throttles(self) -> list[Any]:
        if self.action in NO_ACTION:
            return []
        return [LogOnThrottle() if self.action == "create" else ReadThrottle()]

    @extend_schema(
        tags=["browsers"],
        request=LogOn,
        responses={200: LoggedOn, 201: LoggedOn},
        examples=examples.LOG_ON,
        auth=ANYONE,
        summary="Log on",
    )
    def create(self, request: Request) -> Response:
        """Create an instance, or log an existing one on again with its token."""
        wish = decode_body(read_body(request) or b"{}", LogOn)
        site = allowed_site(request.headers.get("Origin", ""), own_host=request.get_host())
        now = timezone.now()
        if wish.instance_id is None:
            spend_instance(caller_address(request._request))
            browser = log_on(now=now, label=wish.label, site=site)
            return Response(to_logged_on(browser, now), status.HTTP_201_CREATED)
        token = read_token(wish.write_token or "")
        browser = resume(instance_id=wish.instance_id, token=token, now=now, label=wish.label)
        return Response(to_logged_on(browser, now))

    @extend_schema(
        tags=["browsers"],
        parameters=[BrowsersQuery],
        responses={200: BrowserPage},
        auth=STAFF_ONLY,
        summary="List instances",
    )
    def list(self, request: Request) -> Response:
        """Return the instances that match all filters, the newest first."""
        query = read_query(request, BrowsersQuery)
        now = timezone.now()
        browsers, cursor = list_browsers(
            filters=query["filters"],
            is_active=query["is_active"],
            before=query.get("cursor"),
            limit=query["limit"],
            now=now,
        )
        shown = _to_instances(browsers, now, grant_of(request.auth))
        return Response(_to_page(request, shown, cursor))

    @extend_schema(tags=["browsers"], responses={200: BrowserInstance}, summary="Read an instance")
    def retrieve(self, request: Request, instance_id: UUID) -> Response:
        """Return whether it is logged on, since when, and when it was last seen."""
        browser = visible_browser(request, instance_id)
        return Response(_to_instances([browser], timezone.now(), grant_of(request.auth))[0])

    @extend_schema(
        tags=["browsers"],
        request=BrowserChange,
        responses={200: BrowserInstance},
        summary="Log an instance on or off, or label it",
    )
    def partial_update(self, request: Request, instance_id: UUID) -> Response:
        """Set `is_active` or `label`; a value that is set already changes nothing."""
        change = decode_body(read_body(request), BrowserChange)
        if change == BrowserChange():
            raise Invalid(errors=[FieldError("", "invalid", "Expected `is_active` or `label`")])
        browser = visible_browser(request, instance_id)
        now = timezone.now()
        if change.is_active is not UNSET:
            set_active(browser, is_active=change.is_active, now=now)
        if change.label is not UNSET:
            set_label(browser, label=change.label)
        return Response(_to_instances([browser], now, grant_of(request.auth))[0])

    @extend_schema(tags=["browsers"], responses={204: None}, summary="Erase an instance")
    def destroy(self, request: Request, instance_id: UUID) -> Response:
        """Erase the instance and all its events and statuses, for good."""
        erase(instance_id=instance_id, token=header_token(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(tags=["browsers"], request=BeaconToken, responses={204: None}, summary="Log off")
    @action(detail=True, methods=["post"], url_path="log-off")
    def log_off(self, request: Request, instance_id: UUID) -> Response:
        """A beacon can call this, with the token in the body."""
        body = decode_body(read_body(request) or b"{}", BeaconToken)
        token = header_token(request)
        if token is None and (body.token or not request.user.is_staff):
            token = read_token(body.token or "")
        if token is None and not is_staff_who_may(request, HoldsTokenOrMayChange.needed):
            raise PermissionDenied
        log_off(instance_id=instance_id, token=token, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class StatusViewSet(KnownMethods, ViewSet):
    """An instance's statuses."""

    permission_classes = [MayRead]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"list": or_file(cost_of_series)}

    def get_renderers(self) -> list[BaseRenderer]:
        return list(JSON_OR_FILE) if self.action == "list" else [JsonRenderer()]

    @extend_schema(
        tags=["statuses"],
        parameters=[SeriesQuery],
        responses={(200, "application/json"): Series, **FILE_ANSWERS},
        examples=examples.SERIES,
        summary="Read an instance's series",
    )
    def list(self, request: Request, instance_id: UUID) -> HttpResponseBase:
        """Return distance and velocity for each bucket; docs/metrics.md defines every number."""
        is_file = request.accepted_renderer.format != JsonRenderer.format
        span = read_query(request, SeriesQuery, now=timezone.now(), is_file=is_file)
        browser = visible_browser(request, instance_id)
        if is_file:
            kind = f"statuses-{format_duration(span.interval_ms)}"
            name = f"pointerscope-{instance_id}-{kind}-{name_range(span.since, span.until)}"
            pages = page_statuses(browser_id=browser.pk, span=span)
            return answer_file(request, columns=COLUMNS, pages=pages, name=name)
        statuses = list_statuses(browser_id=browser.pk, span=span)
        return Response(Series(instance_id, statuses=statuses, **_to_range(span)))


class TotalStatusViewSet(KnownMethods, ViewSet):
    """The statuses of all instances together."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {"list": costly}

    @extend_schema(
        tags=["statuses"],
        parameters=[SeriesQuery],
        responses={200: TotalSeries},
        auth=STAFF_ONLY,
        summary="Read the series of all instances together",
    )
    def list(self, request: Request) -> Response:
        """Return sums over all instances; the peak is that of the fastest instance."""
        span = read_query(request, SeriesQuery, now=timezone.now(), is_file=False)
        return Response(TotalSeries(statuses=list_total_statuses(span=span), **_to_range(span)))


class TimeView(OpenView):
    """The server's clock, for clients that correct their own."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def open_methods(self) -> Set[str]:
        return {"GET"}

    @extend_schema(tags=["time"], responses={200: ServerTime}, summary="Read the server's clock")
    def get(self, request: Request) -> Response:
        """Clients can correct their own clock by it."""
        return Response(ServerTime(to_rfc3339(timezone.now())))


def _to_instances(browsers: list[Browser], now: datetime, grant: str) -> list[BrowserInstance]:
    moved = movements([browser.pk for browser in browsers])
    return [
        to_wire(browser, moved_at=moved.get(browser.pk), now=now, grant=grant)
        for browser in browsers
    ]


def _to_page(request: Request, browsers: list[BrowserInstance], cursor: int | None) -> BrowserPage:
    if cursor is None:
        return BrowserPage(browsers, None, None)
    query = request.query_params.copy()
    query["cursor"] = str(cursor)
    return BrowserPage(browsers, str(cursor), f"{request.path}?{query.urlencode()}")


def _to_range(span: Range) -> dict[str, Any]:
    return {
        "interval_ms": span.interval_ms,
        "since": to_rfc3339(span.since),
        "until": to_rfc3339(span.until),
    }


def to_logged_on(browser: Browser, now: datetime) -> LoggedOn:
    return LoggedOn(
        instance_id=browser.instance_id,
        write_token=make_token(instance_id=browser.instance_id, version=browser.token_version),
        server_time=to_rfc3339(now),
        config=TrackerConfig(
            flush_interval_ms=settings.FLUSH_INTERVAL_MS,
            max_batch_events=settings.MAX_BATCH_EVENTS,
            max_batch_bytes=settings.TRACKER_BATCH_BYTES,
            idle_gap_ms=settings.IDLE_GAP_MS,
            poll_interval_ms=settings.POLL_INTERVAL_MS,
        ),
        stream_url=stream_url(browser.instance_id),
    )
