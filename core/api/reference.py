"""The OpenAPI document, which is built once, and Swagger UI and ReDoc, which display it.

Both load only our own files, each with the strictest policy that it works with.
"""

from threading import Lock
from typing import Any

from csp.constants import NONCE, SELF
from csp.decorators import csp_replace
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

# Two style elements that its bundle adds before it knows the nonce: an empty one, and that of its
# scroll bars. Each version has a fixed text for them.
REDOC_STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
)
SWAGGER = {"script-src": [SELF], "style-src": [SELF]}
# ReDoc searches in a worker that it creates from a string.
REDOC = {
    "script-src": [SELF],
    "style-src": [SELF, NONCE, *REDOC_STYLES],
    "worker-src": ["blob:"],
}

_documents: dict[str, str | bytes] = {}
_making = Lock()


class Description(SpectacularAPIView):
    """The OpenAPI document, as YAML or JSON."""

    schema = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer = request.accepted_renderer
        charset = f"; charset={renderer.charset}" if renderer.charset else ""
        name = f'inline; filename="Pointerscope.{renderer.format}"'
        return HttpResponse(
            _document(renderer),
            content_type=renderer.media_type + charset,
            headers={"Content-Disposition": name, "Cache-Control": "public, max-age=300"},
        )


def _document(renderer: BaseRenderer) -> str | bytes:
    """Return the document in a renderer's format, which each process builds once.

    That takes tens of milliseconds of Python, and the library cannot build two at a time.
    """
    with _making:
        if renderer.format not in _documents:
            document = SchemaGenerator().get_schema(request=None, public=True)
            _documents[renderer.format] = renderer.render(document)
        return _documents[renderer.format]


swagger = csp_replace(SWAGGER)(
    SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="reference/swagger.html")
)
redoc = csp_replace(REDOC)(
    SpectacularRedocView.as_view(url_name="schema", template_name="reference/redoc.html")
)
