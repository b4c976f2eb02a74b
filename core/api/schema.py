"""The OpenAPI description: from the msgspec types, with the possible problems of each call."""

from collections.abc import Iterator
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import Direction
from rest_framework import exceptions
from rest_framework.exceptions import APIException

from core.api.problems import (
    CONTENT_TYPE,
    FieldError,
    ForeignInstance,
    Invalid,
    LengthRequired,
    Malformed,
    NoSuchInstance,
    Problem,
    ProblemDetails,
    SlowBody,
    TooLarge,
    Unavailable,
    to_problem,
)

# The schemes of callers that only read: what a member of staff may read, or one instance or page.
API_KEY, SHARED = "apiKey", "sharedSession"
# Who may make a call of staff: those who are logged in, and by API key where it only reads.
STAFF_ONLY: Any = [{"staffSession": []}, {API_KEY: []}]
REF = "#/components/schemas/{name}"
DESCRIPTIONS = {
    400: "The request is malformed, or some values are not allowed",
    401: "There is no token or login, or it is not valid",
    403: "The token belongs to another instance, the login lacks the permission,"
    " an API key would change something, or SITES does not list the site",
    404: "It does not exist, or it was erased",
    406: "The answer is not available in the requested format",
    408: "The body arrived too slowly; send the same request again",
    411: "The body's length is not stated",
    413: "The body is too large",
    415: "The body is not JSON in UTF-8, or it is compressed",
    429: "Too many requests; Retry-After says how many seconds to wait",
    500: "The service failed",
    503: "The database is unavailable, or too many large reads are running;"
    " send the same request again after Retry-After seconds",
}
# The errors in the examples.
ERRORS: dict[int, APIException] = {
    401: exceptions.NotAuthenticated(),
    403: ForeignInstance(),
    404: NoSuchInstance(),
    406: exceptions.NotAcceptable(),
    408: SlowBody(),
    411: LengthRequired(),
    413: TooLarge(),
    415: exceptions.UnsupportedMediaType("application/xml"),
    429: exceptions.Throttled(7),
    500: Problem(),
    503: Unavailable(),
}
BAD_QUERY = Invalid(
    "Some query parameters are not allowed.",
    errors=[FieldError("?limit", "min_value", "Ensure this value is greater than or equal to 1.")],
)
BAD_BATCH = Invalid(errors=[FieldError("/events/3/x", "invalid", "Expected `float` <= 1000000.0")])
BAD_BODY = Malformed()
BAD_REQUEST = Malformed("The request is not well formed.")
WAITING = {429, 503}
RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds to wait"}}


class StructExtension(OpenApiSerializerExtension):
    """Lets drf-spectacular take a msgspec struct for a serializer."""

    target_class = "msgspec.Struct"
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:
        return self.target.__name__

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        _, schemas = msgspec.json.schema_components([self.target], ref_template=REF)
        own = schemas.pop(self.target.__name__)
        for name, schema in schemas.items():
            register(auto_schema, name, schema)
        # What JSON Schema can say of a whole struct and msgspec's types cannot.
        return {**own, **getattr(self.target, "more_schema", {})}


class ProblemSchema(AutoSchema):
    """Adds to each call the problems that it can return."""

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        if self.view.__module__.startswith("drf_spectacular"):
            return bodies
        for code, body in bodies.items():
            body["description"] = body["description"] or HTTPStatus(int(code)).phrase
        for status in self._problem_statuses():
            bodies.setdefault(str(status), self._problem(status))
        return bodies

    def get_auth(self) -> list[dict[str, Any]]:
        ways = super().get_auth()
        unfit = {API_KEY, SHARED} if self.method != "GET" else set()
        unfit |= set() if "{" in self.path else {SHARED}
        return [way for way in ways if not unfit & way.keys()]

    def _is_list_view(self, serializer: Any = None) -> bool:
        # For an answer: our lists come in an object that also holds the cursor or the range.
        return serializer is None and super()._is_list_view()

    def _problem_statuses(self) -> Iterator[int]:
        has_body = self.method in ("POST", "PATCH")
        yield HTTPStatus.BAD_REQUEST
        if self.view.get_authenticators():
            yield from (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        if "{" in self.path or has_body:
            yield HTTPStatus.NOT_FOUND
        if has_body:
            yield from (408, 411, 413, 415)
        yield from (406, 429, 500, 503)

    def _problem(self, status: int) -> dict[str, Any]:
        _, schemas = msgspec.json.schema_components([ProblemDetails], ref_template=REF)
        for name, schema in schemas.items():
            register(self, name, schema)
        content = {
            CONTENT_TYPE: {
                "schema": {"$ref": REF.format(name=ProblemDetails.__name__)},
                "example": msgspec.to_builtins(to_problem(self._error(status))),
            }
        }
        headers = {"headers": RETRY_AFTER} if status in WAITING else {}
        return {"description": DESCRIPTIONS[status], "content": content, **headers}

    def _error(self, status: int) -> APIException:
        if status != HTTPStatus.BAD_REQUEST:
            return ERRORS[status]
        if any(p["in"] == "query" for p in self._get_parameters()):
            return BAD_QUERY
        if self.method not in ("POST", "PATCH"):
            return BAD_REQUEST
        return BAD_BATCH if "events" in self.path else BAD_BODY


def register(auto_schema: AutoSchema, name: str, schema: dict[str, Any]) -> None:
    """Register the schema of a struct or an enumeration as a component, for references to it."""
    kinds = (*msgspec.Struct.__subclasses__(), *StrEnum.__subclasses__())
    kind = next(kind for kind in kinds if kind.__name__ == name)
    component = ResolvedComponent(
        name=name, type=ResolvedComponent.SCHEMA, object=kind, schema=schema
    )
    auto_schema.registry.register_on_missing(component)
