"""Requests with hostile values, over all routes: the API, the pages, the admin.

A seed repeats the same requests. One value of a request is hostile and the rest is valid, so that
the value gets as far as possible.
"""

import json
import re
import time
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes

import requests
from django.contrib import admin
from django.urls import URLResolver, get_resolver

from tests.fuzzing import what_exists
from tests.hostile_texts import COOKIES, ESCAPED, FORGED, HEADERS, LOOKUPS, QUERY, USUAL, VALUES
from tests.raw_http import Answer, exchange
from tests.service import Service

METHODS = ["GET"] * 12 + ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
# These end the session that the rest of a run needs.
LEFT_OUT = ("logout", "password")


class Call(NamedTuple):
    method: str
    target: bytes
    headers: list[bytes]
    body: bytes | None = None

    def raw(self) -> bytes:
        lines = [self.method.encode() + b" " + self.target + b" HTTP/1.1", b"Host: 127.0.0.1"]
        lines += [b"Connection: close", *self.headers]
        if self.body is not None:
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join([*lines, b"", b""]) + (self.body or b"")


class Hostile:
    """Makes the requests, as a member of staff with all permissions or as an anonymous caller."""

    def __init__(self, service: Service, seed: int) -> None:
        self.service, self.chance = service, Random(seed)
        known = what_exists(service)
        self.staff, self.instance = known["staff"], known["instances"][0]
        ((self.pk,),) = service.sql(
            "select id from dashboard_browser where instance_id = %s",
            (self.instance["instance_id"],),
        )
        self.paths = sorted(p for p in paths(get_resolver()) if not any(w in p for w in LEFT_OUT))
        self.models = {
            f"/admin/{m._meta.app_label}/{m._meta.model_name}/": [f.name for f in m._meta.fields]
            for m in admin.site._registry
        }
        self.forms = dict(self._forms())

    def calls(self, count: int) -> Iterator[Call]:
        kinds = [self.query, self.lookup, self.path, self.header, self.cookie, self.form, self.body]
        for _ in range(count):
            yield self.chance.choice(kinds)()

    def value(self) -> bytes:
        return self.chance.choice(VALUES)

    def good(self, path: str) -> str:
        names = {"instance_id": self.instance["instance_id"], "key": self.instance["key"]}
        return self._filled(path, lambda name: names.get(name, str(self.pk)))

    def query(self) -> Call:
        name = self.chance.choice([*QUERY, quoted(self.value())])
        return self.ask(
            f"{self.good(self.chance.choice(self.paths))}?{name}={quoted(self.value())}"
        )

    def lookup(self) -> Call:
        path = self.chance.choice(list(self.models))
        name = self.chance.choice(self.models[path]) + self.chance.choice(LOOKUPS)
        return self.ask(f"{path}?{name}={quoted(self.value())}", method="GET", staff=True)

    def path(self) -> Call:
        path = self.chance.choice([p for p in self.paths if "<" in p])
        return self.ask(self._filled(path, lambda _: quoted(self.value())))

    def header(self) -> Call:
        name = self.chance.choice(HEADERS)
        value = re.sub(rb"[\r\n\0]", b" ", self.value())
        prefix = b"Bearer " if name == "Authorization" and self.chance.random() < 0.5 else b""
        header = name.encode() + b": " + prefix + value
        return self.ask(self.good(self.chance.choice(self.paths)), header)

    def cookie(self) -> Call:
        value = self.chance.choice([*ESCAPED, re.sub(rb"[\r\n\0]", b" ", self.value())])
        header = b"Cookie: " + self.chance.choice(COOKIES).encode() + b"=" + value
        return self.ask(self.good(self.chance.choice(self.paths)), header, staff=False)

    def form(self) -> Call:
        path = self.chance.choice(list(self.forms))
        form = {name: value.encode() for name, value in self.forms[path].items()}
        form[self.chance.choice(list(form))] = self.value()
        body = "&".join(f"{quoted(name.encode())}={quoted(value)}" for name, value in form.items())
        kind = b"Content-Type: application/x-www-form-urlencoded"
        staff = not path.startswith("/login/")
        return self.ask(path, kind, method="POST", body=body.encode(), staff=staff)

    def body(self) -> Call:
        """Return JSON with a hostile string or number somewhere, for a call that takes a body."""
        text = self.value().decode("utf-8", "replace")
        value: Any = self.chance.choice([text, f"\ud800{text}", [text], {text: text}, 10**30, -1])
        event = {"time": time.time() * 1000, "x": 1, "y": 2, "seq": 3}
        event[self.chance.choice([*event, text])] = value
        own = {name: self.instance[name] for name in ("instance_id", "write_token")}
        home, mine = "/api/v1/browsers/", f"/api/v1/browsers/{self.instance['instance_id']}/"
        method, path, body = self.chance.choice(
            [
                ("POST", f"{mine}events/", {"events": [event]}),
                ("POST", f"{mine}events/", {"events": value, "token": value}),
                ("POST", f"{mine}log-off/", {"token": value}),
                ("PATCH", mine, {"is_active": value}),
                ("POST", home, {**own, self.chance.choice([*own, text]): value}),
            ]
        )
        kind = b"Content-Type: application/json"
        return self.ask(path, kind, method=method, body=json.dumps(body).encode(), staff=False)

    def ask(
        self,
        target: str,
        *headers: bytes,
        method: str | None = None,
        body: bytes | None = None,
        staff: bool | None = None,
    ) -> Call:
        """Return the call, usually by staff; DELETE erases nothing."""
        method = method or self.chance.choice(METHODS)
        if self.chance.random() < 0.9 if staff is None else staff:
            own = [f"{name}: {value}".encode() for name, value in self.staff.items()]
        else:
            own = [f"Cookie: csrftoken={self.staff['X-CSRFToken']}".encode()]
            own += [f"X-CSRFToken: {self.staff['X-CSRFToken']}".encode()]
            own += [b"Authorization: Bearer " + self.instance["write_token"].encode()]
        named = {header.split(b":")[0].lower() for header in headers}
        own = [header for header in own if header.split(b":")[0].lower() not in named]
        if method in ("POST", "PUT", "PATCH") and body is None:
            body = b""
        if method == "DELETE" and self.instance["instance_id"] in target:
            method = "GET"
        return Call(method, target.encode("latin-1"), [*headers, *own], body)

    def _filled(self, path: str, fill: Any) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: fill(match[1]), path)

    def _forms(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield the fields of the pages that have a form, with valid values."""
        yield "/login/", {"username": "nobody", "password": "wrong", "next": "/"}
        yield "/admin/login/", {"username": "nobody", "password": "wrong", "next": "/"}
        for path in self.models:
            yield path, {"action": "delete_selected", "_selected_action": "0", "index": "0"}
            for page in (f"{path}add/", f"{path}1/change/"):
                answer = requests.get(self.service.url + page, headers=self.staff, timeout=10)
                # The form of the session's own user is left out.
                if answer.ok and answer.url.endswith(page) and page != "/admin/auth/user/1/change/":
                    yield page, {**Fields.of(answer.text), **USUAL}


class Fields(HTMLParser):
    """The fields of a form and their values."""

    @classmethod
    def of(cls, page: str) -> dict[str, str]:
        parser = cls()
        parser.feed(page)
        return parser.found

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag in ("input", "select", "textarea") and has.get("name"):
            self.found[str(has["name"])] = has.get("value") or ""


def paths(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """Yield the address of every route, with the names of its parts in angle brackets."""
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from paths(pattern, path)
        else:
            # Of those by regular expression there are three, whose parts are words.
            yield re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", path).replace("^", "").rstrip("$")


def quoted(value: bytes) -> str:
    return quote_from_bytes(value, safe="")


def send(service: Service, call: Call) -> Answer:
    return exchange(service.port, call.raw())


def faults_of(service: Service, calls: Iterable[Call]) -> list[tuple[str, Call]]:
    """Make calls; return those with a wrong answer, each with its fault."""
    answered = ((fault_of(call, send(service, call)), call) for call in calls)
    return [(fault, call) for fault, call in answered if fault]


def fault_of(call: Call, answer: Answer) -> str | None:
    """Return the fault of an answer, or None."""
    if answer.status >= 500:
        # Whether the service is ready does not depend on the values.
        return None if call.target.startswith(b"/readyz") else f"{answer.status}"
    if answer.status < 400 or call.method == "HEAD":
        return None
    wanted = "application/problem+json" if call.target.startswith(b"/api/") else "content-type:"
    return None if wanted in answer.headers else f"{answer.status} is no {wanted}"


def forged_lines(log: str) -> list[str]:
    """Return the forged lines of a log: those that are neither records nor indented additions."""
    return [line for line in log.split("\n") if FORGED in line and line.startswith(FORGED)]
