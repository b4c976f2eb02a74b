"""The effect of settings.MIDDLEWARE on answers that Django's handler does not make.

Batches are answered on the event loop (analytics/ingest/shell.py). HOW states for each middleware
how it is replaced there, and a test fails for one without an entry.
"""

from functools import lru_cache
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse
from django.utils.module_loading import import_string

from core.web.environ import to_environ
from core.web.message_framing import Scope
from core.wsgi import Request

RUN = "It runs here once for each host and scheme, because it depends on nothing else."
PAGES = "It is for pages: a browser loads nothing for JSON, and does not frame it."
COOKIES = "It reads cookies, which are ignored in a batch."
HOW = {
    "core.web.request_ids.request_ids": "The shell chooses the id and sends it.",
    "core.metrics.count_requests": "The shell counts the answer.",
    "core.web.caching.private_by_default": RUN,
    "django.middleware.security.SecurityMiddleware": RUN,
    "whitenoise.middleware.WhiteNoiseMiddleware": "It only answers GET and HEAD.",
    "csp.middleware.CSPMiddleware": PAGES,
    "core.web.security_headers.permissions_policy": PAGES,
    "django.contrib.sessions.middleware.SessionMiddleware": COOKIES,
    "django.middleware.common.CommonMiddleware": RUN,
    "core.web.hostile_values.HostileValues": COOKIES,
    "django.middleware.csrf.CsrfViewMiddleware": COOKIES,
    "django.contrib.auth.middleware.AuthenticationMiddleware": COOKIES,
    "django.contrib.messages.middleware.MessageMiddleware": COOKIES,
    "django.middleware.clickjacking.XFrameOptionsMiddleware": PAGES,
    "axes.middleware.AxesMiddleware": "It answers logins.",
    "dashboard.instances.passwords.refuse_while_busy": "It answers requests that hash a password.",
}
# The headers that RUN may depend on.
READ = (b"host", b"x-forwarded-proto")
# Headers that the answer has already.
OWN = {"content-type", "content-length"}

Headers = tuple[tuple[bytes, bytes], ...]


def headers_of_middleware(scope: Scope) -> Headers | None:
    """Return the headers that middleware adds to an answer of the API.

    None if middleware answers itself: the host is not ours, or the call must use https.
    """
    lines = tuple((name, value) for name, value in scope["headers"] if name in READ)
    return _run(lines, scope["scheme"], tuple(scope["server"]))


@lru_cache(maxsize=256)
def _run(lines: Headers, scheme: str, server: tuple[str, int]) -> Headers | None:
    passed = HttpResponse()
    chain: Any = lambda _: passed  # noqa: E731
    for name in reversed([name for name in settings.MIDDLEWARE if HOW.get(name) == RUN]):
        chain = import_string(name)(chain)
    try:
        if chain(_to_request(lines, scheme, server)) is not passed:
            return None
    except SuspiciousOperation:
        return None
    added = passed.headers.items()
    return tuple((n.lower().encode(), v.encode()) for n, v in added if n.lower() not in OWN)


def _to_request(lines: Headers, scheme: str, server: tuple[str, int]) -> Request:
    scope = {"method": "POST", "path": "/api/", "query_string": b"", "http_version": "1.1"}
    more = {"scheme": scheme, "server": server, "client": None, "headers": lines}
    return Request({**to_environ({**scope, **more}), "wsgi.input": BytesIO()})
