"""A strict ASGI server without sockets or event loop: `serve` runs an app once and checks every rule of the protocol.

The rules are those of the ASGI specification 3.0, HTTP: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any
from urllib.parse import unquote

from tests.support.responses import Pairs, Response

BODILESS = frozenset((204, 304))


def drive(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never really waits, without an event loop: thousands a second."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise AssertionError("the coroutine waits for something; run it in an event loop")


def http_scope(
    path: str = "/", method: str = "GET", headers: Pairs | None = None, query: str = "", root: str = "", **more: Any
) -> dict[str, Any]:
    """A scope as a server makes it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": root,
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers or []],
        "client": ("192.0.2.7", 52410),
        "server": ("testserver", 80),
        **more,
    }


class AsgiServer:
    """One connection: gives `receive` and `send`, keeps what was sent, and fails at the first message out of order."""

    def __init__(self, method: str = "GET") -> None:
        self.messages: list[dict[str, Any]] = []
        self.complete = False
        self._method = method
        self._start: dict[str, Any] | None = None
        self._requested = False
        self._body = b""

    async def receive(self) -> dict[str, Any]:
        """The request's body once, then the end of the connection."""
        if self._requested:
            return {"type": "http.disconnect"}
        self._requested = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Any) -> None:
        """Take one message."""
        assert isinstance(message["type"], str)
        self.messages.append(dict(message))
        if message["type"] == "http.response.start":
            self._begin(message)
        elif message["type"] == "http.response.body":
            self._continue(message)

    def _begin(self, message: Any) -> None:
        assert self._start is None, "two http.response.start"
        assert type(message["status"]) is int
        assert not (message.get("trailers") and self._method == "HEAD")
        for name, value in message.get("headers", ()):
            assert type(name) is bytes
            assert type(value) is bytes
            assert name == name.lower(), f"{name!r} is not in lower case"
            assert not set(value) & set(b"\r\n\0"), f"{name!r} holds a line break: {value!r}"
        self._start = dict(message)

    def _continue(self, message: Any) -> None:
        assert self._start is not None, "a body without http.response.start"
        assert not self.complete, "a body after the last one"
        assert type(message.get("body", b"")) is bytes
        assert type(message.get("more_body", False)) is bool
        self._body += message.get("body", b"")
        self.complete = not message.get("more_body", False)

    def response(self) -> Response:
        """The whole response, checked."""
        assert self._start is not None, "no http.response.start"
        assert self.complete, "the response has no end"
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._start.get("headers", ())]
        response = Response(self._start["status"], headers, self._body)
        check_framing(response, self._method)
        return response


def check_framing(response: Response, method: str) -> None:
    """`Content-Length` is there at most once, and is the length of the body (RFC 9110 section 8.6)."""
    length = response.header("content-length")
    if length is None:
        return
    assert length.isdigit()
    if method != "HEAD" and response.status not in BODILESS:
        assert int(length) == len(response.body), f"Content-Length {length}, but {len(response.body)} bytes"


def serve(app: Any, path: str = "/", method: str = "GET", headers: Pairs | None = None, **scope: Any) -> Response:
    """Send one request to an ASGI app and give its whole response."""
    server = AsgiServer(method)
    drive(app(http_scope(path, method, headers, **scope), server.receive, server.send))
    return server.response()
