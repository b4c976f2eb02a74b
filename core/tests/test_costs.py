"""The cost of a request decides its threads: cheap calls never wait for costly ones."""

from datetime import timedelta
from itertools import product
from unittest import mock
from urllib.parse import urlencode

from django.test import RequestFactory, SimpleTestCase
from django.utils import timezone
from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request

from core.api.rendering import JSON_OR_FILE, Negotiation
from core.web.costs import Cost, cost_of
from core.web.environ import to_environ

INSTANCE = "/api/v1/browsers/11111111-1111-4111-8111-111111111111/"
ACCEPTS = (
    "",
    "*/*",
    "application/json",
    "application/*",
    "text/csv",
    "text/*",
    "TEXT/CSV; charset=utf-8",
    "text/html, application/xhtml+xml, */*;q=0.8",
    "application/json;q=0.1, text/csv",
    "*/*;q=0.1, application/x-ndjson",
    "application/vnd.apache.parquet",
    "application/vnd.apache.parquet;q=1, application/json",
    "image/png",
)
FORMATS = (None, "", "json", "csv", "ndjson", "parquet", "xml", "CSV")


def cost(path, accept="", method="GET", **query):
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": urlencode(query),
        "HTTP_ACCEPT": accept,
    }
    return cost_of(environ)


def ago(**span):
    return (timezone.now() - timedelta(**span)).isoformat()


def negotiated(query, accept):
    """Return the format that content negotiation chooses; None if it refuses."""
    headers = {"Accept": accept} if accept else {}
    request = Request(RequestFactory().get("/?" + urlencode(query), headers=headers))
    try:
        renderer, _ = Negotiation().select_renderer(request, list(JSON_OR_FILE))
    except NotAcceptable:
        return None
    return renderer.format


class CostTests(SimpleTestCase):
    def test_a_call_that_takes_seconds_is_costly(self):
        for path in (
            f"{INSTANCE}measures/",
            f"{INSTANCE}events/",
            f"{INSTANCE}scenes/",
            f"{INSTANCE}marks/",
            "/api/v1/statuses/",
            "/browsers/rows/",
        ):
            self.assertIs(cost(path), Cost.COSTLY, path)
            self.assertIs(cost(path, method="HEAD"), Cost.COSTLY, path)

    def test_a_call_by_the_operators_name_costs_the_same(self):
        scope = {
            "method": "GET",
            "query_string": b"",
            "scheme": "http",
            "http_version": "1.1",
            "server": ("127.0.0.1", 80),
            "client": None,
            "headers": [],
            "path": f"{INSTANCE}measures/".replace("/api/v1/", "/p/v1/"),
        }
        self.assertIs(cost_of(to_environ(scope)), Cost.CHEAP)
        with mock.patch("core.web.aliases._API_NAME", "/p/v1/"):
            self.assertIs(cost_of(to_environ(scope)), Cost.COSTLY)

    def test_a_call_that_takes_milliseconds_is_cheap(self):
        key = "2026-11-23T12:00:00.000125Z,17"
        for path in (
            "/",
            "/healthz",
            "/metrics",
            "/login/",
            "/static/analytics/tracker.js",
            "/api/v1/time/",
            "/api/v1/schema/",
            "/api/v1/nothing/",
            "/nothing/\xff",
            INSTANCE,
            f"{INSTANCE}events/{key}/",
        ):
            self.assertIs(cost(path), Cost.CHEAP, path)
        self.assertIs(cost(f"{INSTANCE}events/", method="POST"), Cost.CHEAP)

    def test_a_short_series_is_cheap(self):
        path = f"{INSTANCE}statuses/"
        for query in (
            {},
            {"since": ago(minutes=5)},
            {"since": ago(minutes=120), "until": ago(minutes=115)},
            {"until": ago(days=9)},
            {"since": timezone.now().timestamp() * 1000 - 60_000},
            {"since": "nonsense"},
            {"since": "-1e300"},
        ):
            self.assertIs(cost(path, **query), Cost.CHEAP, query)
        for query in ({"since": ago(minutes=11)}, {"since": ago(days=20), "until": ago(days=1)}):
            self.assertIs(cost(path, **query), Cost.COSTLY, query)

    def test_a_query_that_django_refuses_is_cheap(self):
        query = "&".join(f"a{n}=1" for n in range(2000))
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"{INSTANCE}events/"}
        self.assertIs(cost_of({**environ, "QUERY_STRING": query}), Cost.CHEAP)

    def test_every_negotiated_file_is_streamed(self):
        chosen = set()
        for accept, form in product(ACCEPTS, FORMATS):
            query = {} if form is None else {"format": form}
            is_file = negotiated(query, accept) in ("csv", "ndjson", "parquet")
            for path in (f"{INSTANCE}events/", f"{INSTANCE}statuses/"):
                found = cost(path, accept, **query)
                chosen.add((is_file, found))
                if is_file:
                    self.assertIs(found, Cost.STREAMED, (path, accept, form))
        self.assertIn((True, Cost.STREAMED), chosen)
        self.assertIn((False, Cost.COSTLY), chosen)
        self.assertIn((False, Cost.CHEAP), chosen)
