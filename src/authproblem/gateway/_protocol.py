"""uvicorn's HTTP protocol with what a gateway needs below ASGI: a bound on headers, problem documents, no delay.

With httptools uvicorn collects header fields without a bound, and the app would see them only when they are complete.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from authproblem.gateway import _responses as responses

MAX_HEAD = 262_144
"""Bytes of a request line and its header fields that are read at most; `max_header` is the limit that callers notice.

nginx reads 33 KB by default (`large_client_header_buffers 4 8k`), Apache httpd 800 KB (`LimitRequestFields` lines).
"""
_Base: Any = AutoHTTPProtocol  # h11's or httptools' class, which uvicorn chooses at run time


class HeadAndBody:
    """A transport that sends the head of a response together with what follows in the same turn of the event loop.

    uvicorn writes the two one after the other, and uvloop makes a system call of each. A head that nothing follows, as
    of an event stream, is sent at the end of the turn.
    """

    __slots__ = (
        "_flush_later",
        "_head",
        "_loop",
        "_transport",
        "get_extra_info",
        "is_closing",
        "pause_reading",
        "resume_reading",
    )

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Wrap the transport of one connection."""
        self._transport, self._loop = transport, loop
        self._head: bytes | None = None
        self._flush_later: asyncio.Handle | None = None
        self.get_extra_info, self.is_closing = transport.get_extra_info, transport.is_closing
        self.pause_reading, self.resume_reading = transport.pause_reading, transport.resume_reading

    def write(self, data: bytes) -> None:
        """Send data; a head not before the turn ends."""
        if self._head is not None:
            self._flush(data)
        elif data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n"):
            self._head = data
            self._flush_later = self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def _flush(self, data: bytes = b"") -> None:
        """Send the head that was kept, and what follows it."""
        head, later = self._head, self._flush_later
        if head is not None and later is not None:
            self._head = self._flush_later = None
            later.cancel()
            self._transport.writelines([head, data] if data else [head])

    def close(self) -> None:
        """Send what was kept, and close the connection."""
        self._flush()
        self._transport.close()


class GatewayProtocol(_Base):  # type: ignore[misc]
    """What uvicorn would use by itself, with the above."""

    _head_bytes = 0
    _reading_head = False

    def connection_made(self, transport: Any) -> None:
        """Turn Nagle's algorithm off.

        asyncio does so on sockets that it opens. On those that uvicorn opens for several workers each response would
        wait about 40 ms for the client's delayed acknowledgement (measured with uvicorn 0.54).
        """
        connected = transport.get_extra_info("socket")
        if connected is not None and connected.family in {socket.AF_INET, socket.AF_INET6}:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(HeadAndBody(transport, self.loop))

    def data_received(self, data: bytes) -> None:
        """Count the bytes of a head that has not ended yet."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._reading_head and self._head_bytes > MAX_HEAD:
            self._refuse(431, responses.TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin to count; called by httptools only."""
        self._head_bytes, self._reading_head = 0, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting; called by httptools only."""
        self._reading_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Send a problem document for invalid HTTP, too."""
        self._refuse(400, msg)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: anyone can ask for an upgrade, and the advice to install a WebSocket library does not apply."""

    def _refuse(self, status: int, detail: str) -> None:
        _, headers, body = responses.refusal(status, detail)
        lines = [b"%s: %s" % pair for pair in [*headers, (b"connection", b"close")]]
        head = b"HTTP/1.1 %d %s" % (status, responses.phrase(status).encode())
        self.transport.write(b"\r\n".join([head, *lines, b"", body]))
        self.transport.close()
