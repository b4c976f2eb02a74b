"""The cost of a request, which selects the threads that answer it (core/web/bridge.py).

A view states it for each action that is not cheap: `costs` maps the action's name, or the method's
if the view has no actions, to a function of the request. All other requests are cheap.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict
from django.urls import Resolver404, resolve

from core.api.file_formats import FORMATS


class Cost(Enum):
    """CHEAP takes milliseconds; COSTLY may take a database's core for seconds.

    STREAMED takes as long as its reader.
    """

    CHEAP = "cheap"
    COSTLY = "costly"
    STREAMED = "streamed"


class Asked(NamedTuple):
    """A request's query, and its Accept header in lower case."""

    query: QueryDict
    accept: str


def costly(asked: Asked) -> Cost:
    return Cost.COSTLY


def or_file(cost: Callable[[Asked], Cost]) -> Callable[[Asked], Cost]:
    """Return the cost of a call that gives JSON at this cost, or a file."""
    return lambda asked: Cost.STREAMED if _may_be_file(asked) else cost(asked)


def cost_of(environ: dict[str, Any]) -> Cost:
    """Return the cost that its view states for a WSGI request."""
    method = environ["REQUEST_METHOD"].lower().replace("head", "get")
    if method != "get":
        return Cost.CHEAP
    try:
        view = resolve(environ["PATH_INFO"].encode("latin-1").decode()).func
        query = QueryDict(environ["QUERY_STRING"], encoding="utf-8")
    except (Resolver404, UnicodeDecodeError, SuspiciousOperation):
        # It will be refused.
        return Cost.CHEAP
    action = getattr(view, "actions", {}).get(method, method)
    ask = getattr(getattr(view, "cls", None), "costs", {}).get(action)
    return ask(Asked(query, environ.get("HTTP_ACCEPT", "").lower())) if ask else Cost.CHEAP


def _may_be_file(asked: Asked) -> bool:
    """Whether content negotiation may choose a file; choosing JSON after all does no harm."""
    kinds = ("text/*", *(kind.media_type for kind in FORMATS.values()))
    return asked.query.get("format") in FORMATS or any(kind in asked.accept for kind in kinds)
