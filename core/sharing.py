"""Calls that any web site's page may make: CORS with `*`, and never with credentials."""

from typing import Any

from rest_framework import status
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

OPEN_METHODS = {"POST", "OPTIONS"}
# What DRF calls the action of OPTIONS, and of a method that the view set does not have.
NO_ACTION = ("metadata", None)
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}


class OpenViewSet(ViewSet):
    """A view set of which a page of any origin may call and read `open_action`, a POST."""

    open_action = "create"

    def called_action(self) -> str | None:
        """Return the action of this request, known before DRF has set `self.action`."""
        if self.request is None:  # While the schema is made there is none.
            return self.action
        return (self.action_map or {}).get((self.request.method or "").lower())

    def _is_open(self) -> bool:
        return (self.action_map or {}).get("post") == self.open_action

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        if not self._is_open():
            return super().options(request, *args, **kwargs)
        return Response(status=status.HTTP_204_NO_CONTENT, headers=PREFLIGHT)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self._is_open() and request.method in OPEN_METHODS:
            response["Access-Control-Allow-Origin"] = "*"
            response["Access-Control-Expose-Headers"] = "Retry-After"
        return response
