"""Requests to the service: retried where that can help, and refused with the service's reason."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

# The same request may succeed later.
MOMENTARY = {408, 429, 500, 502, 503, 504}
FIRST_PAUSE_SECONDS = 0.5


class PointerscopeError(Exception):
    """The service did not give what was asked for."""


class UnreachableError(PointerscopeError):
    """There was no whole answer, after all attempts."""


class RefusedError(PointerscopeError):
    """The service refused: `status` is HTTP's, `code` the problem's (docs/api.md, Errors)."""

    def __init__(self, url: str, status: int, problem: dict[str, Any]) -> None:
        self.status, self.code = status, str(problem.get("code", ""))
        faults = [f"{one.get('pointer')}: {one.get('detail')}" for one in problem.get("errors", [])]
        detail = " ".join([str(problem.get("detail", "")), *faults]).strip()
        super().__init__(f"{url} answered {status}: {detail or 'without a reason'}")


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: urllib would send the key along to another host."""


class Transport:
    """GET requests to one service with one API key.

    A request that fails for the moment is tried again up to `retries` times. A `Retry-After` is
    obeyed, as long as all waits of a request together take at most `patience` seconds.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float,
        retries: int,
        patience: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            raise ValueError(f"an address such as https://pointers.example, not {url!r}")
        if not key.isascii() or not key.isprintable() or not key:
            raise ValueError("an API key, as `manage.py api_key create` prints it")
        self._api = f"{url.rstrip('/')}/api/v1/"
        self._headers = {"Authorization": f"Bearer {key}", "User-Agent": "pointerscope-client"}
        self._timeout, self._retries, self._patience = timeout, retries, patience
        self._sleep, self._open = sleep, build_opener(_NoRedirects).open

    def json(self, path: str, **query: Any) -> dict[str, Any]:
        """Return the JSON object that a call answers."""
        answer: dict[str, Any] = json.loads(self._read(path, query))
        return answer

    def pages(self, path: str, name: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the objects in `name` of all pages of a call, by their cursors."""
        cursor = None
        while True:
            page = self.json(path, **query, cursor=cursor)
            yield from page[name]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return all rows of a call's file."""
        lines = self._read(path, {**query, "format": "ndjson"}, check=_refuse_broken).splitlines()
        return [json.loads(line) for line in lines]

    def _read(
        self, path: str, query: dict[str, Any], check: Callable[[bytes], None] = lambda _: None
    ) -> bytes:
        given = {name: _text(value) for name, value in query.items() if value is not None}
        url = f"{self._api}{path}" + (f"?{urlencode(given)}" if given else "")
        waited, pause = 0.0, FIRST_PAUSE_SECONDS
        failed = 0
        while True:
            try:
                request = Request(url, headers=self._headers)  # noqa: S310  (checked above)
                with self._open(request, timeout=self._timeout) as got:
                    body: bytes = got.read()
                check(body)
                return body
            except HTTPError as error:
                refusal = RefusedError(url, error.code, _problem(error))
                wait = _retry_after(error)
                # An answer that says when to try again is not a failure; it only uses up patience.
                failed += wait is None
                problem: PointerscopeError = refusal
                if error.code not in MOMENTARY:
                    raise refusal from None
            except (URLError, OSError, http.client.HTTPException) as error:
                problem, wait = UnreachableError(f"{url} cannot be read: {error}"), None
                failed += 1
            wait = pause if wait is None else wait
            if failed > self._retries or waited + wait > self._patience:
                raise problem
            self._sleep(wait)
            waited, pause = waited + wait, pause * 2


def _refuse_broken(body: bytes) -> None:
    """Raise if a file broke off: its last line is then an error, or no line at all."""
    last = body.rstrip(b"\n").rpartition(b"\n")[2]
    if body and (not body.endswith(b"\n") or last.startswith(b'{"error":')):
        raise http.client.IncompleteRead(body[-200:])


def _retry_after(error: HTTPError) -> float | None:
    text = error.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None


def _problem(error: HTTPError) -> dict[str, Any]:
    try:
        with error:
            problem = json.loads(error.read(65536))
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return problem if isinstance(problem, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
