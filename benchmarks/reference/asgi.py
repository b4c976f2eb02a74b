"""The reference on the service's own web server."""

import rest_framework.views  # noqa: F401  # imported first, because without our settings the imports are circular

from core.web.bridge import application

__all__ = ["application"]
