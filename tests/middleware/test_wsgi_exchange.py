"""One WSGI response: buffered until it is decided, then replaced or passed on (PEP 3333)."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem._middleware.interception import Interceptor
from authproblem._middleware.options import make_options
from authproblem._middleware.wsgi_exchange import Exchange, body_of, request_of

INTERCEPTOR = Interceptor(make_options({"provider": "auth0", "max_body": 100}))
JSON_TYPE = [("Content-Type", "application/json")]
ERROR = b'{"error":"invalid_grant"}'


class Server:
    """A server's `start_response`, which keeps what it is called with."""

    def __init__(self) -> None:
        self.starts: list[tuple[str, Any]] = []
        self.written: list[bytes] = []

    def start_response(self, status: str, _headers: Any, exc_info: Any = None) -> Any:
        """Keep the status and whether there was an exception."""
        self.starts.append((status, exc_info))
        return self.written.append


def begin(server: Server, status: str = "403 Forbidden") -> Exchange:
    """Begin a JSON response."""
    exchange = Exchange(INTERCEPTOR, {"REQUEST_METHOD": "POST", "PATH_INFO": "/"}, server.start_response)
    exchange.start(status, JSON_TYPE, None)
    return exchange


def test_an_error_is_buffered_and_replaced() -> None:
    """The server's `start_response` is called when the body is known; the reason phrase stays with the status."""
    server = Server()
    exchange = begin(server, "403 Nope")
    assert (exchange.buffering, exchange.feed(ERROR), server.starts) == (True, (), [])

    body = exchange.finish()

    assert b'"reason":"' in body
    assert server.starts == [("403 Nope", None)]


def test_a_body_that_grows_too_large_passes() -> None:
    """With what was buffered before it."""
    server = Server()
    exchange = begin(server)

    assert exchange.feed(b"a" * 60) == ()
    assert exchange.feed(b"b" * 60) == (b"a" * 60, b"b" * 60)
    assert server.starts == [("403 Forbidden", None)]


def test_an_app_may_start_again_with_an_exception() -> None:
    """As long as nothing was sent; without `exc_info` that is an error of the app."""
    server = Server()
    exchange = begin(server)
    with pytest.raises(AssertionError, match="without exc_info"):
        exchange.start("500 Oops", [], None)
    info = (ValueError, ValueError(), None)
    exchange.start("500 Oops", [("Content-Type", "image/png")], info)

    assert [("500 Oops", info)] == server.starts


def test_what_is_written_is_buffered_like_the_iterable() -> None:
    """The legacy `write`: its bytes come first."""
    server = Server()
    exchange = begin(server)
    exchange.write(ERROR[:9])
    exchange.feed(ERROR[9:])

    assert b'"reason":"' in exchange.finish()
    assert server.written == []


def test_the_apps_iterable_is_closed_once() -> None:
    """Also where the server stops early (PEP 3333)."""
    closed: list[str] = []

    class Body(list[bytes]):
        def close(self) -> None:
            closed.append("closed")

    exchange = begin(Server())
    body: Any = body_of(Body([ERROR]), lambda: exchange)
    assert b'"reason":"' in b"".join(body)
    body.close()
    body.close()

    assert closed == ["closed"]


def test_the_path_is_decoded_as_utf_8() -> None:
    """WSGI passes bytes as latin-1."""
    request = request_of({"PATH_INFO": "/gr\u00c3\u00bcn", "REQUEST_METHOD": "GET", "HTTP_ACCEPT": "*/*"})

    assert (request.path, request.method, request.accept, request.binary) == ("/gr\u00fcn", "GET", "*/*", False)
