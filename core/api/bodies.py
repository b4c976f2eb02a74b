"""Request bodies: refused if too large (413), JSON in UTF-8, decoded and checked by msgspec."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import IO, Any, NoReturn, TypeVar

import msgspec
from django.conf import settings
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

from core.api.problems import FieldError, Invalid, LengthRequired, Malformed, TooLarge

T = TypeVar("T")


JSON = "application/json"
# The same JSON as text/plain, which a beacon can send without a preflight.
BEACON = "text/plain"


class JsonBytesParser(BaseParser):
    """Returns a JSON body as bytes, for msgspec to decode; TooLarge (413) above the limit."""

    media_type = JSON

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        if parser_context:
            request = parser_context["request"]
            encoding = request.headers.get("Content-Encoding", "identity")
            check_type(request.content_type, encoding, allowed=(self.media_type,))
            check_length(int(request.META.get("CONTENT_LENGTH") or 0))
        body = stream.read(settings.MAX_BODY_BYTES + 1)
        if len(body) > settings.MAX_BODY_BYTES:
            raise TooLarge
        return body


class BeaconParser(JsonBytesParser):
    media_type = BEACON


def read_body(request: Request) -> bytes:
    """Return the body's bytes, empty if there is no body.

    LengthRequired (411) if its length is unknown; WSGI would ignore such a body.
    """
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise LengthRequired
    return request.data if isinstance(request.data, bytes) else b""


@lru_cache(maxsize=64)
def check_type(content_type: str, content_encoding: str, *, allowed: tuple[str, ...]) -> None:
    """Raise UnsupportedMediaType (415) unless the type is allowed, in UTF-8 and not compressed."""
    try:
        known = any(media_type_matches(kind, content_type) for kind in allowed)
        _, parameters = parse_header_parameters(content_type)
    except ValueError:
        # A parameter in a charset that does not exist (RFC 2231).
        raise UnsupportedMediaType(content_type) from None
    if not known:
        raise UnsupportedMediaType(content_type)
    charset = parameters.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(f"charset {charset}", "Bodies are UTF-8.")
    if content_encoding.lower() != "identity":
        raise UnsupportedMediaType("a content encoding", "Bodies are sent uncompressed.")


def decode_body(body: bytes, kind: type[T]) -> T:
    """Decode JSON into a msgspec type; Malformed or Invalid (both 400) say what is wrong."""
    try:
        value = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Invalid(errors=[field_error(error)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed from None
    refuse_repeated_keys(body)
    return value


def refuse_repeated_keys(body: bytes) -> None:
    """Raise Invalid (400) if an object has a key twice, which is ambiguous.

    For a body that was decoded already; msgspec silently takes the last value. Malformed (400) if
    it is nested too deeply.
    """
    try:
        json.loads(body, object_pairs_hook=_refuse_repeated)
    except RecursionError:
        # It nests deeper here than msgspec allows.
        raise Malformed from None


def field_error(error: msgspec.ValidationError, prefix: str = "") -> FieldError:
    """Turn msgspec's `Expected … - at `$.events[3].x`` into a JSON pointer and a sentence."""
    detail, _, place = str(error).partition(" - at `$")
    # `[...]` is any member of an object, which msgspec does not name.
    known, _, _ = place.rstrip("`").partition("[...]")
    path = known.replace("[", ".").replace("]", "").replace(".", "/")
    return FieldError(prefix + path, "invalid", detail)


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) == len(names):
        return dict(pairs)
    return _refuse(next(name for i, name in enumerate(names) if name in names[:i]))


def _refuse(name: str) -> NoReturn:
    raise Invalid(errors=[FieldError("", "repeated_key", f"an object has the key `{name}` twice")])


def check_length(length: int) -> None:
    """Raise TooLarge (413) for an announced length over the bound, before any byte is read."""
    if length > settings.MAX_BODY_BYTES:
        raise TooLarge
