"""A fake on a real socket: the standard library's threading server, so that no server has to be installed."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

from authproblem.testing._http import Request

if TYPE_CHECKING:
    from authproblem.testing._transports import Transports


class Server(ThreadingHTTPServer):
    """A server whose responses come from a fake.

    Attributes:
        fake: the fake.
        scheme: `http` or `https`.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, fake: Transports, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        """Listen; requests wait until `serve_forever` runs.

        Raises:
            OSError: if the address is in use, or not one of this machine.
        """
        super().__init__((host, port), _Handler)
        self.fake = fake
        self.scheme = "http" if context is None else "https"
        if context is not None:
            # Handshakes belong on the threads of the connections, not on the one that accepts.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def url(self) -> str:
        """The base URL."""
        host, port = self.server_address[:2]
        return f"{self.scheme}://{host!s}:{port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: a client that disconnects is nothing unusual in a test."""


class _Handler(BaseHTTPRequestHandler):
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride] # made by this server alone
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _respond(self) -> None:
        path, _, query = self.path.partition("?")
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        body = self._body()
        host = self.headers.get("Host") or "{}:{}".format(*self.server.server_address[:2])
        origin = f"{self.server.scheme}://{host}"
        request = Request(self.command, unquote(path) or "/", query, headers, body, origin, self.client_address[0])
        with self.server.fake.exchange(request) as response:
            time.sleep(response.delay)
            self.send_response_only(response.status)
            for name, value in response.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _respond  # noqa: N815 - http.server's names

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            """Trailers are read and left alone."""
        return body

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Print nothing."""


@contextmanager
def serving(fake: Transports, host: str, port: int, context: ssl.SSLContext | None) -> Iterator[str]:
    """Serve on a socket until the block is left.

    Yields:
        The base URL.
    """
    with Server(fake, host, port, context) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join(10)
