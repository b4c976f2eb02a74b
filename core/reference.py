"""Swagger UI and ReDoc, from our own files alone, each with the least policy that it needs."""

from csp.constants import NONCE, SELF
from csp.decorators import csp_replace
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView

# Two style elements that its bundle adds before it can be told the nonce: an empty one, and that of
# its scroll bars. Their text is fixed by the version.
REDOC_STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
)
SWAGGER = {"script-src": [SELF], "style-src": [SELF]}
# ReDoc searches in a worker that it makes out of a text.
REDOC = {
    "script-src": [SELF],
    "style-src": [SELF, NONCE, *REDOC_STYLES],
    "worker-src": ["blob:"],
}

swagger = csp_replace(SWAGGER)(
    SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="reference/swagger.html")
)
redoc = csp_replace(REDOC)(
    SpectacularRedocView.as_view(url_name="schema", template_name="reference/redoc.html")
)
