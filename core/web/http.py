"""uvicorn's HTTP for web and live, hardened so that no caller can confuse where requests begin.

`uvicorn --http core.web.http:Protocol`. llhttp, which parses in C, stops at a request that offers
an Upgrade and takes its body for the next request. Here the offer is declined: the request is read
by its length like any other, and is the last on its connection.
"""

from http import HTTPStatus

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Of a head, of trailers, or of anything else outside a body. A single packet may exceed it.
MOST_HEAD_BYTES = 64 * 1024
# A client that takes nothing of an answer for this long is cut off. The threads that make streams
# have given up by then (core/web/bridge.py); this frees the sent bytes and the connection.
STALL_SECONDS = 40
# Data after a refused request is dropped for this long: closing a connection with unread bytes
# resets it, and the reset overtakes the answer.
LINGER_SECONDS = 2


class Protocol(HttpToolsProtocol):
    """A connection on which each request gets one answer, in order."""

    _is_over = False
    _head_bytes = 0
    _stall = None

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._is_over:
            return
        self._head_bytes += len(data)
        try:
            self._feed(data)
        except (HttpParserError, HttpParserUpgrade):
            self._refuse("UnreadableRequest")
        else:
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse("LargeHeaders")

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as stop:
            self.parser = HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            # CONNECT stops the parser again, and is refused.
            self.parser.feed_data(self._head_without_upgrade() + data[stop.args[0] :])

    def _should_upgrade(self) -> bool:
        # Called just before the parser stops: nothing may begin for a request that is read again.
        return True

    def _head_without_upgrade(self) -> bytes:
        scope = self.scope
        start = (
            f"{scope['method']} ".encode() + self.url + f" HTTP/{scope['http_version']}".encode()
        )
        kept = [line for line in scope["headers"] if line[0] not in (b"connection", b"upgrade")]
        lines = [b"%b: %b" % line for line in [*kept, (b"connection", b"close")]]
        return b"\r\n".join([start, *lines, b"", b""])

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        super().on_headers_complete()
        # Trailers of a chunked body are not headers, though uvicorn takes them for some.
        self.headers = []

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stall:
            self._stall.cancel()
        super().resume_writing()

    def _refuse(self, name: str) -> None:
        """Answer invalid HTTP, unless the answer could be taken for that of an earlier request."""
        self._is_over = True
        if self.cycle and not self.cycle.response_complete:
            # Another answer would pass for that of the earlier request, which is the last one now.
            self.cycle.keep_alive = False
            return
        # Imported here: they need Django's settings, which the application has loaded by now.
        from core.api import problems
        from core.web import refusals

        error = getattr(problems, name)()
        headers, body = refusals.to_refusal(error)
        status = HTTPStatus(error.status_code)
        lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
        lines += [b"%b: %b" % header for header in headers]
        self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)
