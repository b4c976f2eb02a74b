"""The site that logs an instance on: the host of its page, as the browser states it."""

import re

from django.conf import settings

from core.api.problems import ForeignSite

ORIGIN = re.compile(
    r"([a-z][a-z0-9+.-]*)://([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(:[0-9]{1,5})?"
)
USUAL_PORTS = {("http", ":80"), ("https", ":443")}


def site_of(origin: str) -> str:
    """Return the host in an Origin header, with its port unless that is the scheme's usual one.

    Empty if the header is absent or `null`, or names no host. Only browsers state it reliably.
    """
    parts = ORIGIN.fullmatch(origin.lower())
    if not parts:
        return ""
    scheme, host, port = parts.groups(default="")
    return host if (scheme, port) in USUAL_PORTS else host + port


def allowed_site(origin: str, *, own_host: str) -> str:
    """Return the site of an Origin header; ForeignSite (403) if SITES does not list it.

    The service's own pages are always allowed.
    """
    site = site_of(origin)
    if settings.SITES and site not in (*settings.SITES, own_host.lower()):
        raise ForeignSite
    return site
