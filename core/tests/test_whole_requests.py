"""Web's bridge: what Django gets of a request, and when."""

import asyncio
import json
import time
from unittest.mock import patch

from django.http import StreamingHttpResponse
from django.test import SimpleTestCase

from core.metrics import REQUESTS
from core.web import bridge, clients, message_framing, request_ids, whole_body
from core.web.environ import to_environ

GET_TIME = {
    "type": "http",
    "method": "GET",
    "path": "/api/v1/time/",
    "query_string": b"",
    "http_version": "1.1",
    "scheme": "http",
    "server": ("127.0.0.1", 80),
    "client": ("127.0.0.1", 4711),
    "headers": [(b"host", b"127.0.0.1")],
}


BAD_LENGTHS = (
    *(b"-1", b"+1", b"1 1", b"1,1", b"1e3", b"1_0", b"0x1", b"1.0", b"\xd9\xa1", b""),
    *(b"9" * 19, b"0" * 4301),
)


async def call(scope, *messages, seconds=0):
    """Call the application; after the messages its client sends nothing more and does not leave.

    The client takes `seconds` for each message that it is sent.
    """
    waiting, sent = list(messages), []

    async def receive():
        if waiting:
            return waiting.pop(0)
        return await asyncio.Event().wait()

    async def send(message):
        await asyncio.sleep(seconds)
        sent.append(message)

    with patch.object(message_framing, "IDLE_SECONDS", 0.05):
        await bridge.application(scope, receive, send)
    return sent


def ask(scope, *messages):
    head, *bodies = asyncio.run(call(scope, *messages))
    body = b"".join(body.get("body", b"") for body in bodies)
    return head["status"], dict(head["headers"]), json.loads(body)


def post(length, *pieces):
    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    scope = {**GET_TIME, "method": "POST", "path": "/api/v1/browsers/"}
    scope["headers"] = [*headers, (b"content-length", str(length).encode())]
    return ask(
        scope,
        *({"type": "http.request", "body": piece, "more_body": True} for piece in pieces),
    )


def answered_by(pieces, **headers):
    """Let Django answer with this stream."""

    def answer(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/csv")])
        return StreamingHttpResponse(pieces, headers=headers)

    return patch.object(bridge, "wsgi_application", answer)


class WholeRequestTests(SimpleTestCase):
    def test_a_request_without_a_body_does_not_wait_for_one(self):
        status, headers, answer = ask(GET_TIME)
        self.assertEqual((status, list(answer)), (200, ["server_time"]))
        self.assertEqual(headers[b"content-type"], b"application/json")

    def test_django_gets_a_body_only_when_all_pieces_have_arrived(self):
        status, _, answer = post(10, b'{"in', b'y": ', b"1}")
        self.assertEqual((status, answer["code"]), (400, "invalid"))

    def test_a_late_body_is_refused_and_can_be_sent_again(self):
        counter = REQUESTS.labels("none", "POST", 408)
        before = counter._value.get()
        with patch.object(whole_body, "BODY_SECONDS", 0.05):
            status, headers, answer = post(10, b'{"in')
        self.assertEqual((status, answer["code"]), (408, "slow_body"))
        self.assertRegex(headers[b"x-request-id"], rb"^[0-9a-f]{32}$")
        self.assertEqual(counter._value.get() - before, 1)
        self.assertEqual(headers[b"connection"], b"close")

    def test_a_body_that_is_too_large_is_refused_without_waiting_for_it(self):
        status, headers, answer = post(20_000_000)
        self.assertEqual((status, answer["code"]), (413, "too_large"))
        self.assertEqual(headers[b"connection"], b"close")

    def test_the_rest_of_a_refused_body_is_read_up_to_a_bound(self):
        pieces = iter([{"body": b"a" * 40, "more_body": True}] * 10)

        async def receive():
            return next(pieces)

        async def send(message):
            pass

        last = message_framing.closing(receive, send)
        with patch.object(message_framing, "MOST_DROPPED_BYTES", 100):
            asyncio.run(last({"type": "http.response.body", "body": b"too large"}))
        self.assertEqual(len(list(pieces)), 7)

    def test_a_head_that_cannot_be_trusted_is_refused_and_counted(self):
        host, length = (b"host", b"127.0.0.1"), b"content-length"
        for name, headers in {
            "no host": [],
            "two hosts": [host, host],
            "two lengths": [host, (length, b"1"), (length, b"25")],
            **{value[:9]: [host, (length, value)] for value in BAD_LENGTHS},
        }.items():
            counter = REQUESTS.labels("none", "GET", 400)
            before = counter._value.get()
            with self.subTest(name):
                status, head, answer = ask({**GET_TIME, "headers": headers})
                self.assertEqual((status, answer["code"]), (400, "malformed"))
                self.assertEqual(head[b"connection"], b"close")
                self.assertEqual(counter._value.get() - before, 1)

    def test_headers_past_64_kib_are_refused(self):
        headers = [*GET_TIME["headers"], (b"x-large", b"a" * 65536)]
        status, _, answer = ask({**GET_TIME, "headers": headers})
        self.assertEqual((status, answer["code"]), (431, "large_headers"))

    def test_a_stream_is_sent_piece_by_piece_and_ended(self):
        empty = {"type": "http.request", "body": b"", "more_body": False}
        with answered_by([b"a,b\n", b"1,2\n"]):
            head, *pieces = asyncio.run(call(GET_TIME, empty))
        self.assertEqual(head["status"], 200)
        self.assertEqual([piece["body"] for piece in pieces], [b"a,b\n", b"1,2\n", b""])
        self.assertEqual([piece.get("more_body") for piece in pieces], [True, True, None])

    def test_a_stream_ends_when_its_reader_has_left(self):
        made = []

        def endless():
            while True:
                made.append(1)
                time.sleep(0.01)
                yield b"1,2\n"

        with answered_by(endless()):
            asyncio.run(call(GET_TIME, {"type": "http.disconnect"}))
        self.assertLess(len(made), 10)

    def test_a_reader_that_is_always_slow_is_cut_off_in_the_end(self):
        with (
            answered_by(b"1,2\n" for _ in range(100)),
            patch.object(clients, "STALL_SECONDS", 0.2),
            patch.object(clients, "BYTES_PER_SECOND", 100),
        ):
            sent = asyncio.run(call(GET_TIME, seconds=0.1))
        # Each piece takes 0.1 s and allows for 0.04 s more.
        self.assertIn(len(sent), range(3, 6))

    def test_a_reader_that_is_slow_now_and_then_gets_the_whole_stream(self):
        with (
            answered_by(b"1,2\n" * 5 for _ in range(10)),
            patch.object(clients, "STALL_SECONDS", 0.2),
            patch.object(clients, "BYTES_PER_SECOND", 100),
        ):
            sent = asyncio.run(call(GET_TIME, seconds=0.1))
        self.assertEqual(sent[-1], {"type": "http.response.body", "body": b""})

    def test_a_stream_logs_the_id_of_its_request(self):
        seen = []

        def pieces():
            seen.append(request_ids.current.get())
            yield b"a,b\n"

        with answered_by(pieces(), **{request_ids.HEADER: "export-01234567"}):
            asyncio.run(call(GET_TIME))
        self.assertEqual(seen, ["export-01234567"])

    def test_a_page_whose_address_ends_like_that_of_batches_has_all_headers_of_pages(self):
        secret = b"a" * 32
        headers = [(b"cookie", b"csrftoken=" + secret), (b"x-csrftoken", secret)]
        scope = {**GET_TIME, "method": "POST", "path": "/admin/nothing/events/"}
        head, _ = asyncio.run(call({**scope, "headers": GET_TIME["headers"] + headers}))
        self.assertEqual(head["status"], 302)
        self.assertIn(b"content-security-policy", dict(head["headers"]))

    def test_a_header_with_an_underscore_does_not_pass_for_the_one_with_a_hyphen(self):
        environ = to_environ({**GET_TIME, "headers": [(b"x_forwarded_for", b"1.2.3.4")]})
        self.assertNotIn("HTTP_X_FORWARDED_FOR", environ)

    def test_repeated_headers_are_joined_as_their_kind_requires(self):
        lines = [(b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"accept", b"x/y"), (b"accept", b"*/*")]
        environ = to_environ({**GET_TIME, "headers": lines})
        self.assertEqual(environ["HTTP_COOKIE"], "a=1; b=2")
        self.assertEqual(environ["HTTP_ACCEPT"], "x/y,*/*")
