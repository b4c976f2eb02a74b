"""Who may read the probes: callers from the operators' own networks."""

from collections.abc import Callable
from functools import wraps
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.addresses import client_address

View = Callable[[HttpRequest], HttpResponse]


def operators_only(view: View) -> View:
    """Answer 403 to whoever calls from outside OPERATOR_NETWORKS, or may do so."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        # From a proxy that TRUSTED_PROXIES does not count: then its address is not the caller's.
        is_hidden = not settings.TRUSTED_PROXIES and "X-Forwarded-For" in request.headers
        if is_operator(client_address(request)) and not is_hidden:
            return view(request)
        return HttpResponse("for OPERATOR_NETWORKS only\n", status=403, content_type="text/plain")

    return guarded


def is_operator(address: str) -> bool:
    """Whether an address lies in one of the operators' networks; a socket's has none."""
    try:
        caller = ip_address(address)
    except ValueError:
        return False
    if isinstance(caller, IPv6Address):
        caller = caller.ipv4_mapped or caller
    return any(caller in network for network in settings.OPERATOR_NETWORKS)
