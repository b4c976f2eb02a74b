"""Whose address a request comes from.

A caller can write anything into X-Forwarded-For; only what our own proxies appended is true. Each
of them appends whom it was called by, so that with n of them the n-th entry from the right is the
caller, and whatever stands left of it is hearsay.
"""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the caller's address; the connection's own where no proxy named a sensible one."""
    connection = request.META.get("REMOTE_ADDR", "")
    if not settings.TRUSTED_PROXIES:
        return connection
    entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if len(entries) < settings.TRUSTED_PROXIES:
        return connection
    return _normalize(entries[-settings.TRUSTED_PROXIES]) or connection


def _normalize(entry: str) -> str | None:
    """Return an entry as an address in its one spelling, or None where it is none."""
    try:
        address = str(ip_address(entry.strip()))
    except ValueError:
        return None
    # A zone is free text, and of meaning to the proxy's own host only.
    return None if "%" in address else address
