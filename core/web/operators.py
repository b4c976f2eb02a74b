"""Access to the probes: callers from the operators' own networks."""

from collections.abc import Callable
from functools import wraps
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.web.addresses import UNKNOWN, client_address, connection_address

View = Callable[[HttpRequest], HttpResponse]
# Each of them shows that a proxy has passed the request on.
OF_PROXIES = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


def operators_only(view: View) -> View:
    """Answer 403 to callers outside OPERATOR_NETWORKS, and to those without a known address."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if is_operator(_address(request)):
            return view(request)
        return HttpResponse("for OPERATOR_NETWORKS only\n", status=403, content_type="text/plain")

    return guarded


def is_operator(address: str) -> bool:
    """Whether an address is in one of the operators' networks; UNKNOWN is in none."""
    try:
        caller = ip_address(address)
    except ValueError:
        return False
    if isinstance(caller, IPv6Address):
        caller = caller.ipv4_mapped or caller
    return any(caller in network for network in settings.OPERATOR_NETWORKS)


def _address(request: HttpRequest) -> str:
    """Return the caller's address, or UNKNOWN if only a proxy's is known.

    Prometheus, a balancer or Kubernetes calls PROBE_PORT directly. No proxy may lead there, and a
    call that has passed one is refused.
    """
    if settings.TRUSTED_PROXIES and not _is_probe(request):
        return client_address(request)
    if any(name in request.headers for name in OF_PROXIES):
        return UNKNOWN
    return connection_address(request)


def _is_probe(request: HttpRequest) -> bool:
    """Whether the connection came in by PROBE_PORT; no header can change that."""
    port = settings.PROBE_PORT
    return port != 0 and request.META.get("SERVER_PORT") == str(port)
