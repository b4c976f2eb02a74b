"""The web process's entry point."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

# Asked by whatever watches the service, which calls a container by its address.
PROBES = ("/healthz", "/readyz", "/metrics")


class Request(WSGIRequest):
    """A request whose address is read as UTF-8, and whose host is free where it is a probe's.

    Django reads the query by the charset that the Content-Type gives the body: by `utf-16` no
    parameter is found, and by `zlib`, a codec and no charset, no request can be made at all.
    """

    def get_host(self) -> str:
        """Return the host; ALLOWED_HOSTS is no matter where no answer depends on it."""
        return self._get_raw_host() if self.path in PROBES else super().get_host()

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        header = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        self.content_type, self.content_params = header


class Handler(WSGIHandler):
    request_class = Request


django.setup(set_prefix=False)
application = Handler()
