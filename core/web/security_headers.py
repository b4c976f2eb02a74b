"""What browsers may do with our pages: the Content Security Policy and similar headers.

A view that needs more permissions adds them with django-csp's decorators (`csp.decorators`).
"""

from collections.abc import Callable
from typing import Any
from wsgiref.headers import Headers

from csp.constants import NONE, SELF
from django.http import HttpRequest, HttpResponse

# ApexCharts 4.7.0 adds two style elements, with fixed texts. Their hashes only allow these two, and
# unlike a nonce they are the same for every answer.
CHART_STYLES = (
    "'sha256-TBymqJXQvXKxe+z+3ydUYBErlkFFu110c5FjiVB8p+M='",
    "'sha256-aSysLrDECVdJ6L+jLf8CC5QKLmwRuk/OZiZk9mYky8A='",
)
# What other sites load from us.
EMBEDDED = ("analytics/tracker.js", "analytics/study.js")
# Our pages need none of a browser's features except the pointer.
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


def content_policy(*, chart_url: str, stream_url: str) -> dict[str, Any]:
    """Return django-csp's setting: our own files, the streams, and the chart library's one address.

    The whole address and not its host, because a CDN serves anybody's scripts from one host.
    """
    return {
        "DIRECTIVES": {
            "default-src": [NONE],
            "script-src": [SELF, chart_url],
            "style-src": [SELF, *CHART_STYLES],
            "img-src": [SELF, "data:"],
            "connect-src": [SELF, *([stream_url] if stream_url else [])],
            "form-action": [SELF],
            "base-uri": [NONE],
            "frame-ancestors": [NONE],
        }
    }


def share_tracker(headers: Headers, path: str, url: str) -> None:
    """WhiteNoise's hook: lets pages of any site embed the tracker, even under a strict policy.

    A page with `Cross-Origin-Embedder-Policy: require-corp` loads nothing without this header.
    """
    if url.endswith(EMBEDDED):
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"


def permissions_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: adds Permissions-Policy to every answer."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response

    return answer
