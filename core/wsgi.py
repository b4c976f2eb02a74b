"""Django's WSGI handlers: core/web/asgi.py runs them in its threads, `runserver` as they are."""

import os
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpResponseBase
from django.utils.http import parse_header_parameters
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

from core.web.aliases import own_path

# Asked by whatever watches the service, which calls a container by its address.
PROBES = ("/healthz", "/readyz", "/metrics")


class Request(WSGIRequest):
    """A request whose address is read as UTF-8, and whose host is free where it is a probe's.

    Django reads the query by the charset that the Content-Type gives the body: by `utf-16` no
    parameter is found, and by `zlib`, a codec and no charset, no request can be made at all.
    """

    def get_host(self) -> str:
        """Return the host; ALLOWED_HOSTS is no matter where no answer depends on it."""
        return self.META.get("HTTP_HOST", "") if self.path in PROBES else super().get_host()

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        header = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        self.content_type, self.content_params = header


class Handler(WSGIHandler):
    request_class = Request


class BatchHandler(Handler):
    """Past the middleware that only pages need, which took a sixth of a batch's time."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async)
        chain = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        for name in reversed(settings.BATCH_MIDDLEWARE):
            chain = convert_exception_to_response(import_string(name)(chain))
        self._middleware_chain = chain


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponseBase:
    """The WSGI application: batches, which are nearly all there is, and everything else."""
    environ["PATH_INFO"] = own_path(environ["PATH_INFO"])
    handler = batches if _is_batch(environ["REQUEST_METHOD"], environ["PATH_INFO"]) else everything
    return handler(environ, start_response)


def _is_batch(method: str, path: str) -> bool:
    # Under /api/ alone: a page, and the admin above all, is lost without its middleware.
    return method == "POST" and path.startswith("/api/") and path.endswith("/events/")


django.setup(set_prefix=False)
everything, batches = Handler(), BatchHandler()
