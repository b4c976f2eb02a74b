"""The reference on the service's own web server."""

import rest_framework.views  # noqa: F401  # before ours: without our settings they need each other

from core.web.bridge import application

__all__ = ["application"]
