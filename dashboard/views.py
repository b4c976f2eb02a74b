"""The API of browser instances and statuses: views validate, call one function, answer."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.bodies import BeaconParser, JsonBytesParser, decode_body, read_body
from core.queries import TimeField, read_query
from core.times import to_rfc3339
from dashboard.authentication import WriteTokenAuthentication
from dashboard.browsers import log_off, log_on, resume
from dashboard.models import Browser
from dashboard.permissions import HoldsTokenOrIsStaff, header_token, visible_browser
from dashboard.series import list_statuses
from dashboard.tokens import make_token, read_token

INTERVALS_MS = {"1s": 1000, "auto": 1000}
DEFAULT_RANGE = timedelta(minutes=2)
MAX_POINTS = 5000


class LogOn(msgspec.Struct, forbid_unknown_fields=True):
    """Both fields to come back as the same instance, neither for a new one."""

    instance_id: UUID | None = None
    write_token: str | None = None


class LogOff(msgspec.Struct, forbid_unknown_fields=True):
    token: str | None = None


class LogOnView(APIView):
    """Log on: anyone gets an instance of their own, or comes back to it with its token."""

    # No cookies here: any site may send, so none may borrow a login.
    authentication_classes = [WriteTokenAuthentication]
    permission_classes = [AllowAny]
    parser_classes = [JsonBytesParser, BeaconParser]

    def post(self, request: Request) -> Response:
        wish = decode_body(read_body(request) or b"{}", LogOn)
        now = timezone.now()
        if wish.instance_id is None:
            return Response(_to_log_on(log_on(now=now), now), status.HTTP_201_CREATED)
        token = read_token(wish.write_token or "")
        browser = resume(instance_id=wish.instance_id, token=token, now=now)
        return Response(_to_log_on(browser, now))


class LogOffView(APIView):
    """Log off: a beacon can call it, with its token in the body."""

    permission_classes = [AllowAny]
    parser_classes = [JsonBytesParser, BeaconParser]

    def post(self, request: Request, instance_id: UUID) -> Response:
        body = decode_body(read_body(request) or b"{}", LogOff)
        token = header_token(request)
        if token is None and not request.user.is_staff:
            token = read_token(body.token or "")
        log_off(instance_id=instance_id, token=token, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SeriesQuery(serializers.Serializer):
    """A range of at most MAX_POINTS buckets; the last two minutes unless it says otherwise."""

    since = TimeField(required=False)
    until = TimeField(required=False)
    interval = serializers.ChoiceField(list(INTERVALS_MS), default="auto")
    fill = serializers.ChoiceField(["none", "zero"], default="none")

    def validate(self, query: dict[str, Any]) -> dict[str, Any]:
        until: datetime = query.get("until") or self.context["now"]
        since: datetime = query.get("since") or until - DEFAULT_RANGE
        interval_ms = INTERVALS_MS[query["interval"]]
        if since > until:
            raise serializers.ValidationError({"since": "lies after `until`"})
        if (until - since) / timedelta(milliseconds=interval_ms) > MAX_POINTS:
            raise serializers.ValidationError(
                {"since": f"the range holds more than {MAX_POINTS} buckets of this interval"}
            )
        return {"since": since, "until": until, "interval_ms": interval_ms, "fill": query["fill"]}


class StatusesView(APIView):
    """An instance's series of statuses."""

    permission_classes = [HoldsTokenOrIsStaff]

    def get(self, request: Request, instance_id: UUID) -> Response:
        query = read_query(request, SeriesQuery, now=timezone.now())
        browser = visible_browser(request, instance_id)
        span = {"since": query["since"], "until": query["until"]}
        statuses = list_statuses(
            browser_id=browser.pk,
            interval_ms=query["interval_ms"],
            fill=query["fill"] == "zero",
            **span,
        )
        return Response(
            {
                "instance_id": str(instance_id),
                "interval_ms": query["interval_ms"],
                "since": to_rfc3339(query["since"]),
                "until": to_rfc3339(query["until"]),
                "statuses": statuses,
            }
        )


class TimeView(APIView):
    """The server's clock, for whoever wants to correct their own."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response({"server_time": to_rfc3339(timezone.now())})


def _to_log_on(browser: Browser, now: datetime) -> dict[str, Any]:
    return {
        "instance_id": str(browser.instance_id),
        "write_token": make_token(instance_id=browser.instance_id, version=browser.token_version),
        "server_time": to_rfc3339(now),
        "config": {
            "flush_interval_ms": settings.FLUSH_INTERVAL_MS,
            "max_batch_events": settings.MAX_BATCH_EVENTS,
            "max_batch_bytes": settings.TRACKER_BATCH_BYTES,
            "idle_gap_ms": settings.IDLE_GAP_MS,
            "poll_interval_ms": settings.POLL_INTERVAL_MS,
        },
        # Nobody serves the stream yet; a page that finds no address here polls.
        "stream_url": None,
    }
