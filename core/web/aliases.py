"""BASE_PATH, and the operator's own names for the tracker's file and for the API.

BASE_PATH is the path under which a proxy serves us; the proxy may pass it on or remove it. Ad
blockers know the usual addresses of trackers, such as `/analytics/tracker.`, so an operator can
choose others. `own_path` undoes both before anything else reads the path, so that routes, limits,
metrics and the API's description know one address only.
"""

from django.conf import settings

_API = "/api/v1/"
_TRACKER = "/static/analytics/tracker.js"
_API_NAME = f"/{settings.API_PREFIX}/" if settings.API_PREFIX else _API
_TRACKER_NAME = f"/{settings.TRACKER_PATH}" if settings.TRACKER_PATH else _TRACKER

# The addresses that our own pages use, and those that we give to other sites.
OWN_API_URL = settings.BASE_PATH + _API
API_URL = settings.BASE_PATH + _API_NAME
TRACKER_URL = settings.BASE_PATH + _TRACKER_NAME


def own_path(path: str) -> str:
    """Return the service's own path for one that may have BASE_PATH and the operator's name."""
    base = settings.BASE_PATH
    if base and (path == base or path.startswith(f"{base}/")):
        path = path[len(base) :] or "/"
    if path.startswith(_API_NAME):
        return _API + path[len(_API_NAME) :]
    return _TRACKER if path == _TRACKER_NAME else path
