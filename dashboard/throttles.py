"""How often log on and reads may be called; docs/api.md lists the limits."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from core.addresses import caller_of, client_address
from core.throttling import Limit, spend
from dashboard.permissions import header_token


class LogOnThrottle(BaseThrottle):
    """Per address, or /64 of IPv6: whoever logs on is nobody yet."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        limit = Limit("log-on", settings.LOG_ON_PER_MINUTE, 60)
        spend([(limit, _address(request), 1)])
        return True


class ReadThrottle(BaseThrottle):
    """Per instance that the token names, per staff member, or else per address (or /64)."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        spend([(Limit("read", settings.READS_PER_MINUTE, 60), _caller(request), 1)])
        return True


def _caller(request: Request) -> str:
    if token := header_token(request):
        return token.instance_id.hex
    if request.user.pk:
        return f"user-{request.user.pk}"
    # A beacon's token is in its body; all beacons together must not share one limit.
    return _address(request)


def _address(request: Request) -> str:
    return caller_of(client_address(request._request))
