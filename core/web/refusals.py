"""Refusals before any view runs: a problem, counted, both as for an answer of a view."""

from rest_framework.exceptions import APIException

from core.api.answers import write_problem
from core.metrics import count_request
from core.web.message_framing import CLOSE, Receive, Scope, Send, closing
from core.web.request_ids import HEADER, choose_id

REQUEST_ID = HEADER.lower().encode()
# Lets pages of any site read an answer.
READABLE_BY_ALL = (b"access-control-allow-origin", b"*")


async def refuse(error: APIException, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, whose body may still arrive, with a problem that ends its connection."""
    await refuse_read(error, scope, closing(receive, send))


async def refuse_read(error: APIException, scope: Scope, send: Send) -> None:
    """Do the same for a request whose body was read."""
    asked_id = next((value for name, value in scope["headers"] if name == REQUEST_ID), b"")
    headers, body = to_refusal(error, method=scope["method"], asked_id=asked_id.decode("latin-1"))
    await send({"type": "http.response.start", "status": error.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def to_refusal(
    error: APIException, *, method: str = "", asked_id: str = ""
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Count a refusal, which ends its connection; return the answer's headers and its body.

    `asked_id` is the request id that the caller sent. Both parameters are empty for invalid HTTP.
    """
    count_request(route="none", method=method, status=error.status_code)
    answer = write_problem(error)
    own = {name.lower().encode(): value.encode() for name, value in answer.headers.items()}
    headers = [
        *own.items(),
        (b"content-length", b"%d" % len(answer.body)),
        CLOSE,
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept"),
        # A refusal holds nothing private; without this the tracker on another site could not read
        # it.
        READABLE_BY_ALL,
        (b"cross-origin-resource-policy", b"cross-origin"),
        (REQUEST_ID, choose_id(asked_id).encode()),
    ]
    return headers, answer.body
