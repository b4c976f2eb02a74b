"""Whose address a request comes from, and which addresses count as one caller.

A caller can write anything into X-Forwarded-For; only what our own proxies appended is true. Each
of them appends the address that called it, so with n of them the n-th entry from the right is the
caller's, and everything left of it is hearsay. Where that entry is missing, or is no address, the
caller is unknown: the connection's address is a proxy's, and would make an operator of anybody.
"""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest

# A caller that came by no address: through a socket of the file system, or from behind a proxy that
# does not tell it. All of them are one caller, and none is an operator.
UNKNOWN = ""
# RFC 7239's `node`, but for its names: Azure's gateways append ports, others brackets or quotes.
WITH_PORT = re.compile(r"(?:\[(.*)\]|([^:]*))(?::[0-9]{1,5})?")
# What one customer of a provider has at least, and their devices choose addresses from.
IPV6_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """Return the caller's address in its one spelling, or UNKNOWN."""
    return find_address(
        connection=request.META.get("REMOTE_ADDR", ""),
        forwarded=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        proxies=settings.TRUSTED_PROXIES,
    )


def connection_address(request: HttpRequest) -> str:
    """Return the address at the other end of the connection, a proxy's where one is in front."""
    return _normalize(request.META.get("REMOTE_ADDR", ""))


def caller_address(request: HttpRequest) -> str:
    """Return as what the request's caller counts for limits and locks."""
    return caller_of(client_address(request))


def caller_of_scope(scope: dict[str, Any]) -> str:
    """Do the same for a request that ASGI has, not Django."""
    client, headers = scope["client"], scope["headers"]
    forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for")
    address = find_address(
        connection=client[0] if client else "",
        forwarded=forwarded.decode("latin-1"),
        proxies=settings.TRUSTED_PROXIES,
    )
    return caller_of(address)


# A tracker's batches differ in nothing of this.
@lru_cache(maxsize=10_000)
def find_address(*, connection: str, forwarded: str, proxies: int) -> str:
    """Return the caller's address, or UNKNOWN.

    `forwarded` is X-Forwarded-For, several of them joined by commas in their order; `proxies` is
    how many of ours the request has passed.
    """
    if not proxies:
        return _normalize(connection)
    entries = forwarded.split(",")
    return _normalize(entries[-proxies]) if len(entries) >= proxies else UNKNOWN


@lru_cache(maxsize=10_000)
def caller_of(address: str) -> str:
    """Return what limits and locks count an address as: a network of IPv6 is one caller."""
    if ":" not in address:
        return address
    return str(ip_network((address, IPV6_PREFIX), strict=False).network_address)


def _normalize(entry: str) -> str:
    """Return an entry as an address in its one spelling, without its port."""
    text = entry.strip().strip('"')
    if match := WITH_PORT.fullmatch(text):
        text = match[1] or match[2] or ""
    try:
        address = ip_address(text)
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        if address.scope_id:
            # A zone is free text, and of meaning to the proxy's own host only.
            return UNKNOWN
        address = address.ipv4_mapped or address
    return str(address)
