"""Posting of batches to web's ASGI application, by the same path as in production."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from django.db import connections
from django.http import HttpResponse
from django.test import TransactionTestCase

from analytics.ingest import shell
from analytics.ingest.group_commit import GroupCommit
from analytics.tests.pointers import NOW, NOW_US, new_browser
from core.tests.limits import forget_all_calls
from core.web import bridge
from dashboard.instances.tokens import make_token
from dashboard.models import Browser


def path_of(browser: Browser) -> str:
    return f"/api/v1/browsers/{browser.instance_id}/events/"


def bearer(browser: Browser) -> bytes:
    token = make_token(instance_id=browser.instance_id, version=browser.token_version)
    return f"Bearer {token}".encode()


def scope_of(browser: Browser, *headers: tuple[bytes, bytes], **changes) -> dict:
    """Return the scope of a tracker's batch, with further headers, or with changed members."""
    return {
        "type": "http",
        "method": "POST",
        "path": path_of(browser),
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 4711),
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"authorization", bearer(browser)),
            (b"content-type", b"application/json"),
            *headers,
        ],
        **changes,
    }


def body_of(first: int = 0, count: int = 2, **more) -> bytes:
    base_ms = NOW_US // 1000 - 600_000
    events = [{"time": base_ms + 8 * n, "x": n, "y": n} for n in range(first, first + count)]
    return json.dumps({"events": events, **more}).encode()


async def call(scope: dict, body: bytes, application=shell.application) -> tuple:
    """Return the answer's status, its headers, and its body as JSON."""
    sent = []
    length = (b"content-length", str(len(body)).encode())

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await application({**scope, "headers": [*scope["headers"], length]}, receive, send)
    head, *content = sent
    text = b"".join(message.get("body", b"") for message in content)
    return head["status"], dict(head["headers"]), json.loads(text) if text else None


def ask(scope: dict, body: bytes, application=shell.application) -> tuple:
    """Return the answer's status, and its body as JSON."""
    status, _, answer = asyncio.run(call(scope, body, application))
    return status, answer


class PostingTestCase(TransactionTestCase):
    """Has an instance, a fixed clock, and groups that end with the test."""

    def setUp(self):
        forget_all_calls()
        self.browser = new_browser()
        self.groups, handlers = GroupCommit(), ThreadPoolExecutor(1)
        for patched in (
            patch("django.utils.timezone.now", return_value=NOW),
            patch.object(shell, "_groups", self.groups),
            patch.object(bridge, "_handlers", handlers),
        ):
            patched.start()
            self.addCleanup(patched.stop)
        # No session may outlive the test, because the database will be dropped.
        self.addCleanup(lambda: handlers.submit(connections.close_all).result(5))
        self.addCleanup(self.groups.database.close)

    def post(
        self,
        body,
        *,
        path: str = "",
        token: str | None = None,
        content_type: str = "application/json",
        client: tuple[str, int] = ("127.0.0.1", 4711),
        **headers: str,
    ) -> HttpResponse:
        """Send a batch with the instance's token, another one, or none if it is empty."""
        authorization = bearer(self.browser) if token is None else f"Bearer {token}".encode()
        lines = [
            (b"host", b"testserver"),
            (b"content-type", content_type.encode()),
            *([] if token == "" else [(b"authorization", authorization)]),
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ]
        scope = scope_of(
            self.browser, path=path or path_of(self.browser), headers=lines, client=client
        )
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, answered, content = asyncio.run(call(scope, data))
        named = {name.decode(): value.decode() for name, value in answered.items()}
        response = HttpResponse(json.dumps(content), status=status, headers=named)
        response.json = lambda: content
        return response
