"""Errors as RFC 9457 problem details: one hierarchy and one shape; core/api/answers.py writes them.

Every error under /api/ is `application/problem+json` with `type`, `title`, `status`, `detail` and
`code`; if fields are at fault also `errors` (at most ten of `{pointer, code, detail}`) and
`error_count`.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from msgspec import UNSET, Meta, Struct, UnsetType
from rest_framework import exceptions

CONTENT_TYPE = "application/problem+json"
MAX_ERRORS = 10
RETRY_AFTER_SECONDS = 2


class FieldError(Struct, frozen=True):
    """One error: its place and its description."""

    pointer: Annotated[
        str, Meta(description="a JSON pointer (RFC 6901), or `?name` of a query parameter")
    ]
    code: str
    detail: str


class ProblemDetails(Struct, frozen=True):
    """RFC 9457's members (section 3.1), and our extensions `code`, `errors` and `error_count`."""

    type: str
    title: str
    status: int
    detail: str
    code: Annotated[str, Meta(description="stable, for programs")]
    errors: Annotated[list[FieldError], Meta(description="at most ten")] | UnsetType = UNSET
    error_count: Annotated[int, Meta(description="number of all errors")] | UnsetType = UNSET


class Problem(exceptions.APIException):
    """An error that is reported to the caller; each subclass is one kind."""

    status_code = HTTPStatus.INTERNAL_SERVER_ERROR
    default_code = "internal_error"
    default_detail = "The service failed; the error has been logged."

    def __init__(
        self, detail: str | None = None, *, errors: Sequence[FieldError] = (), count: int = 0
    ) -> None:
        super().__init__(detail)
        self.errors = errors[:MAX_ERRORS]
        self.count = max(count, len(errors))


class Malformed(Problem):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "malformed"
    default_detail = "The body cannot be read as JSON in UTF-8."


class Invalid(Problem):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "invalid"
    default_detail = "Some values are not allowed; nothing was stored."


class NoSuchInstance(Problem):
    status_code = HTTPStatus.NOT_FOUND
    default_code = "no_such_instance"
    default_detail = "No browser instance has this id, or it was erased."


class NoSuchPage(Problem):
    status_code = HTTPStatus.NOT_FOUND
    default_code = "no_such_page"
    default_detail = "No page has this id."


class NoSuchTrial(Problem):
    status_code = HTTPStatus.NOT_FOUND
    default_code = "no_such_trial"
    default_detail = "No trial has this id."


class NoSuchStudy(Problem):
    status_code = HTTPStatus.NOT_FOUND
    default_code = "no_such_study"
    default_detail = "No trial has this name of a study."


class NoSuchEvent(Problem):
    status_code = HTTPStatus.NOT_FOUND
    default_code = "no_such_event"
    default_detail = "The instance has no event with this time and seq."


class ForeignInstance(Problem):
    status_code = HTTPStatus.FORBIDDEN
    default_code = "foreign_instance"
    default_detail = "The write token belongs to another browser instance."


class NoSuchShare(Problem):
    status_code = HTTPStatus.NOT_FOUND
    default_code = "no_such_share"
    default_detail = "There is no such share link; perhaps a part of it is missing."


class ShareEnded(Problem):
    status_code = HTTPStatus.GONE
    default_code = "share_ended"
    default_detail = "The share link has ended, or was revoked."


class ReadOnly(Problem):
    status_code = HTTPStatus.FORBIDDEN
    default_code = "read_only"
    default_detail = "An API key can only read."


class ForeignSite(Problem):
    status_code = HTTPStatus.FORBIDDEN
    default_code = "foreign_site"
    default_detail = "This site may not log instances on; the setting SITES does not list it."


class SlowBody(Problem):
    status_code = HTTPStatus.REQUEST_TIMEOUT
    default_code = "slow_body"
    default_detail = "The body arrived too slowly; send the same request again."


class LargeHeaders(Problem):
    status_code = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    default_code = "large_headers"
    default_detail = "The request's headers are larger than 64 KiB."


class UnreadableRequest(Problem):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "malformed"
    default_detail = "The request is not well-formed HTTP."


class TooLarge(Problem):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = "The body is larger than this call accepts."


class LengthRequired(Problem):
    status_code = HTTPStatus.LENGTH_REQUIRED
    default_code = "length_required"
    default_detail = "State the body's length in Content-Length; chunked bodies are not accepted."


class Unavailable(Problem):
    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = "The database cannot be reached; send the same request again."
    wait = RETRY_AFTER_SECONDS


class Busy(Problem):
    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "busy"
    default_detail = "Too many large reads are running; send the same request again."
    wait = RETRY_AFTER_SECONDS


def to_problem(error: exceptions.APIException) -> ProblemDetails:
    """Return the problem details of an error."""
    errors, count = (error.errors, error.count) if isinstance(error, Problem) else ((), 0)
    return ProblemDetails(
        type="about:blank",
        title=HTTPStatus(error.status_code).phrase,
        status=int(error.status_code),
        detail=_detail(error),
        code=code_of(error),
        errors=list(errors) or UNSET,
        error_count=count or UNSET,
    )


def headers_of(error: exceptions.APIException) -> dict[str, str]:
    """Return the headers that an error adds to its answer."""
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def code_of(exc: Exception) -> str:
    """Return the problem code of an exception."""
    error = to_api_exception(exc)
    return error.default_code if isinstance(error, Problem) else _code(error)


def to_field_errors(detail: Any, pointer: str = "") -> list[FieldError]:
    """Flatten a serializer's nested errors into pointers; start with `?` for a query's."""
    if isinstance(detail, dict):
        items = [(_point(pointer, name), inner) for name, inner in detail.items()]
    elif isinstance(detail, list):
        items = [(pointer, inner) for inner in detail]
    else:
        return [FieldError(pointer, getattr(detail, "code", "invalid"), str(detail))]
    return [error for place, inner in items for error in to_field_errors(inner, place)]


def _point(pointer: str, name: str) -> str:
    if name == "non_field_errors":
        return pointer
    return f"?{name}" if pointer == "?" else f"{pointer}/{name}"


def to_api_exception(exc: Exception) -> exceptions.APIException:
    """Return the error that a caller is told; an unexpected one becomes a plain Problem (500)."""
    match exc:
        case exceptions.ValidationError():
            return Invalid(errors=to_field_errors(exc.detail))
        case exceptions.APIException():
            return exc
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case OperationalError() | InterfaceError():
            return Unavailable()
        case RequestDataTooBig():
            return TooLarge()
        case SuspiciousOperation():
            return Malformed("The request is not well formed.")
    return Problem()


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else "invalid"


def _detail(error: exceptions.APIException) -> str:
    return str(error.detail) if isinstance(error.detail, str) else "Some values are not allowed."
