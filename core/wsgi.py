"""The web process's entry point."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")


class Request(WSGIRequest):
    """Reads the address as UTF-8, whatever charset the Content-Type gives the body.

    Django reads the query by that charset too: by `utf-16` no parameter is found, and by `zlib`,
    a codec and no charset, no request can be made at all.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        header = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        self.content_type, self.content_params = header


class Handler(WSGIHandler):
    request_class = Request


django.setup(set_prefix=False)
application = Handler()
