"""HTTP as web speaks it: uvicorn's, but that headers have a deadline and a measure."""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# From the first byte of a request, or from the opening of a connection, to the end of its headers.
HEAD_SECONDS = 10
MOST_HEAD_BYTES = 64 * 1024
# Who takes nothing of an answer for so long is cut off. The threads that make streams have given up
# by then (core/asgi.py); here what was sent already, and the connection, are let go.
STALL_SECONDS = 40


class Protocol(HttpToolsProtocol):
    """A connection that is cut off where a request's headers come too slowly, or without end."""

    _deadline: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None
    _in_head = False
    _head_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_the_clock()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        was_in_head = self._in_head
        super().data_received(data)
        if was_in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse("LargeHeaders")
        # Empty lines, or the rest of a body that was answered before it was there: uvicorn's own
        # clock for idle connections has stopped, and ours does not run.
        if not (self._deadline or self.timeout_keep_alive_task or self._is_answering()):
            self._await_head()

    def send_400_response(self, msg: str) -> None:
        self._refuse("UnreadableRequest")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        if not self._deadline:
            self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        # What comes after a chunked body is no header, though uvicorn takes it for one.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_the_clock()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stall:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        # Who has not even read the last answer would keep a connection that is only closed.
        self.transport.abort()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, name: str) -> None:
        if self.transport.is_closing() or self._is_answering():
            # It would pass for the answer to the request before.
            self.transport.close()
            return
        # They need Django's settings, which the application has loaded by now.
        from core import problems, refusals

        error = getattr(problems, name)()
        headers, body = refusals.refuse(error, method="", asked_id="")
        status = HTTPStatus(error.status_code)
        lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
        lines += [b"%b: %b" % header for header in headers]
        self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._cut_off)

    def _cut_off(self) -> None:
        if self._is_answering():
            # Of a request that has come too early, while the one before is answered.
            self._await_head()
        else:
            self.transport.abort()

    def _stop_the_clock(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None
