"""Every call on an instance, with the instance erased before each of the call's statements."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponseBase
from django.test import Client, TransactionTestCase
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from analytics.models import DirtyRange, PointerMark, PointerPositionEvent, PointerScene
from analytics.tests.interleaving import Session, kept_session
from analytics.tests.pointers import NOW, drain_shard_of, new_browser, sample, send
from core.api.problems import NoSuchInstance
from dashboard.instances.erasing import LOCK_BROWSER, erase
from dashboard.instances.tokens import make_token
from dashboard.instances.visits import KEY
from dashboard.models import Browser, CoarseStatus, PageVisit, PointerStatus
from dashboard.streaming.stream import read_snapshot

API = "/api/v1/browsers/"
ADMIN = "/admin/dashboard/browser/"
STORED = (
    *(PointerPositionEvent, PointerScene, PointerMark, PageVisit),
    *(PointerStatus, CoarseStatus, DirtyRange),
)
Call = Callable[[Client, Browser], HttpResponseBase]


def write_token(browser: Browser) -> str:
    return make_token(instance_id=browser.instance_id, version=browser.token_version)


def api(method: str, path: str = "", body: Any = None, **query: str) -> Call:
    def call(client: Client, browser: Browser) -> HttpResponseBase:
        return client.generic(
            method,
            f"{API}{browser.instance_id}/{path}",
            "" if body is None else body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {write_token(browser)}"},
            query_params=query,
        )

    return call


def log_on_again(client: Client, browser: Browser) -> HttpResponseBase:
    body = {"instance_id": str(browser.instance_id), "write_token": write_token(browser)}
    return client.post(API, body, content_type="application/json")


def log_on_the_page(client: Client, browser: Browser) -> HttpResponseBase:
    session = client.session
    session[KEY] = [browser.instance_id.hex, browser.token_version]
    session.save()
    return client.post("/log-on/")


def snapshot(client: Client, browser: Browser) -> HttpResponseBase | None:
    try:
        read_snapshot(instance_id=browser.instance_id, now=timezone.now())
    except NoSuchInstance:
        return None
    return None


# The admin redirects from a missing instance to its index.
def get(path: str) -> Call:
    return lambda client, browser: client.get(path.format(browser), follow=True)


def post(path: str, **form: str) -> Call:
    return lambda client, browser: client.post(path.format(browser), form, follow=True)


def act(action: str) -> Call:
    return lambda client, browser: client.post(
        ADMIN, {"action": action, "_selected_action": [browser.pk], "post": "yes"}, follow=True
    )


TIME_MS = timezone.now().timestamp() * 1000
BATCH = json.dumps({"events": [{"time": TIME_MS, "x": 1, "y": 2}]})
SCENE = {
    "time": TIME_MS,
    "seq": 0,
    "viewport": [1, 1],
    "document": [1, 1],
    "scroll": [0, 0],
    "pixel_ratio": 1,
    "pointer": "pen",
    "page": "/",
}
MARK = {"time": TIME_MS, "name": "start"}
SCENES = json.dumps({"events": [], "scenes": [SCENE], "marks": [MARK]})
EVENT = "2026-11-23T11:50:00.100000Z,0"
# The calls of the API by route and method; a test checks that none is missing.
ROUTES: dict[tuple[str, str], list[Call]] = {
    ("browser-detail", "get"): [api("GET")],
    ("browser-detail", "patch"): [
        api("PATCH", body='{"is_active": true}'),
        api("PATCH", body='{"is_active": false}'),
        api("PATCH", body='{"label": "kiosk"}'),
    ],
    ("browser-detail", "delete"): [api("DELETE")],
    ("browser-log-off", "post"): [api("POST", "log-off/", "{}")],
    ("status-list", "get"): [api("GET", "statuses/", format=kind) for kind in ("json", "csv")],
    ("event-list", "get"): [api("GET", "events/", format=kind) for kind in ("json", "csv")],
    ("event-list", "post"): [api("POST", "events/", body) for body in (BATCH, SCENES)],
    ("event-detail", "get"): [api("GET", f"events/{EVENT}/")],
    ("scene-list", "get"): [api("GET", "scenes/", format=kind) for kind in ("json", "csv")],
    ("mark-list", "get"): [api("GET", "marks/", format=kind) for kind in ("json", "csv")],
    ("measure-list", "get"): [api("GET", "measures/")],
    ("share-list", "post"): [api("POST", "shares/", '{"days": 1}')],
    ("share-detail", "delete"): [api("DELETE", f"shares/{UUID(int=1)}/")],
}
OTHERS: dict[str, Call] = {
    "log on again": log_on_again,
    "log on the page": log_on_the_page,
    "a stream's snapshot": snapshot,
    "the page": get("/browsers/{0.instance_id}/"),
    "the list's rows": get("/browsers/rows/"),
    "the list": get(API),
    "the admin's page": get(ADMIN + "{0.pk}/change/"),
    "the admin's history": get(ADMIN + "{0.pk}/history/"),
    "the admin's question": get(ADMIN + "{0.pk}/delete/"),
    "the admin's deletion": post(ADMIN + "{0.pk}/delete/", post="yes"),
    "the admin's deletion of several": act("delete_selected"),
    "the admin's revocation": act("make_tokens_void"),
    "the admin's statuses": get("/admin/dashboard/browserstatuses/{0.pk}/change/"),
    "the admin's events": get("/admin/analytics/browserevents/{0.pk}/change/"),
}


def calls() -> Iterator[tuple[str, Call]]:
    for (route, method), variants in ROUTES.items():
        for number, call in enumerate(variants):
            yield f"{method} {route} {number}", call
    yield from OTHERS.items()


def routes_of_instances(resolver: URLResolver) -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from routes_of_instances(pattern)
        elif "instance_id" in pattern.pattern.converters:
            yield from methods_of(pattern)


def methods_of(pattern: URLPattern) -> Iterator[tuple[str, str]]:
    actions = getattr(pattern.callback, "actions", None) or {}
    return ((str(pattern.name), method) for method in actions if method != "head")


class CallTests(TransactionTestCase):
    def setUp(self) -> None:
        self.client.force_login(User.objects.create_superuser("ann"))
        self.caller, self.eraser = kept_session(), kept_session()
        self.addCleanup(self.caller.close)
        self.addCleanup(self.eraser.close)

    def new_browser(self, *, is_active: bool) -> Browser:
        browser = new_browser()
        if not is_active:
            Browser.objects.filter(pk=browser.pk).update(is_active=False, logged_off_at=NOW)
        send(browser, [sample(0.1, 0), sample(1.2, 5)])
        # Higher rungs are in the table of the second.
        for rung in settings.RUNGS_MS[:2]:
            drain_shard_of(browser, rung=rung)
        send(browser, [sample(0.3, 7)])
        return browser

    def answered(self, call: Call, browser: Browser) -> Callable[[], None]:
        """Return the work that makes a call and reads its whole answer."""
        client = self.logged_in()

        def work() -> None:
            response = call(client, browser)
            if response is not None:
                self.assertIn(response.status_code, (200, 201, 202, 204, 404))
                b"".join(response)

        return work

    def logged_in(self) -> Client:
        """Return a client with its own copy of the session; a login is a dozen statements."""
        logged_in = self.client.session
        session = type(logged_in)()
        session.update(dict(logged_in.items()))
        session.save()
        client = Client(raise_request_exception=False)
        client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        return client

    def assert_gone(self, browser: Browser) -> None:
        for model in STORED:
            self.assertFalse(model.objects.filter(browser_id=browser.pk).exists(), model)
        self.assertFalse(Browser.objects.filter(pk=browser.pk).exists())

    def erase(self, browser: Browser) -> Callable[[], None]:
        return partial(erase, instance_id=browser.instance_id, token=None)

    def test_every_route_of_an_instance_is_tried(self) -> None:
        self.assertEqual(set(routes_of_instances(get_resolver())), set(ROUTES))

    def test_an_erasure_before_any_statement_of_a_call_causes_no_error(self) -> None:
        for name, call in calls():
            for is_active in (True, False):
                for number in range(1, 100):
                    with self.subTest(name, is_active=is_active, before=number):
                        if not self.erase_before(number, call, is_active=is_active):
                            break

    def erase_before(self, number: int, call: Call, *, is_active: bool) -> bool:
        """Erase before the call's n-th statement; return whether it has one."""
        browser = self.new_browser(is_active=is_active)
        calling = Session(self.answered(call, browser), at=number, on=self.caller).until_held()
        if not calling.is_holding:
            calling.finish()
            return False
        erasing = Session(self.erase(browser), on=self.eraser)
        erasing.until_ended_or_waiting()
        calling.finish()
        with self.subTest("the erasure"), suppress(NoSuchInstance):
            erasing.finish()
        self.assert_gone(browser)
        return True

    def test_a_call_that_meets_an_erasure_under_way_waits_for_it(self) -> None:
        for name, call in calls():
            for is_active in (True, False):
                with self.subTest(name, is_active=is_active):
                    browser = self.new_browser(is_active=is_active)
                    erasing = Session(self.erase(browser), after=LOCK_BROWSER, on=self.eraser)
                    erasing.until_held()
                    calling = Session(self.answered(call, browser), on=self.caller)
                    calling.until_ended_or_waiting()
                    erasing.finish()
                    calling.finish()
                    self.assert_gone(browser)
