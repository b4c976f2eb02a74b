"""The web process's entry point: whole requests for Django's WSGI handler, in a few threads.

An event loop waits for the clients. A thread gets a request when all of its body is there, and is
free again when its answer is made, so that a slow sender holds a connection and at most one body,
never a thread, and is refused when its time is over. Views, middleware and the database's
connections work as under any WSGI server: one request, one thread.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

from django.conf import settings
from django.db import connections
from django.http import FileResponse, HttpResponseBase

from core.wsgi import application as wsgi_application  # isort: skip  # what comes next needs it
from core import request_ids
from core.framing import Receive, Scope, Send, check_head, closing
from core.problems import Problem, SlowBody
from core.refusals import refuse

Headers = list[tuple[bytes, bytes]]

# From the end of the headers on: the largest body at 13 kB/s, a tracker's at 2.5 kB/s.
BODY_SECONDS = 20
# How long a stream's readers may keep it waiting: so long at once, and on the whole as long as it
# takes at this pace. One that takes less holds a thread that others want.
STALL_SECONDS = 30
STREAM_BYTES_PER_SECOND = 13_000

_handlers = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="web")
# What is read from the database while the client takes it is not to hold up the others.
_streams = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="stream")


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application: all of Django."""
    body = await read_whole(scope, receive, send)
    if body is not None:
        await answer(scope, body, receive, send)


async def read_whole(scope: Scope, receive: Receive, send: Send) -> bytes | None:
    """Return the body, or nothing of one that is chunked or too large, which is not waited for.

    None where the client has left, or was refused for a head that cannot be trusted or a slow body.
    """
    try:
        return await _read(scope, receive)
    except TimeoutError:
        await refuse(SlowBody(), scope, receive, send)
    except Problem as error:
        await refuse(error, scope, receive, send)
    except ConnectionError:
        pass
    return None


async def _read(scope: Scope, receive: Receive) -> bytes:
    length = check_head(scope)
    if length is None or length > settings.MAX_BODY_BYTES:
        return b""
    body = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        while len(body) < length:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError("the client left before all of its body had come")
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
    return bytes(body)


def _to_environ(scope: Scope) -> dict[str, Any]:
    """Return what WSGI has in its environ (PEP 3333), but for the body."""
    host, port = scope["server"]
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name:
            # It would pass for the header with a hyphen, and with it for what a proxy said.
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        # Browsers split cookies over several lines (RFC 9113, section 8.2.3).
        separator = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{separator}{text}" if key in environ else text
    return environ


async def answer(scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
    """Have Django answer a whole request, or one whose body it will refuse unread."""
    length = check_head(scope)
    if length is None or length > settings.MAX_BODY_BYTES:
        send = closing(receive, send)
    environ = {**_to_environ(scope), "wsgi.input": BytesIO(body)}
    loop = asyncio.get_running_loop()
    response, head = await loop.run_in_executor(_handlers, _handle, environ)
    await send(head)
    if isinstance(response, bytes):
        await send({"type": "http.response.body", "body": response})
    else:
        await _stream(response, receive, send)


def _handle(environ: dict[str, Any]) -> tuple[bytes | HttpResponseBase, dict[str, Any]]:
    """Return the whole answer, or one that is still to be streamed, and its head."""
    head: dict[str, Any] = {"type": "http.response.start"}

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[..., Any]:
        head["status"] = int(status[:3])
        head["headers"] = [(n.lower().encode(), v.encode("latin-1")) for n, v in headers]
        return BytesIO().write  # PEP 3333 demands it, Django never calls it.

    response = wsgi_application(environ, start)
    if response.streaming and not isinstance(response, FileResponse):
        return response, head
    try:
        return b"".join(response), head
    finally:
        response.close()


async def _stream(response: HttpResponseBase, receive: Receive, send: Send) -> None:
    loop = asyncio.get_running_loop()
    leaving = asyncio.create_task(_left(receive))
    patience = float(STALL_SECONDS)

    async def send_chunk(chunk: bytes) -> None:
        nonlocal patience
        if leaving.done():
            raise ConnectionError("the client left before it had all of the stream")
        message = {"type": "http.response.body", "body": chunk, "more_body": True}
        began = loop.time()
        await asyncio.wait_for(send(message), patience)
        patience += len(chunk) / STREAM_BYTES_PER_SECOND - (loop.time() - began)
        patience = min(patience, STALL_SECONDS)

    def put(chunk: bytes) -> None:
        asyncio.run_coroutine_threadsafe(send_chunk(chunk), loop).result()

    try:
        await loop.run_in_executor(_streams, _put_all, response, put)
    except (ConnectionError, TimeoutError):
        return
    finally:
        leaving.cancel()
    await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _put_all(response: HttpResponseBase, put: Callable[[bytes], None]) -> None:
    """Make a stream's chunks; all in one thread, for they may share a cursor."""
    # Another thread than the one that answered, so it has to be told whose work it logs.
    request_ids.current.set(response.headers.get(request_ids.HEADER, ""))
    try:
        for chunk in response:
            put(chunk)
    finally:
        response.close()
        connections.close_all()
