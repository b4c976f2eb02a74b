"""The rate limits of log on, and of reads by token, API key, link or login; see docs/api.md."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from core.api.throttling import EVERYBODY, Limit, spend
from core.web.addresses import caller_address
from dashboard.instances.permissions import header_token
from dashboard.models import ApiKey, Browser, ShareLink

DAY = 24 * 3600
# Anyone can make instances, so their tokens may make few links.
SHARES_PER_DAY = 20


class LogOnThrottle(BaseThrottle):
    """Per IPv4 address or IPv6 /64: a caller that logs on has no instance yet."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        limit = Limit("log-on", settings.LOG_ON_PER_MINUTE, 60)
        spend([(limit, caller_address(request._request), 1)])
        return True


class ReadThrottle(BaseThrottle):
    """Per instance of the token, per API key, per staff member, or else per address (or /64).

    Readers of a share link are limited by link and address: many may have the same link.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        spend([(Limit("read", settings.READS_PER_MINUTE, 60), _caller(request), 1)])
        return True


def _caller(request: Request) -> str:
    if token := header_token(request):
        return token.instance_id.hex
    if isinstance(request.auth, ApiKey):
        return f"key-{request.auth.pk}"
    if isinstance(request.auth, ShareLink):
        return f"share-{request.auth.pk}-{caller_address(request._request)}"
    if request.user.pk:
        return f"user-{request.user.pk}"
    # A beacon's token is in its body; all beacons must not share one limit.
    return caller_address(request._request)


def spend_share(browser: Browser) -> None:
    """Charge a share link to the instance whose token makes it; Throttled (429) over the limit."""
    spend([(Limit("share links", SHARES_PER_DAY, DAY), browser.instance_id.hex, 1)])


def spend_instance(caller: str) -> None:
    """Charge a new instance to its caller and to the total; Throttled (429) over a limit."""
    of_address = Limit("instances of an address", settings.INSTANCES_PER_DAY_PER_ADDRESS, DAY)
    spend([(of_address, caller, 1), (instances_of_all(), EVERYBODY, 1)])


def instances_of_all() -> Limit:
    return Limit("instances of all", settings.INSTANCES_PER_DAY_OF_ALL, DAY)
