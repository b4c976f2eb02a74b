"""What caches may keep: only answers that allow it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

PRIVATE = {"Cache-Control": "no-store"}
# Every call of the API negotiates its format, and refuses formats that it does not have.
NEGOTIATED = {"Vary": "Accept"}


def private_by_default(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: no-store for answers without Cache-Control; Vary for those of the API."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in PRIVATE.items():
            response.headers.setdefault(name, value)
        if request.path_info.startswith("/api/"):
            patch_vary_headers(response, NEGOTIATED.values())
        return response

    return answer
