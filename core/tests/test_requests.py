"""Unusual requests, for any call."""

import io
import json

from django.test import SimpleTestCase

from core.tests.problems import assert_problem
from core.wsgi import application


def request(method, path, query="", body=b"", **environ):
    """Call the WSGI application as the server does; return the status and the JSON."""
    heard = {}
    answer = application(
        {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            **environ,
        },
        lambda status, headers: heard.update(status=status),
    )
    return int(heard["status"].split()[0]), json.loads(b"".join(answer))


class OddRequestTests(SimpleTestCase):
    def test_a_format_that_a_call_does_not_have_is_not_acceptable(self):
        for form in ("csv", "html", "\0", ""):
            answer = self.client.get("/api/v1/time/", {"format": form})
            assert_problem(self, answer, 406, "not_acceptable")

    def test_the_charset_of_a_body_does_not_change_how_the_query_is_read(self):
        for charset in ("utf-16", "zlib", "nonsense"):
            kind = f"application/json; charset={charset}"
            status, problem = request("GET", "/api/v1/time/", "format=csv", CONTENT_TYPE=kind)
            self.assertEqual((status, problem["code"]), (406, "not_acceptable"))

    def test_a_body_of_unknown_length_is_refused_instead_of_ignored(self):
        status, problem = request(
            "POST",
            "/api/v1/browsers/",
            body=b"{}",
            CONTENT_TYPE="application/json",
            HTTP_TRANSFER_ENCODING="chunked",
        )
        self.assertEqual((status, problem["code"]), (411, "length_required"))

    def test_a_body_that_declares_too_great_a_length_is_refused_unread(self):
        status, problem = request(
            "POST",
            "/api/v1/browsers/",
            CONTENT_TYPE="application/json",
            CONTENT_LENGTH="262145",
        )
        self.assertEqual((status, problem["code"]), (413, "too_large"))
