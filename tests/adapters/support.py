"""Both adapters by one call, and what a client may be given: the oracles of the adapter tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.adapters.asgi_host import Connection, answering
from tests.adapters.samples import PROBLEM
from tests.adapters.wsgi_host import Gateway, eager
from tests.support.asgi_server import drive, http_scope
from tests.support.responses import Pairs, Response
from tests.support.wire import header_faults, schema_faults
from tests.support.wsgi_server import http_environ

ADAPTERS = ("asgi", "wsgi")


def through(
    adapter: str,
    response: Response,
    chunks: Sequence[bytes] | None = None,
    *,
    path: str = "/oauth/token",
    method: str = "POST",
    headers: Pairs | None = None,
    root: str = "",
    layers: int = 1,
    **options: Any,
) -> Response:
    """Send an app's response through an adapter and give what the client gets.

    Args:
        adapter: `asgi` or `wsgi`.
        response: what the app sends.
        chunks: how its body is cut.
        path: the request's path below `root`.
        method: the request's method.
        headers: the request's headers.
        root: where the app is mounted.
        layers: how often the middleware is there.
        **options: the middleware's.
    """
    if adapter == "asgi":
        app: Any = answering(response, chunks)
        for _ in range(layers):
            app = AsgiMiddleware(app, **options)
        connection = Connection()
        drive(app(http_scope(root + path, method, headers, root=root), connection.receive, connection.send))
        return connection.answer()
    app = eager(response, None if chunks is None else list(chunks))
    for _ in range(layers):
        app = WsgiMiddleware(app, **options)
    return Gateway().serve(app, http_environ(path, method, headers, root=root)).answer()


_OLD_BODY = (
    "content-encoding",
    "transfer-encoding",
    "etag",
    "last-modified",
    "content-md5",
    "digest",
    "content-digest",
    "repr-digest",
    "accept-ranges",
    "content-range",
    "trailer",
    "expires",
    "pragma",
    "auth-problem-upstream",
)


def assert_problem(response: Response, *, media_type: str = PROBLEM, method: str = "POST") -> dict[str, Any]:
    """The one definition of a valid problem response; gives its document (`{}` for HEAD)."""
    assert 400 <= response.status <= 599
    assert response.lines("content-type") == [media_type]
    assert response.lines("cache-control") == ["no-store"]
    assert response.lines("content-language") == ["en"]
    assert [name for name in _OLD_BODY if response.lines(name)] == []
    assert len(response.lines("auth-problem")) == 1
    if method == "HEAD":
        assert (response.body, response.lines("content-length")) == (b"", [])
        return {}
    assert response.lines("content-length") == [str(len(response.body))]
    document = strict(response.body)
    assert schema_faults(document) == []
    assert header_faults(response, document) == []
    assert document["status"] == response.status
    waits = response.lines("retry-after")
    assert len(waits) <= 1
    assert all(wait.isascii() and wait.isdigit() for wait in waits) or document["retry"]["source"] == "retry-after"
    return document


def strict(content: bytes) -> dict[str, Any]:
    """A JSON object by the letter of RFC 8259: UTF-8, no BOM, no NaN, no lone surrogate."""

    def refuse(name: str) -> Any:
        raise AssertionError(f"{name} is no JSON")

    document = json.loads(content.decode("utf-8"), parse_constant=refuse)
    json.dumps(document, ensure_ascii=False).encode("utf-8")
    assert type(document) is dict
    return document


def is_problem(response: Response) -> bool:
    """Whether a response has been rewritten."""
    return bool(response.lines("auth-problem"))


def assert_untouched(response: Response, sent: Response) -> None:
    """The client has what the app sent, byte for byte."""
    assert (response.status, response.headers) == (sent.status, sent.headers)
    assert response.body == sent.body, "the body was changed"


def assert_sound(response: Response, sent: Response) -> dict[str, Any] | None:
    """Byte-identical, or a full valid problem: never a mixture. Gives the problem's document if it is one."""
    if is_problem(response) and not is_problem(sent):
        return assert_problem(response)
    assert_untouched(response, sent)
    return None
