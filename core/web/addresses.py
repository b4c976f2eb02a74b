"""The address that a request comes from, and which addresses count as one caller.

A caller can write anything into X-Forwarded-For; only the entries that our own proxies append are
true. Each appends the address that called it, so with n proxies the n-th entry from the right is
the caller's, and nothing left of it can be trusted. If that entry is missing or no address, the
caller is unknown: the connection's address is a proxy's, and would make anybody an operator.
"""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest

# A caller without an address: from a Unix socket, or from behind a proxy that does not pass it on.
# All of them are one caller, and none is an operator.
UNKNOWN = ""
# RFC 7239's `node` without its names: Azure's gateways append ports, others brackets or quotes.
WITH_PORT = re.compile(r"(?:\[(.*)\]|([^:]*))(?::[0-9]{1,5})?")
# A provider assigns a customer at least such a network, and devices choose addresses within it.
IPV6_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """Return the caller's address in canonical form, or UNKNOWN."""
    return find_address(
        connection=request.META.get("REMOTE_ADDR", ""),
        forwarded=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        proxies=settings.TRUSTED_PROXIES,
    )


def connection_address(request: HttpRequest) -> str:
    """Return the address at the other end of the connection, which may be a proxy's."""
    return _normalize(request.META.get("REMOTE_ADDR", ""))


def caller_address(request: HttpRequest) -> str:
    """Return the request's caller as limits and locks count it."""
    return caller_of(client_address(request))


def caller_of_scope(scope: dict[str, Any]) -> str:
    """Return the same for a request of ASGI."""
    client, headers = scope["client"], scope["headers"]
    forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for")
    address = find_address(
        connection=client[0] if client else "",
        forwarded=forwarded.decode("latin-1"),
        proxies=settings.TRUSTED_PROXIES,
    )
    return caller_of(address)


# All of a tracker's batches have the same arguments.
@lru_cache(maxsize=10_000)
def find_address(*, connection: str, forwarded: str, proxies: int) -> str:
    """Return the caller's address, or UNKNOWN.

    `forwarded` is X-Forwarded-For, repeated headers joined by commas in their order; `proxies` is
    the number of our proxies that the request has passed.
    """
    if not proxies:
        return _normalize(connection)
    entries = forwarded.split(",")
    return _normalize(entries[-proxies]) if len(entries) >= proxies else UNKNOWN


@lru_cache(maxsize=10_000)
def caller_of(address: str) -> str:
    """Return the caller that an address counts as: an IPv6 network is one caller."""
    if ":" not in address:
        return address
    return str(ip_network((address, IPV6_PREFIX), strict=False).network_address)


def _normalize(entry: str) -> str:
    """Return an entry as an address in canonical form, without its port."""
    text = entry.strip().strip('"')
    if match := WITH_PORT.fullmatch(text):
        text = match[1] or match[2] or ""
    try:
        address = ip_address(text)
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        if address.scope_id:
            # A zone is free text, and only means something on the proxy's own host.
            return UNKNOWN
        address = address.ipv4_mapped or address
    return str(address)
