"""The event loop and Django's view give a batch the same answer and store the same rows."""

import asyncio
import json
import logging
import re
from contextlib import ExitStack
from unittest.mock import patch
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.test import SimpleTestCase, override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from analytics.api.views import EventViewSet
from analytics.ingest import shell
from analytics.models import DirtyRange, PointerMark, PointerPositionEvent, PointerScene
from analytics.tests.pointers import NOW, NOW_US, new_browser
from analytics.tests.posting import PostingTestCase, call, path_of, scope_of
from core import wsgi
from core.tests.limits import forget_all_calls
from core.web import bridge, middleware
from dashboard.access.api_keys import make_api_key
from dashboard.instances.tokens import make_ticket, make_token
from dashboard.models import Browser, Page, PageVisit

# Headers that only the view's answers have: for pages, or for a caller that asks for methods.
VIEWS_OWN = {
    b"allow",
    b"content-security-policy",
    b"permissions-policy",
    b"x-frame-options",
}
EPOCH_MS = NOW_US // 1000
GOOD = {"time": EPOCH_MS, "x": 1.5, "y": -2}
KEY = ("browser_id", "time", "seq")
STORED = {
    PointerPositionEvent: (*KEY, "x", "y", "enter"),
    PointerScene: (*KEY, "scroll_y", "pointer", "page__name"),
    PointerMark: (*KEY, "name", "data"),
    PageVisit: ("browser_id", "page__site", "page__name", "first_at", "last_at"),
}
TOKENS = (
    *("own", "another's", "revoked", "erased", "forged", "a ticket", "an API key", "empty"),
    "none",
)


def times(*names):
    """Return values of which the first is as likely as all others together."""
    return st.one_of(st.just(names[0]), st.sampled_from(names))


def spelled(text):
    """Return a text in varying case."""
    return st.sampled_from([text, text.lower(), text.upper(), text.title()])


EVENTS = st.one_of(
    st.lists(
        st.fixed_dictionaries(
            {"time": st.integers(EPOCH_MS - 5, EPOCH_MS), "x": st.integers(-9, 9), "y": st.just(2)},
            optional={"seq": st.integers(0, 3), "enter": st.booleans()},
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(
        [
            [],
            {},
            [{}],
            [GOOD, {**GOOD, "x": "wide"}],
            [{**GOOD, "time": 1}, {**GOOD, "time": EPOCH_MS + 10**6}],
            [{**GOOD, "x": 1e7}],
            [{**GOOD, "seq": -1}],
            [{**GOOD, "more": 1}],
            [GOOD] * 1001,
        ]
    ),
)
SCENE = {
    "time": EPOCH_MS,
    "seq": 0,
    "viewport": [1280, 720],
    "document": [1280, 5200],
    "scroll": [0, 640.5],
    "pixel_ratio": 2,
    "pointer": "mouse",
}
MARK = {"time": EPOCH_MS, "name": "start"}
TIMES = {"time": st.integers(EPOCH_MS - 5, EPOCH_MS), "seq": st.integers(0, 3)}
OTHERS = {
    "scenes": st.one_of(
        st.lists(
            st.fixed_dictionaries(
                {**{name: st.just(value) for name, value in SCENE.items()}, **TIMES},
                optional={"page": st.sampled_from(["/a", "/b/", "/123456", ":id", "a\\b"])},
            ),
            max_size=4,
        ),
        st.sampled_from(
            [
                *({}, [{}], None, [SCENE] * 101, [{**SCENE, "time": 1}], [{**SCENE, "page": ""}]),
                *([{**SCENE, "page": "\0"}], [{**SCENE, "pointer": "paw"}]),
                *([{**SCENE, "viewport": [1]}], [{**SCENE, "more": 1}]),
            ]
        ),
    ),
    "marks": st.one_of(
        st.lists(
            st.fixed_dictionaries(
                {**TIMES, "name": st.sampled_from(["start", "end", "\u00e9"])},
                optional={"data": st.sampled_from([{}, {"a": [1, {"b": None}]}, {"a": "\\u0000"}])},
            ),
            max_size=4,
        ),
        st.sampled_from(
            [
                *({}, [{}], None, [MARK] * 101, [{**MARK, "time": 1}], [{**MARK, "name": ""}]),
                *([{**MARK, "data": {"a": "\0"}}], [{**MARK, "data": {"a": "b" * 1020}}]),
                *([{**MARK, "data": []}], [{**MARK, "seq": 0.5}]),
            ]
        ),
    ),
}
RAW = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [
            b"",
            b"null",
            b"[" * 5000,
            b'{"events":[{"time":1,"x":NaN,"y":0}]}',
            b'{"events":[],"events":[]}',
            b"\xff\xfe",
            b" " * (settings.MAX_BODY_BYTES + 1),
        ]
    ),
)
HEADERS = st.lists(
    st.one_of(
        st.tuples(
            st.just("accept"),
            st.sampled_from(
                [
                    *("*/*", "application/json", "APPLICATION/JSON;q=0.1", "text/html", ""),
                    *("a/b,*/*", "application/*", "text/csv", "application/json; indent=4", "/"),
                    "x; q*=no''%41",
                ]
            ),
        ),
        st.tuples(st.just("content-encoding"), st.sampled_from(["identity", "Identity", "gzip"])),
        st.tuples(st.just("transfer-encoding"), st.sampled_from(["chunked", "gzip", "identity"])),
        st.tuples(
            st.just("cookie"), st.sampled_from(["sessionid=abc", 'sessionid="abc\\000d"', "\xff"])
        ),
        st.tuples(st.just("x-forwarded-proto"), st.sampled_from(["https", "http", "https, http"])),
        st.tuples(st.just("x-forwarded-for"), st.sampled_from(["203.0.113.5:1", "x", "\xff"])),
        st.tuples(
            st.just("x-request-id"), st.sampled_from(["abcdefgh-1234", "short", "a b c d e f g h"])
        ),
        st.tuples(st.just("host"), st.sampled_from(["127.0.0.1", "elsewhere.example", "[", ""])),
        st.tuples(st.just("content-length"), st.sampled_from(["1", "-1", "9" * 20, "x"])),
        st.tuples(st.just("origin"), st.just("https://shop.example")),
        st.tuples(st.just("authorization"), st.sampled_from(["Basic eA==", "Bearer", "", "\xff"])),
        st.tuples(st.just("content-type"), st.just("text/html")),
        st.tuples(st.just("x_forwarded_for"), st.just("203.0.113.9")),
    ),
    max_size=2,
)
CONTENT_TYPES = times(
    *("application/json", "text/plain;charset=UTF-8", "application/JSON; charset=Utf8"),
    *("application/json; charset=utf-16", "text/html", "*/*", "", "application/json;"),
    *("application/json; charset*=no''%41", "multipart/form-data; boundary=x", None),
)
REQUESTS = st.fixed_dictionaries(
    {
        "scheme": times("http", "https"),
        "http_version": times("1.1", "1.0"),
        "host": times("127.0.0.1", "LOCALHOST:80", "elsewhere.example", None),
        "content_type": CONTENT_TYPES,
        "token": times(*TOKENS),
        "bearer": st.one_of(
            st.just("Bearer "), spelled("Bearer").map("{} ".format), times("Token ")
        ),
        "token_in_body": times("none", *TOKENS),
        "body": st.one_of(EVENTS, EVENTS, RAW),
        "others": st.one_of(st.just({}), st.fixed_dictionaries({}, optional=OTHERS)),
        "more": HEADERS,
        "query": times(
            "", "format=json", "format=csv", "format=", "format=json&format=x", "%00=%ff"
        ),
        "path": times("own", "OWN", "another's"),
        "sent_before": st.booleans(),
        "over_the_limit": st.sampled_from([False, False, False, True]),
    }
)


class OneIngestTests(PostingTestCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        logging.disable()
        self.addCleanup(logging.disable, logging.NOTSET)
        middleware._run.cache_clear()
        self.addCleanup(middleware._run.cache_clear)
        handler = patch.object(wsgi, "handler", wsgi.Handler())
        handler.start()
        self.addCleanup(handler.stop)
        self.other, revoked = new_browser(), new_browser()
        self.tokens = {
            "own": make_token(instance_id=self.browser.instance_id, version=1),
            "another's": make_token(instance_id=self.other.instance_id, version=1),
            "revoked": make_token(instance_id=revoked.instance_id, version=1),
            "erased": make_token(instance_id=uuid4(), version=1),
            "forged": make_token(instance_id=self.browser.instance_id, version=1)[:-1],
            "a ticket": make_ticket(instance_id=self.browser.instance_id),
            "an API key": make_api_key(
                user=User.objects.create_superuser("root"), name="all", days=366, now=NOW
            ).text,
            "empty": "",
        }
        Browser.objects.filter(pk=revoked.pk).update(token_version=2)
        self.paths = {
            "own": path_of(self.browser),
            "OWN": path_of(self.browser).upper().replace("/API/V1/BROWSERS/", "/api/v1/browsers/"),
            "another's": path_of(self.other),
        }
        # Tokens that would only be refused for another's path.
        self.paths |= {"revoked": path_of(revoked)}

    def test_both_give_the_same_answer_and_store_the_same(self):
        @hypothesis_settings(max_examples=300, deadline=None, derandomize=True)
        @given(asked=REQUESTS)
        def compare(asked):
            scope, body = self.request(**asked)
            self.assertEqual(
                self.outcome(shell.application, scope, body, asked),
                self.outcome(bridge.application, scope, body, asked),
            )

        compare()

    def request(
        self, *, token, bearer, token_in_body, body, others, more, path, content_type, host, **asked
    ):
        if not isinstance(body, bytes):
            own = {} if token_in_body == "none" else {"token": self.tokens[token_in_body]}
            body = json.dumps({"events": body, **others, **own}).encode()
        headers = [("host", host), ("content-type", content_type)]
        if token != "none":
            headers.append(("authorization", bearer + self.tokens[token]))
        # As uvicorn passes them: names in lower case.
        lines = [(n.encode(), v.encode("latin-1")) for n, v in headers + more if v is not None]
        scope = scope_of(self.browser, path=self.paths[path], headers=lines)
        scope["query_string"] = asked["query"].encode()
        return {**scope, "http_version": asked["http_version"], "scheme": asked["scheme"]}, body

    def outcome(self, application, scope, body, asked):
        for model in (PointerPositionEvent, PointerScene, PointerMark, PageVisit, Page):
            model.objects.all().delete()
        DirtyRange.objects.all().delete()
        forget_all_calls()
        if asked["sent_before"]:
            # The first copy arrives by the event loop; nothing may depend on that.
            asyncio.run(call(scope, body, shell.application))
        with ExitStack() as limits:
            if asked["over_the_limit"]:
                limits.enter_context(override_settings(BATCHES_PER_MINUTE=1))
                whole = scope_of(self.browser)
                asyncio.run(call(whole, json.dumps({"events": [GOOD]}).encode()))
            status, headers, answer = asyncio.run(call(scope, body, application))
        marks = DirtyRange.objects.order_by("id").values_list(
            "browser_id", "since", "until", "rung"
        )
        stored = [
            list(model.objects.order_by(*columns).values_list(*columns))
            for model, columns in STORED.items()
        ]
        return status, plain(headers, scope), answer, stored, list(marks)


@override_settings(
    HTTPS=True,
    SECURE_SSL_REDIRECT=True,
    SECURE_HSTS_SECONDS=3600,
    TRUSTED_PROXIES=1,
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
)
class OneIngestBehindTlsTests(OneIngestTests):
    """The same if a proxy ends TLS."""


def plain(headers, scope):
    """Return the headers that must be equal, and the form of those with random parts."""
    kept = {name: value for name, value in headers.items() if name not in VIEWS_OWN}
    request_id = kept.pop(b"x-request-id")
    if re.fullmatch(rb"[0-9a-f]{32}", request_id):
        request_id = b"made"
    wait = kept.pop(b"retry-after", None)
    return {**kept, b"x-request-id": request_id, b"waits": wait is not None}


class ForeignTokenTests(OneIngestTests):
    """A token in a header takes precedence over one in the body, however its scheme is spelled."""

    test_both_give_the_same_answer_and_store_the_same = None

    def test_it_is_refused_in_the_header_even_if_the_body_has_the_right_token(self):
        body = json.dumps({"events": [GOOD], "token": self.tokens["own"]}).encode()
        foreign = self.tokens["another's"].encode()
        for scheme in ("Bearer", "bearer", "BEARER"):
            lines = [
                (b"host", b"127.0.0.1"),
                (b"content-type", b"application/json"),
                (b"authorization", scheme.encode() + b" " + foreign),
            ]
            scope = scope_of(self.browser, headers=lines)
            for way in (shell.application, bridge.application):
                with self.subTest(scheme=scheme, way=way.__module__):
                    status, _, answer = asyncio.run(call(scope, body, way))
                    self.assertEqual((status, answer["code"]), (403, "foreign_instance"))
        self.assertFalse(PointerPositionEvent.objects.exists())


class ReadersTests(OneIngestTests):
    """What only reads is refused in either place, as any text that is no write token."""

    test_both_give_the_same_answer_and_store_the_same = None

    def test_an_api_key_of_a_superuser_sends_nothing(self):
        key = self.tokens["an API key"]
        in_header = [(b"authorization", b"Bearer " + key.encode())]
        for lines, own in ((in_header, {}), ([], {"token": key})):
            body = json.dumps({"events": [GOOD], **own}).encode()
            headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), *lines]
            scope = scope_of(self.browser, headers=headers)
            for way in (shell.application, bridge.application):
                with self.subTest(own=own, way=way.__module__):
                    status, _, answer = asyncio.run(call(scope, body, way))
                    self.assertEqual((status, answer["code"]), (401, "authentication_failed"))
        self.assertFalse(PointerPositionEvent.objects.exists())


class NothingIsMissedTests(SimpleTestCase):
    """Additions around the view must be added to the shell, or be declared irrelevant."""

    def test_each_middleware_has_an_entry_for_batches(self):
        self.assertEqual(
            settings.MIDDLEWARE,
            list(middleware.HOW),
            "Batches pass settings.MIDDLEWARE by. Say in HOW of core/web/middleware.py, in the same"
            " order, what a new one does for a batch, and see that the shell does it.",
        )

    def test_each_class_around_the_view_has_an_entry_for_batches(self):
        view = EventViewSet(request=None, action_map={"post": "create"}, action="create")
        around = [*view.get_authenticators(), *view.get_permissions(), *view.get_throttles()]
        self.assertEqual(
            sorted(f"{type(each).__module__}.{type(each).__name__}" for each in around),
            sorted(shell.AROUND),
            "Batches pass the view's authentication, permissions and throttles by. Say in AROUND of"
            " analytics/ingest/shell.py what a new one does for a batch; answer_batch must do it.",
        )
