"""The web process's entry point: whole requests for Django's WSGI handler, in a few threads.

An event loop waits for the clients. A thread gets a request once all of its body has arrived, and
is free again once its answer is made. So a slow sender holds a connection and at most one body, but
no thread, and is refused after a time limit. Costly reads and exports have threads of their own.
Views, middleware and database connections work as under any WSGI server: one request, one thread.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from io import BytesIO
from threading import Lock
from typing import Any, TypeVar

from django.conf import settings
from django.db import close_old_connections, connections
from django.http import FileResponse, HttpResponseBase

from core.wsgi import application as wsgi_application  # isort: skip  # what comes next needs it
from core.api.problems import Busy, Unavailable
from core.storage import deadlines
from core.web import request_ids
from core.web.clients import PIECE_BYTES, Client, Message
from core.web.costs import Cost, cost_of
from core.web.environ import to_environ
from core.web.message_framing import Receive, Scope, Send, closing
from core.web.pools import Pool
from core.web.refusals import refuse_read
from core.web.whole_body import Body, read_whole

T = TypeVar("T")
SINCE = "pointerscope.since"
Made = tuple[Message, bytes | HttpResponseBase]

_handlers = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="web")
# Work that takes seconds, or as long as its reader, delays nothing else (core/web/costs.py).
_costly = Pool("costly", settings.COSTLY_READS)
_streams = Pool("stream", settings.EXPORTS)
# Making a page is Python work, and only one thread runs Python at a time. Four busy threads would
# make the event loop, and so each batch, wait for all of them again and again.
_making = Lock()
# Nor may the loop wait Python's default of 5 ms for any of them: it needs a turn for each step of a
# batch.
sys.setswitchinterval(0.0005)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application: all of Django."""
    body = await read_whole(scope, receive, send)
    if body:
        await answer(scope, body, receive, send)


async def run_in_thread(work: Callable[..., T], *arguments: Any, since: float) -> T:
    """Return the result of work with Django's connections, in one of the threads for requests.

    Its waits for the database are limited as for a request that was complete at `since`
    (monotonic).
    """

    def run() -> T:
        deadlines.begin(since=since)
        close_old_connections()
        try:
            return work(*arguments)
        finally:
            close_old_connections()
            deadlines.end()

    run_in_context = copy_context().run
    return await asyncio.get_running_loop().run_in_executor(_handlers, run_in_context, run)


async def answer(scope: Scope, body: Body, receive: Receive, send: Send) -> None:
    """Have Django answer a whole request, in one of the threads for its cost.

    If Django will refuse its body unread, the answer ends the connection.
    """
    environ = {**to_environ(scope), "wsgi.input": BytesIO(body.content), SINCE: time.monotonic()}
    client = Client(receive, send if body.is_read else closing(receive, send))
    try:
        await _answer(environ, client)
    except Busy as error:
        await refuse_read(error, scope, send)
    except ConnectionError:
        pass  # The client has left.
    except asyncio.CancelledError:
        # The server is stopping and waits no longer; without this it would answer 500 in plain
        # text.
        if client.is_waiting:
            await refuse_read(Unavailable(), scope, send)
        raise
    finally:
        client.forget()


async def _answer(environ: dict[str, Any], client: Client) -> None:
    cost = cost_of(environ)
    if cost is Cost.STREAMED:
        made = await _streams.run(_handle_and_stream, environ, client, left=client.left)
    elif cost is Cost.COSTLY:
        made = await _costly.run(_handle, environ, left=client.left)
    else:
        made = await asyncio.get_running_loop().run_in_executor(_handlers, _handle, environ)
    if made:
        await _send(*made, client)


def _handle(environ: dict[str, Any]) -> Made:
    """Return an answer's head, and its whole content or the response that is to be streamed."""
    head: Message = {"type": "http.response.start"}

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[..., Any]:
        head["status"] = int(status[:3])
        head["headers"] = [(n.lower().encode(), v.encode("latin-1")) for n, v in headers]
        return BytesIO().write  # PEP 3333 requires it; Django never calls it.

    deadlines.begin(since=environ[SINCE])
    try:
        response = wsgi_application(environ, start)
    finally:
        deadlines.end()
    if environ["REQUEST_METHOD"] == "HEAD":
        # All of the content, even an export, would be made and not sent.
        response.close()
        return head, b""
    if response.streaming and not _is_small_file(response):
        return head, response
    try:
        return head, b"".join(response)
    finally:
        response.close()


def _is_small_file(response: HttpResponseBase) -> bool:
    if not isinstance(response, FileResponse):
        return False
    response.block_size = PIECE_BYTES
    return int(response.headers.get("Content-Length", 0)) <= PIECE_BYTES


def _handle_and_stream(environ: dict[str, Any], client: Client) -> Made | None:
    """Answer an export in one thread, from its first page to its last.

    Returns an answer that is not a stream after all: a problem, or JSON.
    """
    with _making:
        head, content = _handle(environ)
    if isinstance(content, bytes):
        return head, content
    _stream(head, content, client)
    return None


def _stream(head: Message, response: HttpResponseBase, client: Client) -> None:
    """Make a stream's chunks, all in one thread because they may share a cursor."""
    # For this thread's log lines, if another thread made the answer.
    request_ids.current.set(response.headers.get(request_ids.HEADER, ""))
    try:
        client.put_from_thread(head)
        for chunk in _make_in_turn(response):
            client.put_from_thread({"type": "http.response.body", "body": chunk, "more_body": True})
        client.put_from_thread({"type": "http.response.body", "body": b""})
    finally:
        response.close()
        # These threads are rarely used, so their connections are not kept.
        connections.close_all()


def _make_in_turn(response: HttpResponseBase) -> Iterator[bytes]:
    chunks = iter(response)
    while True:
        with _making:
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


async def _send(head: Message, content: bytes | HttpResponseBase, client: Client) -> None:
    if isinstance(content, bytes):
        await client.take(head, content)
        return
    try:
        if isinstance(content, FileResponse):
            await client.take_pieces(head, content)
        else:
            await _streams.run(_stream, head, content, client, left=client.left)
    finally:
        content.close()
