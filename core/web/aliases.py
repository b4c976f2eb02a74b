"""Names that the operator gives to the tracker's file and to the API, beside their own.

Blockers' lists know usual addresses of trackers, such as `/analytics/tracker.`. The name is taken
off before anything else reads the path, so that routes, limits, metrics and the API's description
know one address only.
"""

from django.conf import settings

_API = "/api/v1/"
_TRACKER = f"{settings.STATIC_URL}analytics/tracker.js"

# Where other sites' pages are to find them.
API_URL = f"/{settings.API_PREFIX}/" if settings.API_PREFIX else _API
TRACKER_URL = f"/{settings.TRACKER_PATH}" if settings.TRACKER_PATH else _TRACKER


def own_path(path: str) -> str:
    """Return the service's own path for one that may have the operator's name."""
    if path.startswith(API_URL):
        return _API + path[len(API_URL) :]
    return _TRACKER if path == TRACKER_URL else path
