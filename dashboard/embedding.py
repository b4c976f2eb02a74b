"""How another site's page takes in the tracker."""

from django.http import HttpRequest
from django.templatetags.static import static


def tracker_tag(request: HttpRequest) -> str:
    """Return the script tag for other sites, with the address that the caller came by."""
    origin = request.build_absolute_uri("/").rstrip("/")
    source = request.build_absolute_uri(static("analytics/tracker.js"))
    return f'<script src="{source}" data-endpoint="{origin}" async></script>'
