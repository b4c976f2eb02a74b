"""How another site's page takes in the tracker."""

from django.http import HttpRequest

from core.web.aliases import API_URL, TRACKER_URL


def tracker_tag(request: HttpRequest) -> str:
    """Return the script tag for other sites, with the address that the caller came by."""
    origin = request.build_absolute_uri("/").rstrip("/")
    api = "" if API_URL == "/api/v1/" else f' data-api="{API_URL}"'
    return f'<script src="{origin}{TRACKER_URL}" data-endpoint="{origin}"{api} async></script>'
