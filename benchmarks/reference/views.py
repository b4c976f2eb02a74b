"""The reference for the service: stores a batch as the frameworks' tutorials do.

A serializer checks it field by field, and the ORM inserts row by row.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers, status
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.models import PointerPositionEvent
from dashboard.models import Browser


class EventSerializer(serializers.Serializer):
    """One sample, inserted alone."""

    time = serializers.FloatField()
    x = serializers.FloatField(min_value=-1e6, max_value=1e6)
    y = serializers.FloatField(min_value=-1e6, max_value=1e6)
    seq = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    enter = serializers.BooleanField(default=False)

    def create(self, validated_data: dict[str, Any]) -> PointerPositionEvent:
        time = datetime.fromtimestamp(validated_data.pop("time") / 1000, UTC)
        return PointerPositionEvent.objects.create(time=time, **validated_data)


@api_view(["POST"])
def rows(request: Request, instance_id: UUID) -> Response:
    """Store each row in a transaction of its own, which is Django's default."""
    return _store(request, instance_id)


@api_view(["POST"])
def transaction_of_rows(request: Request, instance_id: UUID) -> Response:
    """Store all rows of a batch in one transaction."""
    with transaction.atomic():
        return _store(request, instance_id)


@csrf_exempt
def empty(request: HttpRequest, **_: Any) -> HttpResponse:
    """Do nothing."""
    return HttpResponse(status=202)


def _store(request: Request, instance_id: UUID) -> Response:
    browser = get_object_or_404(Browser, instance_id=instance_id)
    serializer = EventSerializer(data=request.data["events"], many=True)
    serializer.is_valid(raise_exception=True)
    stored = serializer.save(browser=browser)
    return Response({"accepted": len(stored)}, status.HTTP_202_ACCEPTED)
