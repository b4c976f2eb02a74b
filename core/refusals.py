"""What web refuses before any view has it: a problem as the views' are, and counted as they are."""

import msgspec
from rest_framework.exceptions import APIException

from core.metrics import count_request
from core.problems import CONTENT_TYPE, to_problem
from core.request_ids import HEADER, choose_id


def refuse(error: APIException, *, method: str, asked_id: str) -> tuple[list, bytes]:
    """Count a refusal, which ends its connection; return the answer's headers and its body.

    `method` and `asked_id`, the request id that the caller wants, are "" where they are not known.
    """
    count_request(route="none", method=method, status=error.status_code)
    body = msgspec.json.encode(to_problem(error))
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        # It says nothing of anybody's; without it the tracker on another site could not read it.
        (b"access-control-allow-origin", b"*"),
        (HEADER.lower().encode(), choose_id(asked_id).encode()),
    ]
    return headers, body
