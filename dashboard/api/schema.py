"""The names of our authentication schemes in the OpenAPI description."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from core.api.schema import API_KEY, SHARED


class StaffSessionScheme(OpenApiAuthenticationExtension):
    target_class = "rest_framework.authentication.SessionAuthentication"
    name = "staffSession"
    priority = 1  # Takes precedence over the library's, which says less.

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "A staff member's login at `/login/`. Calls that change something also"
            f" need the value of the cookie `{settings.CSRF_COOKIE_NAME}` as the header"
            " `X-CSRFToken`.",
        }


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "dashboard.instances.authentication.ApiKeyAuthentication"
    name = API_KEY

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A member of staff's API key, `ps_…`: it reads what they may read, and"
            " can change nothing. `manage.py api_key` makes one.",
        }


class ShareScheme(OpenApiAuthenticationExtension):
    target_class = "dashboard.instances.authentication.ShareAuthentication"
    name = SHARED

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The session of a reader who has opened a share link: it reads the one"
            " instance of the link, or the map and the hours of its one page.",
        }


class WriteTokenScheme(OpenApiAuthenticationExtension):
    target_class = "dashboard.instances.authentication.WriteTokenAuthentication"
    name = "writeToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The `write_token` that log on answers with. It names one instance.",
        }
