"""The API of samples: views validate, call one function, answer."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.batches import decode_batch
from analytics.events import Position, list_events
from analytics.ingest import store_batch
from core.bodies import BeaconParser, JsonBytesParser, read_body
from core.queries import TimeField, read_query
from core.times import EPOCH, MICROSECOND, to_epoch_us
from dashboard.authentication import WriteTokenAuthentication
from dashboard.permissions import HoldsTokenOrIsStaff, header_token, visible_browser
from dashboard.tokens import check_instance, read_token

PAGE_SIZE = 1000


class CursorField(serializers.Field):
    """Where a page ended: `{epoch microseconds},{seq}`."""

    default_error_messages = {"invalid": "take the cursor from the `next_cursor` of a page"}

    def to_internal_value(self, data: Any) -> Position:
        try:
            time, seq = map(int, str(data).split(","))
            return Position(EPOCH + time * MICROSECOND, seq)
        except (ValueError, OverflowError):
            self.fail("invalid")

    def to_representation(self, value: Position) -> str:
        return f"{to_epoch_us(value.time)},{value.seq}"


class EventsQuery(serializers.Serializer):
    since = TimeField(required=False, default=None)
    until = TimeField(required=False, default=None)
    cursor = CursorField(required=False, default=None)
    limit = serializers.IntegerField(min_value=1, max_value=PAGE_SIZE, default=PAGE_SIZE)


class EventsView(APIView):
    """An instance's samples: its own page adds to them; it and staff read them."""

    parser_classes = [JsonBytesParser, BeaconParser]

    def get_authenticators(self) -> list[BaseAuthentication]:
        # Cookies are ignored on ingest: any site may send there, so none may borrow a login.
        if self.request and self.request.method == "POST":
            return [WriteTokenAuthentication()]
        return super().get_authenticators()

    def get_permissions(self) -> list[BasePermission]:
        # A beacon's token is in its body, so a POST is let in or refused by post() itself.
        return [AllowAny() if self.request.method == "POST" else HoldsTokenOrIsStaff()]

    def post(self, request: Request, instance_id: UUID) -> Response:
        sender = header_token(request)
        if sender:
            check_instance(sender, instance_id)
        batch = decode_batch(read_body(request))
        token = sender or read_token(batch.token or "")
        check_instance(token, instance_id)
        receipt = store_batch(token=token, batch=batch, now=timezone.now())
        return Response(receipt._asdict(), status.HTTP_202_ACCEPTED)

    def get(self, request: Request, instance_id: UUID) -> Response:
        query = read_query(request, EventsQuery)
        browser = visible_browser(request, instance_id)
        page = list_events(
            browser_id=browser.pk,
            since=query["since"],
            until=query["until"],
            after=query["cursor"],
            limit=query["limit"],
        )
        cursor = CursorField().to_representation(page.next) if page.next else None
        return Response({"events": page.events, "next_cursor": cursor})
