"""Calls that a page of any web site may make: CORS with `*`, and never with credentials."""

from collections.abc import Set
from typing import Any

from rest_framework import status
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.web.methods import KnownMethods

# DRF's action for OPTIONS, and for a call whose method it has not read yet.
NO_ACTION = ("metadata", None)
SHARED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
    # For pages with `Cross-Origin-Embedder-Policy: require-corp`.
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PREFLIGHT = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}


class OpenView(KnownMethods):
    """A view with some methods that a page of any origin may call and read."""

    def open_methods(self) -> Set[str]:
        """Return these methods, in capitals."""
        raise NotImplementedError

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        methods = self.open_methods()
        if not methods:
            return super().options(request, *args, **kwargs)
        allowed = {**PREFLIGHT, "Access-Control-Allow-Methods": ", ".join(sorted(methods))}
        return Response(status=status.HTTP_204_NO_CONTENT, headers=allowed)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        methods = self.open_methods()
        if request.method in methods or (methods and request.method == "OPTIONS"):
            for name, value in SHARED.items():
                response[name] = value
        return response


class OpenViewSet(OpenView, ViewSet):
    """A view set that is open for `open_actions`."""

    open_actions = {"create"}

    def called_action(self) -> str | None:
        """Return the action of this request, even before DRF has set `self.action`."""
        if self.request is None:  # While the schema is made.
            return self.action
        return (self.action_map or {}).get((self.request.method or "").lower())

    def open_methods(self) -> Set[str]:
        actions = (self.action_map or {}).items()
        return {method.upper() for method, action in actions if action in self.open_actions}
