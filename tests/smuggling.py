"""Requests that may make a server see another number of requests than was sent.

Each shape is a request to `Site.path`, cut into packets. It names the allowed statuses of its
answers: one per request. There are two kinds of bodies: a batch, which may be acknowledged only if
it is stored, and one that contains a whole request (`Site.hidden`), which must never be executed. A
site is web or live, directly or behind the proxy.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

LARGE_BODY = b"x" * 290_000
PROTOCOL = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HIDDEN_ID = "hidden-request"
NOW_MS = int(time.time() * 1000)


class Site(NamedTuple):
    """The target: `path` takes batches of `token`'s instance on web, and nothing on live."""

    host: str
    path: str
    token: str
    # A request that any caller may make, and its status.
    next_path: str
    next_status: int
    # The statuses of a batch, of an invalid body, of a chunked one and of a large one.
    stored: int
    malformed: int
    chunked: int
    large: int

    def batch(self, number: int) -> bytes:
        event = {"time": NOW_MS, "x": 1, "y": 2, "seq": number}
        return json.dumps({"events": [event]}).encode()

    @property
    def hidden(self) -> bytes:
        """A request that leaves a trace if it is executed: a new instance, and an answer's id."""
        return (
            f"POST /api/v1/browsers/ HTTP/1.1\r\nHost: {self.host}\r\n"
            f"X-Request-ID: {HIDDEN_ID}\r\nContent-Length: 0\r\n\r\n"
        ).encode()

    def head(self, request_id: str, *lines: str, start: str = "", host: bool = True) -> bytes:
        fields = [
            start or f"POST {self.path} HTTP/1.1",
            *([f"Host: {self.host}"] if host else []),
            f"Authorization: Bearer {self.token}",
            "Content-Type: application/json",
            f"X-Request-ID: {request_id}",
            *lines,
        ]
        return "\r\n".join([*fields, "", ""]).encode("latin-1")

    def next(self, request_id: str) -> bytes:
        """Return a request that any caller may make, and that ends the connection."""
        return (
            f"GET {self.next_path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n"
            f"X-Request-ID: {request_id}\r\n\r\n"
        ).encode()


class Expected(NamedTuple):
    """An answer: the request's id, the allowed statuses, and the number of its batch."""

    request_id: str
    statuses: set[int]
    number: int | None = None


class Shape(NamedTuple):
    """The packets to send, and the expected answers."""

    name: str
    packets: tuple[bytes, ...]
    answers: tuple[Expected, ...]
    # It never becomes a whole request; its sender closes its side.
    is_part: bool = False


Make = Callable[[Site, str, int], Shape]
Lines = list[str]

LENGTHS: dict[str, Callable[[int], Lines]] = {
    "no length": lambda size: [],
    "a length": lambda size: [f"Content-Length: {size}"],
    "two lengths": lambda size: ["Content-Length: 0", f"Content-Length: {size}"],
    "a length twice": lambda size: [f"Content-Length: {size}"] * 2,
}
CODINGS: dict[str, Lines] = {
    "plain": [],
    "chunked": ["Transfer-Encoding: chunked"],
    "an unknown coding": ["Transfer-Encoding: xchunked"],
}
UPGRADES: dict[str, Lines] = {
    "no upgrade": [],
    "h2c": ["Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"],
    "websocket": ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA=="],
}
CONNECTIONS: dict[str, Lines] = {
    "as usual": [],
    "kept": ["Connection: keep-alive"],
    "closed": ["Connection: close"],
    "upgraded": ["Connection: Upgrade, HTTP2-Settings"],
    "closed and upgraded": ["Connection: close", "Connection: upgrade"],
}
EXPECTATIONS: dict[str, Lines] = {"": [], "100-continue": ["Expect: 100-continue"]}
BODIES = ("a batch, later", "a request, later", "a request, at once")

WRONG_LENGTHS = {
    "a sign": "+{}",
    "a minus": "-{}",
    "a list": "{0}, {0}",
    "a list of two": "{}, 0",
    "a fraction": "{}.0",
    "an exponent": "1e3",
    "hexadecimal": "0x{:x}",
    "an underscore": "1_0",
    "Arabic digits": "\u0661\u0662".encode().decode("latin-1"),
    "full-width digits": "\uff15".encode().decode("latin-1"),
    "superscript": "\xb2",
    "a space within": "1 2",
    "quoted": '"{}"',
    "a comment": "{} (all)",
    "nothing": "",
    "65 bits": "18446744073709551616",
    "4,301 digits": "1" * 4301,
    "4,301 zeros": "0" * 4301 + "{}",
    "a vertical tab": "\x0b{}",
    "NUL": "{}\0",
}
RIGHT_LENGTHS = {"spaces around": "  {}  ", "tabs around": "\t{}\t", "a zero before": "0{}"}
WRONG_CODINGS = {
    "identity": "identity",
    "chunked, then identity": "chunked, identity",
    "chunked twice": "chunked, chunked",
    "quoted": '"chunked"',
    "a vertical tab": "\x0bchunked",
    "a parameter": "chunked;q=1",
    "nothing": "",
    "another header after a bare CR": "x\rTransfer-Encoding: chunked",
}
ODD_CODINGS = {
    "in capitals": "CHUNKED",
    "gzip, then chunked": "gzip, chunked",
    "a comma before": ", chunked",
    "a line break": "\r\n chunked",
}
CHUNKS = {
    "one chunk": b"%x\r\n%b\r\n0\r\n\r\n",
    "an extension": b"%x;name=value\r\n%b\r\n0\r\n\r\n",
    "spaces after the size": b"%x  \r\n%b\r\n0\r\n\r\n",
    "zeros before the size": b"0000%x\r\n%b\r\n0\r\n\r\n",
    "a bare LF after the size": b"%x\n%b\r\n0\r\n\r\n",
    "a bare LF after the chunk": b"%x\r\n%b\n0\r\n\r\n",
    "nothing after the chunk": b"%x\r\n%b0\r\n\r\n",
    "0x before the size": b"0x%x\r\n%b\r\n0\r\n\r\n",
    "a sign before the size": b"+%x\r\n%b\r\n0\r\n\r\n",
    "a size of 68 bits": b"f00000000000000%x\r\n%b\r\n0\r\n\r\n",
    "a length among the trailers": b"%x\r\n%b\r\n0\r\nContent-Length: 5\r\n\r\n",
    "a coding among the trailers": b"%x\r\n%b\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "an address among the trailers": b"%x\r\n%b\r\n0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
    "no line break at the end": b"%x\r\n%b\r\n0\r\n",
}
# A header's line, and whether the request may still be accepted.
WRONG_HEADERS = {
    "a line break in a value": "X-Fold: a\r\n b",
    "a line break before the colon": "X-Fold\r\n : a",
    "a bare CR in a value": "X-Bare: a\rb",
    "a bare LF in a value": "X-Bare: a\nX-More: b",
    "NUL in a value": "X-Nul: a\0b",
    "NUL in a name": "X-N\0ul: a",
    "no colon": "X-Colon",
    "no name": ": a",
    "a space before the colon": "X-Space : a",
    "a space in a name": "X Space: a",
    "a length with a space before the colon": "Content-Length : 0",
    "a coding with a space before the colon": "Transfer-Encoding : chunked",
    "a coding after a line break": "X-Fold: a\r\n Transfer-Encoding: chunked",
    "a second host": "Host: other.example",
    "the same host again": "Host: {host}",
}
ODD_HEADERS = {
    "a length with an underscore": "Content_Length: 0",
    "a coding with an underscore": "Transfer_Encoding: chunked",
    "Latin-1 in a value": "X-Latin: \xe9",
    "an upgrade that no connection names": "Upgrade: h2c",
    "a connection that names an upgrade that is not there": "Connection: Upgrade",
    "a connection that names a length": "Connection: close, Content-Length",
    "an old proxy's connection": "Proxy-Connection: keep-alive",
    "a method to take instead": "X-HTTP-Method-Override: DELETE",
}
WRONG_STARTS = {
    "no version": "POST {path}",
    "HTTP/0.9": "POST {path} HTTP/0.9",
    "HTTP/1.2": "POST {path} HTTP/1.2",
    "HTTP/2.0": "POST {path} HTTP/2.0",
    "a version in small letters": "POST {path} http/1.1",
    "a version of two digits": "POST {path} HTTP/1.10",
    "a tab": "POST\t{path} HTTP/1.1",
    "a space at the end": "POST {path} HTTP/1.1 ",
    "a space before": " POST {path} HTTP/1.1",
    "no path": "POST HTTP/1.1",
    "a method in small letters": "post {path} HTTP/1.1",
    "an unknown method": "SMUGGLE {path} HTTP/1.1",
    "CONNECT to a path": "CONNECT {path} HTTP/1.1",
    "CONNECT to a host": "CONNECT {host}:443 HTTP/1.1",
    "a path with a bare LF": "POST {path}\nX: y HTTP/1.1",
    "a path that is not ASCII": "POST {path}\xe9 HTTP/1.1",
    "another request's line": "POST {path} HTTP/1.1\r\nGET / HTTP/1.1",
}


def shapes(*, few: bool = False) -> list[Make]:
    """Return the makers of all shapes; `few` omits combinations that a proxy makes the same."""
    kinds = (combinations(few=few), lengths(), codings(), heads(), pipelines(), large())
    return list(itertools.chain.from_iterable(kinds))


def combinations(*, few: bool = False) -> Iterator[Make]:
    """Yield every combination of length, coding, upgrade, connection, expectation and body."""
    bodies = BODIES[:2] if few else BODIES
    expectations = list(EXPECTATIONS)[:1] if few else EXPECTATIONS
    parts = (LENGTHS, CODINGS, UPGRADES, CONNECTIONS, expectations, bodies)
    return (_combination(*names) for names in itertools.product(*parts))


def _combination(
    length: str, coding: str, upgrade: str, connection: str, expectation: str, body: str
) -> Make:
    def make(site: Site, request_id: str, number: int) -> Shape:
        is_batch = body.startswith("a batch")
        content = site.batch(number) if is_batch else site.hidden
        if coding == "chunked":
            content = CHUNKS["one chunk"] % (len(content), content)
        elif coding == "plain" and length == "no length":
            content = b""
        lines = [
            *LENGTHS[length](len(content)),
            *CODINGS[coding],
            *UPGRADES[upgrade],
            *CONNECTIONS[connection],
            *EXPECTATIONS[expectation],
        ]
        head = site.head(request_id, *lines)
        right = site.stored if is_batch and content else site.malformed
        allowed = {
            (True, "no length"): {right},
            (True, "a length"): {right},
            (True, "a length twice"): {right, 400},
            (True, "two lengths"): {400},
        }.get((coding == "plain", length), {site.chunked, 400, 411, 501})
        return Shape(
            ", ".join(filter(None, (length, coding, upgrade, connection, expectation, body))),
            (head + content,) if "at once" in body or not content else (head, content),
            (Expected(request_id, allowed, number if is_batch else None),),
        )

    return make


def lengths() -> Iterator[Make]:
    for name, value in RIGHT_LENGTHS.items():
        yield _with_length(f"a length with {name}", value, lambda site: {site.stored})
    for name, value in WRONG_LENGTHS.items():
        yield _with_length(f"a length with {name}", value, lambda site: {400})


def _with_length(name: str, value: str, allowed: Callable[[Site], set[int]]) -> Make:
    def make(site: Site, request_id: str, number: int) -> Shape:
        body = site.batch(number)
        head = site.head(request_id, f"Content-Length: {value.format(len(body))}")
        return Shape(name, (head, body), (Expected(request_id, allowed(site), number),))

    return make


def codings() -> Iterator[Make]:
    for name, value in WRONG_CODINGS.items():
        yield _with_coding(f"a coding with {name}", f"Transfer-Encoding: {value}", b"0\r\n\r\n")
    for name, value in ODD_CODINGS.items():
        yield _with_coding(
            f"a coding with {name}", f"Transfer-Encoding: {value}", CHUNKS["one chunk"]
        )
    for name, chunks in CHUNKS.items():
        yield _with_coding(f"chunks with {name}", "Transfer-Encoding: chunked", chunks)


def _with_coding(name: str, line: str, chunks: bytes) -> Make:
    def make(site: Site, request_id: str, number: int) -> Shape:
        has_body = b"%b" in chunks
        body = chunks % (len(site.hidden), site.hidden) if has_body else chunks + site.hidden
        allowed = {site.chunked, 400, 411, 501}
        packets = (site.head(request_id, line), body)
        is_part = not body.endswith(b"\r\n\r\n")
        return Shape(name, packets, (Expected(request_id, allowed),), is_part)

    return make


def heads() -> Iterator[Make]:
    for name, line in WRONG_HEADERS.items():
        yield _with_line(name, line, lambda site: {400})
    for name, line in ODD_HEADERS.items():
        yield _with_line(name, line, lambda site: {site.stored})
    for name, start in WRONG_STARTS.items():
        yield _with_start(name, start)
    yield _with_start("a whole address", "POST http://{host}{path} HTTP/1.1", is_right=True)
    yield _with_start("HTTP/1.0", "POST {path} HTTP/1.0\r\nConnection: close", is_right=True)
    yield _with_start("two spaces", "POST  {path} HTTP/1.1", is_odd=True)
    yield _with_start("empty lines before", "\r\n\r\nPOST {path} HTTP/1.1", is_odd=True)
    yield _without_host("HTTP/1.1", lambda site: {400})
    yield _with_line("an end", "\r\n X-Fold: a", lambda site: {400, site.malformed})
    yield _with_lf_alone
    yield _with_protocol_of_http_2


def _with_line(name: str, line: str, allowed: Callable[[Site], set[int]]) -> Make:
    def make(site: Site, request_id: str, number: int) -> Shape:
        body = site.batch(number)
        lines = [line.format(host=site.host), f"Content-Length: {len(body)}"]
        packets = (site.head(request_id, *lines), body)
        return Shape(name, packets, (Expected(request_id, allowed(site), number),))

    return make


def _with_start(name: str, start: str, *, is_right: bool = False, is_odd: bool = False) -> Make:
    def make(site: Site, request_id: str, number: int) -> Shape:
        body = site.batch(number)
        line = start.format(host=site.host, path=site.path)
        packets = (site.head(request_id, f"Content-Length: {len(body)}", start=line), body)
        allowed = {site.stored} if is_right else {400, 404, 405, 501, 505}
        allowed |= {site.stored} if is_odd else set()
        return Shape(name, packets, (Expected(request_id, allowed, number),))

    return make


def _without_host(version: str, allowed: Callable[[Site], set[int]]) -> Make:
    def make(site: Site, request_id: str, number: int) -> Shape:
        body, start = site.batch(number), f"POST {site.path} {version}"
        head = site.head(request_id, f"Content-Length: {len(body)}", start=start, host=False)
        return Shape("no host", (head, body), (Expected(request_id, allowed(site), number),))

    return make


def _with_lf_alone(site: Site, request_id: str, number: int) -> Shape:
    body = site.batch(number)
    head = site.head(request_id, f"Content-Length: {len(body)}").replace(b"\r\n", b"\n")
    allowed = {site.stored, 400}
    return Shape(
        "lines that end in LF alone", (head, body), (Expected(request_id, allowed, number),)
    )


def _with_protocol_of_http_2(site: Site, request_id: str, number: int) -> Shape:
    packets = (PROTOCOL + site.hidden,)
    return Shape("HTTP/2 without asking", packets, (Expected("", {400, 505}),))


def pipelines() -> Iterator[Make]:
    yield _pipeline("two requests", "", "")
    yield _pipeline("three requests", "", "", "")
    yield _pipeline("an upgrade, and no more", "Connection: Upgrade\r\nUpgrade: h2c", "")
    yield _pipeline("a request, and an upgrade", "", "Connection: Upgrade\r\nUpgrade: h2c")
    yield _pipeline("a request after the last", "Connection: close", "")
    yield _pipeline("a request, and one that is none", "", b"good morning\r\n\r\n")
    yield _pipeline("a request, and one with two lengths", "", "Content-Length: 0")
    yield _more_than_its_length
    yield _less_than_its_length


def _pipeline(name: str, *requests: str | bytes) -> Make:
    """Make a shape of requests in one packet, each with the given headers."""

    def make(site: Site, request_id: str, number: int) -> Shape:
        packet, answers = b"", []
        for n, lines in enumerate(requests):
            own_number, own_id = number + n * 100_000, f"{request_id}-{n}"
            body = site.batch(own_number)
            if isinstance(lines, bytes):
                packet += lines
                answers.append(Expected("", {400}))
                continue
            own = [f"Content-Length: {len(body)}", *filter(None, [lines])]
            packet += site.head(own_id, *own) + body
            statuses = {400} if "Length" in lines else {site.stored}
            answers.append(Expected(own_id, statuses, own_number))
        return Shape(f"pipeline: {name}", (packet,), tuple(answers))

    return make


def _more_than_its_length(site: Site, request_id: str, number: int) -> Shape:
    body = site.batch(number)
    packets = (site.head(request_id, f"Content-Length: {len(body)}"), body + b"and more\r\n\r\n")
    answers = (Expected(request_id, {site.stored}, number), Expected("", {400}))
    return Shape("more than its length", packets, answers)


def _less_than_its_length(site: Site, request_id: str, number: int) -> Shape:
    body = site.batch(number)
    packets = (site.head(request_id, f"Content-Length: {len(body) + 1000}"), body)
    answer = Expected(request_id, {400, 408, site.malformed}, number)
    return Shape("less than its length", packets, (answer,), is_part=True)


def large() -> Iterator[Make]:
    """Yield bodies and heads beyond the limits, which are refused unread."""
    for name, lines in {
        "a large body": [],
        "a large body that waits to be asked for": ["Expect: 100-continue"],
        "a large body and an upgrade": ["Connection: Upgrade", "Upgrade: h2c"],
        "a large body and the last": ["Connection: close"],
    }.items():
        yield _large_body(name, lines)
    yield _large_head("a large header", 1)
    yield _large_head("many headers", 2000)


def _large_body(name: str, lines: Lines) -> Make:
    def make(site: Site, request_id: str, number: int) -> Shape:
        length = f"Content-Length: {len(LARGE_BODY)}"
        packets = (site.head(request_id, length, *lines), LARGE_BODY)
        answer = Expected(request_id, {site.large})
        return Shape(name, packets, (answer,))

    return make


def _large_head(name: str, count: int) -> Make:
    def make(site: Site, request_id: str, number: int) -> Shape:
        lines = [f"X-Large-{n}: {'a' * (100_000 // count)}" for n in range(count)]
        head = site.head(request_id, *lines, "Content-Length: 0")
        return Shape(name, (head,), (Expected(request_id, {431}),))

    return make


def splits(*lines: str) -> list[Make]:
    """Return one request in two packets, cut at each byte of its head and of its body."""

    def cut_at(cut: int) -> Make:
        def make(site: Site, request_id: str, number: int) -> Shape:
            request = _whole(site, request_id, number, lines)
            packets = (request[:cut], request[cut:])
            answer = Expected(request_id, {site.stored}, number)
            return Shape(f"cut at {cut}", packets, (answer,))

        return make

    return [cut_at(cut) for cut in range(1, 500)]


def _whole(site: Site, request_id: str, number: int, lines: tuple[str, ...]) -> bytes:
    body = site.batch(number).ljust(100)
    return site.head(request_id, *lines, f"Content-Length: {len(body)}") + body
