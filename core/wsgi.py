"""Django's WSGI handler, which core/web/bridge.py runs in its threads, and `runserver` as it is."""

import os
from collections.abc import Callable, Collection
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.functional import cached_property
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

from core.web.aliases import own_path

# Monitoring calls these, and addresses a container by its IP.
PROBES = ("/healthz", "/readyz", "/metrics")


class Request(WSGIRequest):
    """A request whose address is read as UTF-8, and whose host is free if it calls a probe.

    It has no cookies if the view ignores them, so that no middleware can refuse or answer them.

    Django decodes the query by the charset of the Content-Type: with `utf-16` no parameter is
    found, and with `zlib`, a codec but not a charset, creating the request fails.
    """

    def get_host(self) -> str:
        """Return the host; a probe's answer does not depend on it, so ALLOWED_HOSTS is ignored."""
        return self.META.get("HTTP_HOST", "") if self.path_info in PROBES else super().get_host()

    @cached_property
    def COOKIES(self) -> dict[str, str]:  # type: ignore[override]  # noqa: N802
        """The cookies, or none if the view declares that it ignores them."""
        if "HTTP_COOKIE" in self.META and self.method in _cookieless_methods(self.path_info):
            return {}
        return super().COOKIES

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            header = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            # The parameter names a charset that does not exist (RFC 2231).
            header = "", {}
        self.content_type, self.content_params = header


def _cookieless_methods(path: str) -> Collection[str]:
    """Return the methods that the path's view declares as `cookieless`."""
    try:
        view = resolve(path).func
    except Resolver404:
        return ()
    return getattr(getattr(view, "cls", None), "cookieless", ())


class Handler(WSGIHandler):
    request_class = Request


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponseBase:
    """The WSGI application: all of Django."""
    environ["PATH_INFO"] = own_path(environ["PATH_INFO"])
    return handler(environ, start_response)


django.setup(set_prefix=False)
handler = Handler()
