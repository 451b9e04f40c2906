"""HTTP that is fast and not patient: slow or endless heads, and bodies nobody waits for, end their connection.

The parser is llhttp, which is strict about what smuggles requests past a proxy: a length beside chunks, two lengths,
white space before a colon, bare line feeds. It has no limits of its own, and takes requests for no host, for two, and
of HTTP/0.9; those are refused here.

References
----------
RFC 9112 (2022), HTTP/1.1, sections 3.2, 5.1, 6.3 and 11.2.
"""

import asyncio
import socket
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

__all__ = ["HEAD_BYTES", "HEAD_S", "ImpatientProtocol"]

HEAD_S: Final = 10.0
HEAD_BYTES: Final = 64 << 10
_MOST_PIPELINED: Final = 64
_ASKING: Final = frozenset({b"connection", b"upgrade", b"http2-settings"})
_FIELD_BYTES: Final = 4
"""What a field has beside name and value."""


class _RefusedError(Exception):
    """Something is larger than it may be, or is asked for what there is not."""


class ImpatientProtocol(HttpToolsProtocol):
    """HTTP whose request heads must be there within `head_s` of the connection, or of their first byte.

    For ``uvicorn.Config(http=ImpatientProtocol)``. Between requests uvicorn's own time for idle connections runs; the
    bodies are the application's. A body that goes on when its request has been answered has `head_s` to end.
    """

    head_s: float = HEAD_S
    head_bytes: int = HEAD_BYTES

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's
        """Begin to wait for the first request."""
        self._is_in_message = self._is_in_head = self._is_fresh = self._is_again = self._is_too_large = False
        self._n_head = self._n_fields = 0
        self._timer: asyncio.TimerHandle | None = None
        super().connection_made(transport)
        listening = transport.get_extra_info("socket")
        if listening is not None and listening.family in (socket.AF_INET, socket.AF_INET6):
            # asyncio does so by itself only for sockets that it has opened: head and body of an answer are two writes.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes; wait on when they do not end a head."""
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._is_fresh = False
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.logger.warning("a request that is none")
            self.send_400_response("Invalid HTTP request.")
            return
        if self._is_in_head and not self._is_fresh:
            self._n_head += len(data)
        if self._is_in_head and self._n_head > self.head_bytes:
            self._is_too_large = True
            self.send_400_response("Request head too large.")
        elif self._is_served() and not self._is_in_head:
            self._stop_waiting()
        elif self._timer is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._is_in_message = self._is_in_head = self._is_fresh = True
        self._n_head = self._n_fields = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count and keep a part of the target."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count and keep a field; one that comes behind a body is no part of the head and is dropped."""
        self._count(len(name) + len(value) + _FIELD_BYTES)
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request."""
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise _RefusedError
            self._is_again = True
            return
        self._is_in_head = False
        self._n_head = self._n_fields = 0
        if len(self.pipeline) >= _MOST_PIPELINED or not self._names_one_host():
            raise _RefusedError
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is there to its end."""
        if self._is_again:
            return
        self._is_in_message = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request is answered; what is left of its body must not take for ever."""
        super().on_response_complete()
        if self._timer is None and self._is_in_message and not self._is_served():
            self._wait()

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong where nothing else is being said, and hang up."""
        cycle = self.cycle
        is_answering = cycle is not None and not cycle.response_complete and (cycle.response_started or self.pipeline)
        if not is_answering and not self.transport.is_closing():
            status = 431 if self._is_too_large else 400
            head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
            body = msg.encode("ascii")
            length = b"content-length: %d\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[status] + head + length + body)
        self.transport.close()

    def _feed(self, data: bytes) -> None:
        """Parse; a request that asks for another protocol again, without asking: its body would be lost.

        Clients that would rather speak HTTP/2 ask so with every first request (RFC 7540, section 3.2).
        """
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as asked:
                data = self._head_without_asking() + data[asked.args[0] :]
                self._is_again = False
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            else:
                return

    def _head_without_asking(self) -> bytes:
        version = self.parser.get_http_version().encode("ascii")
        kept = [(name, value) for name, value in self.headers if name not in _ASKING]
        is_last = any(b"close" in value.lower() for name, value in self.headers if name == b"connection")
        kept += [(b"connection", b"close")] if is_last else []
        first = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, version)
        return first + b"".join(b"%s: %s\r\n" % field for field in kept) + b"\r\n"

    def _names_one_host(self) -> bool:
        """Whether it is said once whom the request is for; of HTTP/1.0 it need not be, and before it there is none."""
        n, version = sum(name == b"host" for name, _ in self.headers), self.parser.get_http_version()
        return n == 1 if version == "1.1" else n <= 1 and version == "1.0"

    def _count(self, n: int) -> None:
        self._n_fields += n
        if self._n_fields > self.head_bytes:
            self._is_too_large = True
            raise _RefusedError

    def _is_served(self) -> bool:
        """Whether an application has a request that it has not answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if not self.transport.is_closing():
            self._timer = self.loop.call_later(self.head_s, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self._is_served():
            self.transport.close()
