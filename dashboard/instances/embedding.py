"""The script tag by which another site's page loads the tracker."""

from django.http import HttpRequest

from core.web.aliases import API_URL, TRACKER_URL


def tracker_tag(request: HttpRequest) -> str:
    """Return the script tag for other sites, with the origin of this request."""
    origin = request.build_absolute_uri("/").rstrip("/")
    api = "" if API_URL == "/api/v1/" else f' data-api="{API_URL}"'
    return f'<script src="{origin}{TRACKER_URL}" data-endpoint="{origin}"{api} async></script>'
