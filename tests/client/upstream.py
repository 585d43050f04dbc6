"""A provider on the loopback: real HTTP/1.1, every byte as a test wants it, every request kept as it came."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.support.responses import Pairs, Response

BODILESS = frozenset((204, 304))
Speak = Callable[[Any], None]
"""Writes a response itself, to a file; then the connection is closed."""


class Seen(NamedTuple):
    """A request as it came."""

    method: str
    target: str
    headers: Pairs
    body: bytes

    def lines(self, name: str) -> list[str]:
        """The values of all lines of a header, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The value of a header that must not stand twice."""
        lines = self.lines(name)
        assert len(lines) <= 1, f"{name} stands {len(lines)} times: {lines}"
        return lines[0] if lines else None


Answer = Callable[[Seen], "Response | Speak"]


class Upstream:
    """A running provider: `url`, and the requests so far."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seen: list[Seen] = []
        self.arrived = threading.Semaphore(0)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.server.block_on_close = False

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        """Its origin."""
        return f"http://127.0.0.1:{self.port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet for a response
            disable_nagle_algorithm = True

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._serve
                raise AttributeError(name)

            def _serve(self) -> None:
                seen = Seen(self.command, self.path, list(self.headers.items()), _body(self))
                upstream.seen.append(seen)
                upstream.arrived.release()
                answer = upstream.answer(seen)
                with contextlib.suppress(ConnectionError):
                    if isinstance(answer, Response):
                        self.wfile.write(wire(answer, seen.method))
                    else:
                        self.close_connection = True
                        answer(self.wfile)
                    self.wfile.flush()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
                """Nothing is printed."""

        return Handler


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    """The request's body, whichever way it is framed."""
    if "chunked" not in (handler.headers.get("transfer-encoding") or ""):
        return handler.rfile.read(int(handler.headers.get("content-length") or 0))
    body = b""
    while size := int(handler.rfile.readline().strip(), 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return body


def wire(response: Response, method: str) -> bytes:
    """An HTTP/1.1 response with its headers as given; only `Content-Length` is added where nothing frames it."""
    names = {name.lower() for name, _ in response.headers}
    headers = list(response.headers)
    if response.status not in BODILESS and not names & {"content-length", "transfer-encoding"}:
        headers.append(("Content-Length", str(len(response.body))))
    lines = [f"HTTP/1.1 {response.status} Status", *(f"{name}: {value}" for name, value in headers), "", ""]
    bodiless = method == "HEAD" or response.status in BODILESS
    return "\r\n".join(lines).encode("latin-1") + (b"" if bodiless else response.body)


def running(answer: Answer | Response) -> contextlib.AbstractContextManager[Upstream]:
    """Run a provider as long as the block runs; a `Response` is sent for every request."""
    return serving(Upstream((lambda _: answer) if isinstance(answer, Response) else answer))


@contextlib.contextmanager
def serving(upstream: Upstream) -> Iterator[Upstream]:
    """Run a provider that has been made."""
    thread = threading.Thread(target=upstream.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield upstream
    finally:
        upstream.server.shutdown()
        upstream.server.server_close()
        thread.join(10)
