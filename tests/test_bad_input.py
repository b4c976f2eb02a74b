"""Bad input is refused with a clear reason, stores nothing, and does not grow memory."""

import gzip
import time
from typing import Any

import psutil
import pytest

from tests.raw_http import Sender
from tests.service import Service

MEGABYTES_20 = b" " * 20_000_000
NOW = int(time.time() * 1000)
GOOD = b'{"events": [{"time": %d, "x": 1, "y": 2}]}' % NOW
NESTED = b"[" * 100_000
GROWTH_BYTES = 20_000_000


def with_x(x: bytes) -> bytes:
    return b'{"events": [{"time": %d, "x": %s, "y": 2}]}' % (NOW, x)


def at(moment: bytes) -> bytes:
    return b'{"events": [{"time": %s, "x": 1, "y": 2}]}' % moment


def with_token(token: bytes) -> bytes:
    return b'{"events": [{"time": %d, "x": 1, "y": 2}], "token": "%s"}' % (NOW, token)


def and_also(field: bytes) -> bytes:
    return b'{"events": [{"time": %d, "x": 1, "y": 2, %s}]}' % (NOW, field)


BAD_BODIES = {
    "NaN": (with_x(b"NaN"), "malformed"),
    "Infinity": (with_x(b"-Infinity"), "malformed"),
    "1e999": (with_x(b"1e999"), "/events/0/x"),
    "5,000 digits": (with_x(b"9" * 5000), "/events/0/x"),
    "a time of 5,000 digits": (at(b"9" * 5000), "/events/0/time"),
    "a time of 1e308 ms": (at(b"1e308"), "/events/0/time"),
    "year 1": (at(b'"0001-01-01T00:00:00Z"'), "/events/0/time"),
    "year 1, far east": (at(b'"0001-01-01T00:00:00+14:00"'), "/events/0/time"),
    "year 9999": (at(b'"9999-12-31T23:59:59Z"'), "/events/0/time"),
    "year 9999, far west": (at(b'"9999-12-31T23:59:59-14:00"'), "/events/0/time"),
    "year 9999 in ms": (at(b"253402300799999"), "/events/0/time"),
    "a time without offset": (at(b'"2026-11-23T12:00:00"'), "/events/0/time"),
    "a seq of 5,000 digits": (and_also(b'"seq": ' + b"9" * 5000), "/events/0/seq"),
    "a seq past int64": (and_also(b'"seq": 9223372036854775808'), "/events/0/seq"),
    "NUL": (with_token(b"a\0b"), "malformed"),
    "NUL in a key": (and_also(b'"\\u0000": 1'), "/events/0"),
    "a lone surrogate": (with_token(b"\\ud800"), "malformed"),
    "a lone surrogate in UTF-8": (with_token(b"\xed\xa0\x80"), "malformed"),
    "Latin-1": (with_token(b"\xe9"), "malformed"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "malformed"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, "malformed"),
    "gzip that says nothing": (gzip.compress(GOOD), "malformed"),
    "arrays 100,000 deep": (NESTED, ""),
    "objects 50,000 deep": (b'{"a":' * 50_000, ""),
    "events 100,000 deep": (b'{"events":' + NESTED, "malformed"),
    "an event 100,000 deep": (b'{"events": [{"x": 1, "z": ' + NESTED, "malformed"),
    "a key twice": (and_also(b'"x": 3'), ""),
    "events twice": (b'{"events": [],' + GOOD[1:], ""),
    "nothing": (b"", "malformed"),
    "blanks": (b"  \n ", "malformed"),
    "null": (b"null", ""),
    "more than one value": (GOOD + GOOD, "malformed"),
}
BAD_HEADERS = {
    "another charset": ("application/json; charset=latin-1", [], 415),
    "a charset that is a codec for bytes": ("application/json; charset=zlib", [], 415),
    "no media type": ("", [], 415),
    "a form": ("application/x-www-form-urlencoded", [], 415),
    "gzip": ("application/json", ["Content-Encoding: gzip"], 415),
    "two lengths in one": ("application/json", ["Transfer-Encoding: chunked"], 400),
}
BAD_ADDRESSES = {
    "the end of the calendar": ("statuses/?since=9999-12-31T23:59:59.999999Z", 200),
    "all of the calendar": (
        "statuses/?since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z&interval=366d",
        400,
    ),
    "before the calendar": ("statuses/?until=0001-01-01T00:00:00Z", 400),
    "a query in NUL": ("statuses/?interval=%00", 400),
    "a query of 5,000 digits": (f"statuses/?max_points={'9' * 5000}", 400),
    "a cursor of 5,000 digits": (f"events/?cursor={'9' * 5000},1", 400),
    "a cursor in other digits": ("events/?cursor=%D9%A1,%D9%A1", 400),
    "a format that is not there": ("events/?format=xml", 406),
    "an event of the year 9999": ("events/9999-12-31T23:59:59.999999Z,1/", 404),
    "an event that is NUL": ("events/%00/", 404),
}

CHUNKED = "Transfer-Encoding: chunked"
# Ways to announce a body of 20 MB, which is refused unread.
REFUSED_UNREAD: dict[int, dict[str, Any]] = {
    400: {"lines": [CHUNKED]},
    401: {"token": "forged"},
    404: {"path": "nothing/"},
    405: {"path": "/api/v1/time/"},
    411: {"lines": [CHUNKED], "length": False},
    413: {},
    415: {"lines": ["Content-Encoding: gzip"]},
}


@pytest.fixture
def sender(service: Service) -> Sender:
    return Sender(service)


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_refused_with_a_reason_and_stores_nothing(sender: Sender, name: str) -> None:
    body, fault = BAD_BODIES[name]
    answer = sender.send(body)
    problem = answer.problem()
    assert answer.status == 400
    if fault == "malformed":
        assert problem["code"] == "malformed"
    else:
        assert problem["errors"][0]["pointer"] == fault
    assert sender.stored() == 0


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_a_body_that_its_headers_make_unreadable_is_refused(sender: Sender, name: str) -> None:
    content_type, headers, status = BAD_HEADERS[name]
    answer = sender.send(GOOD, *headers, content_type=content_type)
    assert (answer.status, answer.problem()["status"]) == (status, status)
    assert sender.stored() == 0


@pytest.mark.parametrize("name", BAD_ADDRESSES)
def test_a_bad_address_is_refused_with_a_reason(sender: Sender, name: str) -> None:
    path, status = BAD_ADDRESSES[name]
    answer = sender.send(b"", method="GET", path=path, length=False)
    assert answer.status == status, answer
    if status != 200:
        answer.problem()


def test_the_charset_of_a_body_does_not_change_how_the_query_is_read(sender: Sender) -> None:
    for charset in ("utf-16", "zlib"):
        answer = sender.send(
            b"",
            method="GET",
            path="statuses/?since=nonsense",
            content_type=f"application/json; charset={charset}",
        )
        assert answer.problem()["errors"][0]["pointer"] == "?since"


@pytest.mark.timed
def test_a_body_of_20_mb_is_refused_before_it_is_read(sender: Sender) -> None:
    began = time.monotonic()
    # Only the first 100 kB are sent, so a server that waits for the rest waits for ever.
    head = sender.send(MEGABYTES_20[:100_000], f"Content-Length: {20_000_000}", length=False)
    assert (head.status, head.problem()["code"]) == (413, "too_large")
    assert time.monotonic() - began < 5


def test_a_chunked_body_is_refused_whatever_its_size(sender: Sender) -> None:
    for body in (GOOD, MEGABYTES_20):
        answer = sender.send_chunked(body)
        assert (answer.status, answer.problem()["code"]) == (411, "length_required")
    assert sender.stored() == 0


@pytest.mark.parametrize("expected", [[], ["Expect: 100-continue"]])
@pytest.mark.parametrize("status", REFUSED_UNREAD)
def test_a_client_that_sends_all_of_a_refused_body_reads_the_answer(
    sender: Sender, status: int, expected: list[str]
) -> None:
    how = {"lines": [], **REFUSED_UNREAD[status]}
    answer = sender.send(MEGABYTES_20, *how.pop("lines"), *expected, **how)
    assert (answer.status, answer.problem()["status"]) == (status, status)
    assert answer.is_last


def test_memory_stays_flat_under_bad_input(service: Service, sender: Sender) -> None:
    def all_of_it(times: int) -> None:
        for _ in range(times):
            for body, _ in BAD_BODIES.values():
                sender.send(body)
            sender.send(MEGABYTES_20)
            sender.send_chunked(MEGABYTES_20)

    all_of_it(2)
    before = memory(service)
    all_of_it(6)
    assert memory(service) - before < GROWTH_BYTES


def memory(service: Service) -> int:
    web = psutil.Process(service.processes["web"].pid)
    return sum(process.memory_info().rss for process in [web, *web.children(recursive=True)])
